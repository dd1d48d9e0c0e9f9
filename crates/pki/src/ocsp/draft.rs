//! Making the answer: `BasicOCSPResponse` (RFC 6960 §4.2).

use gm::{Digest, PublicKey, Signature, UserId, sm2};
use jiff::Timestamp;

use super::{CertId, Defect, Nonce};
use crate::crl::{Reason, extension};
use crate::spki::AlgorithmIdentifier;
use crate::strict::{Tag, Writer};
use crate::{Error, Name, oid};

/// What an answer says of one certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertStatus {
    /// Issued, not revoked and not suspended.
    Good,
    /// Revoked, or suspended with [`Reason::CertificateHold`].
    Revoked {
        /// When.
        at: Timestamp,
        /// Why; unspecified is left out.
        reason: Reason,
    },
    /// Not issued by this issuer, or the issuer is not ours (incident T-07).
    Unknown,
}

/// The answer for one certificate.
#[derive(Debug, Clone, Copy)]
pub struct Single<'a> {
    /// The CertID as it was asked.
    pub certificate: &'a CertId,
    /// Its status.
    pub status: CertStatus,
    /// The moment for which the status is known to be right.
    pub this_update: Timestamp,
    /// When newer information will be there at the latest.
    pub next_update: Timestamp,
    /// Status is kept for certificates that ended after this moment (RFC 6960 §4.4.4).
    pub archive_cutoff: Option<Timestamp>,
}

/// The content of an answer before it is encoded.
#[derive(Debug, Clone, Copy)]
pub struct Draft<'a> {
    /// Subject of the responder's certificate.
    pub responder: &'a Name,
    /// When the answer is signed; part seconds are dropped.
    pub produced_at: Timestamp,
    /// One answer for each certificate asked about, in the same order.
    pub singles: &'a [Single<'a>],
    /// The nonce of the question.
    pub nonce: Option<&'a Nonce>,
    /// Whether "revoked" may mean "never issued" in this answer (RFC 6960 §4.4.8).
    pub extended_revoke: bool,
}

impl Draft<'_> {
    /// Encodes the part that is signed.
    ///
    /// # Errors
    /// When nothing is answered, or a window ends before it begins.
    pub fn encode(&self) -> Result<UnsignedResponse, Error> {
        if self.singles.is_empty() {
            return Err(Defect::NoCertificate.into());
        }
        let closed =
            |single: &Single<'_>| single.this_update.as_second() >= single.next_update.as_second();
        if self.singles.iter().any(closed) {
            return Err(Defect::Window.into());
        }
        Ok(UnsignedResponse { tbs: Writer::build(|w| w.sequence(|w| self.write(w))) })
    }

    fn write(&self, w: &mut Writer) {
        w.explicit(1, |w| w.raw(self.responder.der()));
        w.generalized_time(self.produced_at);
        w.sequence(|w| self.singles.iter().for_each(|single| single.write(w)));
        if self.nonce.is_some() || self.extended_revoke {
            w.explicit(1, |w| w.sequence(|w| self.write_extensions(w)));
        }
    }

    fn write_extensions(&self, w: &mut Writer) {
        if let Some(nonce) = self.nonce {
            extension::write(w, &oid::OCSP_NONCE, false, |w| nonce.write(w));
        }
        if self.extended_revoke {
            extension::write(w, &oid::OCSP_EXTENDED_REVOKE, false, Writer::null);
        }
    }
}

impl Single<'_> {
    fn write(&self, w: &mut Writer) {
        w.sequence(|w| {
            w.raw(self.certificate.der());
            self.status.write(w);
            w.generalized_time(self.this_update);
            w.explicit(0, |w| w.generalized_time(self.next_update));
            if let Some(cutoff) = self.archive_cutoff {
                let value = |w: &mut Writer| w.generalized_time(cutoff);
                let write =
                    |w: &mut Writer| extension::write(w, &oid::OCSP_ARCHIVE_CUTOFF, false, value);
                w.explicit(1, |w| w.sequence(write));
            }
        });
    }
}

