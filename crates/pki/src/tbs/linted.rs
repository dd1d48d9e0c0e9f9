//! The bytes to be signed, before and after the lints.

use gm::{Digest, PublicKey, Signature, UserId};

use crate::certificate::Certificate;
use crate::error::Error;
use crate::lint::{self, Context, Report};
use crate::spki::AlgorithmIdentifier;
use crate::strict::{self, Limits, Reader, Tag, Writer};

/// A TBSCertificate that no lint has seen. It cannot be signed.
#[derive(Debug, Clone)]
pub struct Planned {
    tbs: Vec<u8>,
    profile_hash: Digest,
    role: lint::Role,
}

/// A TBSCertificate that keeps every rule: the only thing that may be signed.
/// Made only by [`Planned::lint`] and [`Linted::reopen`].
#[derive(Debug, Clone)]
pub struct Linted {
    tbs: Vec<u8>,
    profile_hash: Digest,
    algorithm: AlgorithmIdentifier,
    report: Report,
}

impl Planned {
    pub(super) const fn new(tbs: Vec<u8>, profile_hash: Digest, role: lint::Role) -> Self {
        Self { tbs, profile_hash, role }
    }

    /// The bytes to be signed.
    #[must_use]
    pub fn tbs_der(&self) -> &[u8] {
        &self.tbs
    }

    /// Hash of the profile they were made by.
    #[must_use]
    pub const fn profile_hash(&self) -> Digest {
        self.profile_hash
    }

    /// The role they are linted under.
    #[must_use]
    pub const fn lint_role(&self) -> lint::Role {
        self.role
    }

    /// Holds the bytes against every rule. The role is the profile's, whatever
    /// the context says.
    ///
    /// # Errors
    /// The report, when it forbids signing.
    pub fn lint(self, context: &Context<'_>) -> Result<Linted, Report> {
        let context = Context { role: self.role, ..*context };
        Linted::examine(self.tbs, self.profile_hash, &context)
    }
}

impl Linted {
    /// Takes up stored bytes after a crash: they are linted again.
    ///
    /// # Errors
    /// The report, when it forbids signing.
    pub fn reopen(
        tbs_der: &[u8],
        profile_hash: Digest,
        context: &Context<'_>,
    ) -> Result<Self, Report> {
        Self::examine(tbs_der.to_vec(), profile_hash, context)
    }

    fn examine(tbs: Vec<u8>, profile_hash: Digest, context: &Context<'_>) -> Result<Self, Report> {
        let report = lint::run_tbs(&tbs, context);
        let gate = strict::check(&tbs, &Limits::CERTIFICATE);
        match algorithm_of(&tbs) {
            Ok(algorithm) if report.passed() && gate.is_ok() => {
                Ok(Self { tbs, profile_hash, algorithm, report })
            }
            _ => Err(report),
        }
    }

    /// The bytes to be signed.
    #[must_use]
    pub fn tbs_der(&self) -> &[u8] {
        &self.tbs
    }

    /// Hash of the profile they were made by.
    #[must_use]
    pub const fn profile_hash(&self) -> Digest {
        self.profile_hash
    }

    /// What the lints found; nothing that forbids signing.
    #[must_use]
    pub const fn report(&self) -> &Report {
        &self.report
    }

    /// What the device signs: e = SM3(Z ‖ TBS).
    #[must_use]
    pub fn digest(&self, issuer_key: &PublicKey, id: &UserId) -> Digest {
        gm::sm2::digest(issuer_key, id, &self.tbs)
    }

    /// Puts the signature on, reads the certificate as any stranger would, and
    /// verifies the signature over the very bytes that were linted.
    ///
    /// # Errors
    /// [`Error::Signature`] when the signature is not the issuer's.
    pub fn finish(
        &self,
        signature: &Signature,
        issuer_key: &PublicKey,
        id: &UserId,
    ) -> Result<Certificate, Error> {
        let der = Writer::build(|w| {
            w.sequence(|w| {
                w.raw(&self.tbs);
                self.algorithm.write(w);
                w.bit_string(&signature.to_der());
            });
        });
        let certificate = Certificate::from_der(&der)?;
        certificate.verify_signature(issuer_key, id)?;
        if certificate.tbs_der() == self.tbs {
            Ok(certificate)
        } else {
            Err(Error::Internal("证书与待签内容不一致"))
        }
    }
}

/// The signature algorithm named inside.
fn algorithm_of(tbs: &[u8]) -> Result<AlgorithmIdentifier, Error> {
    let mut content = Reader::sequence_of(tbs)?;
    content.optional(Tag::context_constructed(0))?;
    content.integer()?;
    AlgorithmIdentifier::read(&mut content)
}