impl CertStatus {
    /// What an answer says of a certificate that was never issued where "unknown" isn't strict
    /// enough: on hold since the beginning of time (RFC 6960 §2.2).
    pub const NEVER_ISSUED: Self =
        Self::Revoked { at: Timestamp::UNIX_EPOCH, reason: Reason::CertificateHold };

    fn write(self, w: &mut Writer) {
        match self {
            Self::Good => w.implicit(0, &[]),
            Self::Unknown => w.implicit(2, &[]),
            Self::Revoked { at, reason } => w.nested(Tag::context_constructed(1), |w| {
                w.generalized_time(at);
                if reason != Reason::Unspecified {
                    w.explicit(0, |w| w.enumerated(reason.code()));
                }
            }),
        }
    }
}

/// An answer that lacks only its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsignedResponse {
    tbs: Vec<u8>,
}

impl UnsignedResponse {
    /// The part that is signed (`ResponseData`).
    pub fn tbs_der(&self) -> &[u8] {
        &self.tbs
    }

    /// `e = SM3(Z ‖ ResponseData)` for the responder's key.
    pub fn digest(&self, key: &PublicKey, id: &UserId) -> Digest {
        sm2::digest(key, id, &self.tbs)
    }

    /// Verifies the signature and yields the whole OCSPResponse. `certificate` is the DER of
    /// the responder's own certificate; it travels with the answer.
    ///
    /// # Errors
    /// When the signature does not verify.
    pub fn assemble(
        &self,
        key: &PublicKey,
        id: &UserId,
        signature: &Signature,
        certificate: &[u8],
    ) -> Result<Vec<u8>, Error> {
        Ok(self.assemble_checked(&self.check(key, id, signature)?, certificate))
    }

    /// Verifies the signature, so that the answer can be put together later and again.
    ///
    /// # Errors
    /// When the signature does not verify.
    pub fn check(
        &self,
        key: &PublicKey,
        id: &UserId,
        signature: &Signature,
    ) -> Result<CheckedSignature, Error> {
        sm2::verify_digest(key, &self.digest(key, id), signature)
            .map_err(|_| Error::Signature { what: "状态应答" })?;
        Ok(CheckedSignature(*signature))
    }

    /// The whole OCSPResponse with a signature that [`UnsignedResponse::check`] has found good
    /// over these very octets: whoever keeps only what the draft was made of (names, times,
    /// signature) has the answer again, at a tenth of the memory.
    pub fn assemble_checked(&self, signature: &CheckedSignature, certificate: &[u8]) -> Vec<u8> {
        let basic = Writer::build(|w| {
            w.sequence(|w| {
                w.raw(&self.tbs);
                AlgorithmIdentifier::bare(oid::SM2_WITH_SM3).write(w);
                w.bit_string(&signature.0.to_der());
                w.explicit(0, |w| w.sequence(|w| w.raw(certificate)));
            });
        });
        Writer::build(|w| {
            w.sequence(|w| {
                w.enumerated(0);
                w.explicit(0, |w| {
                    w.sequence(|w| {
                        w.oid(&oid::OCSP_BASIC);
                        w.octet_string(&basic);
                    });
                });
            });
        })
    }
}

/// A signature that was verified over the answer that it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckedSignature(Signature);

impl CheckedSignature {
    /// `r ‖ s`.
    pub fn to_raw(&self) -> [u8; 64] {
        self.0.to_raw()
    }
}

/// An answer without status: why the question was not answered (RFC 6960 §4.2.1). It is not
/// signed and says nothing about any certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Failure {
    /// The question does not conform to the syntax.
    MalformedRequest = 1,
    /// The responder is in an inconsistent state.
    InternalError = 2,
    /// The responder cannot answer just now.
    TryLater = 3,
    /// The question must be signed.
    SigRequired = 5,
    /// The responder has no authority for this question.
    Unauthorized = 6,
}

impl Failure {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::MalformedRequest,
        Self::InternalError,
        Self::TryLater,
        Self::SigRequired,
        Self::Unauthorized,
    ];

    /// The code of the standard.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The whole OCSPResponse: five octets.
    pub fn der(self) -> Vec<u8> {
        Writer::build(|w| w.sequence(|w| w.enumerated(self.code())))
    }
}
