//! Believing a token: who signed it, may they, and does it answer the question (RFC 3161 §2.2,
//! §2.3; GM/T 0033).

use gm::{UserId, sm2};

use super::{Defect, Request, Token, WHAT};
use crate::path::{self, Options, Verdict};
use crate::{Certificate, Error, crl::Crl, oid};

/// What is trusted, and what may help.
#[derive(Clone, Copy)]
pub struct Trust<'a> {
    /// Certificates that may be the signer's or stand above it, besides those of the token.
    pub untrusted: &'a [Certificate],
    /// Certificates that are trusted.
    pub anchors: &'a [Certificate],
    /// Revocation lists.
    pub crls: &'a [Crl],
    /// What else is asked of the path; its purpose is time stamping, whatever is set.
    pub options: &'a Options,
}

/// A token whose signature is right.
#[derive(Debug, Clone)]
pub struct Verified {
    /// The signer's certificate.
    pub certificate: Certificate,
    /// Whether its path held when the token was made. This is for the caller to look at.
    pub verdict: Verdict,
}

/// Whether a certificate is for timestamps: the purpose is there, critical and alone
/// (RFC 3161 §2.3).
pub fn is_time_stamping(certificate: &Certificate) -> bool {
    let alone = certificate.eku().is_some_and(|purposes| purposes.0 == [oid::TIME_STAMPING]);
    let extension = certificate.extension(&oid::EXTENDED_KEY_USAGE);
    alone && extension.is_some_and(|extension| extension.critical)
}

impl Token {
    /// Verifies the signature, and judges the signer's path at the time of the token.
    ///
    /// # Errors
    /// When there is no certificate of the signer, it may not stamp, or the signature is wrong.
    /// A path that does not hold is no error: [`Verified::verdict`] says so.
    pub fn verify(&self, trust: &Trust<'_>) -> Result<Verified, Error> {
        let mut known = self.certificates().iter().chain(trust.untrusted).chain(trust.anchors);
        let signer = known.find(|candidate| self.signer.holder.is(candidate));
        let certificate = signer.ok_or(Defect::NoCertificate)?.clone();
        self.verify_signature(&certificate, &trust.options.user_id)?;
        let untrusted = [self.certificates(), trust.untrusted].concat();
        let options = Options { purpose: Some(oid::TIME_STAMPING), ..trust.options.clone() };
        let verdict = path::validate(&path::Request {
            leaf: &certificate,
            untrusted: &untrusted,
            anchors: trust.anchors,
            crls: trust.crls,
            at: self.info().gen_time,
            options: &options,
        });
        Ok(Verified { certificate, verdict })
    }

    /// Verifies that this certificate is for timestamps, was valid at the time of the token, is
    /// the one that the signature names, and that the signature covers the content.
    ///
    /// # Errors
    /// The first that does not hold.
    pub fn verify_signature(&self, certificate: &Certificate, id: &UserId) -> Result<(), Error> {
        let wrong = || Error::Signature { what: WHAT };
        if !is_time_stamping(certificate) {
            return Err(Defect::Purpose.into());
        }
        if !certificate.is_valid_at(self.info().gen_time) {
            return Err(Defect::CertificateExpired.into());
        }
        let is_named = self.signer.names.iter().all(|name| name.is(certificate));
        if !is_named || !self.signer.holder.is(certificate) {
            return Err(Defect::NotNamed.into());
        }
        if !self.is_content_signed() {
            return Err(wrong());
        }
        let (signed, signature) = self.signed();
        sm2::verify(&certificate.public_key()?, id, signed, signature).map_err(|_| wrong())
    }

    /// Holds the token against the request: imprint, nonce, policy where one was asked for, and
    /// the certificate there exactly when it was wanted.
    ///
    /// # Errors
    /// The first that does not fit.
    pub fn answers(&self, request: &Request) -> Result<(), Error> {
        let info = self.info();
        if info.imprint != *request.imprint() {
            return Err(Defect::ImprintMismatch.into());
        }
        if info.nonce.as_ref() != request.nonce() {
            return Err(Defect::NonceMismatch.into());
        }
        if request.policy().is_some_and(|policy| *policy != info.policy) {
            return Err(Defect::PolicyMismatch.into());
        }
        let came = self.certificates().iter().any(|one| self.signer.holder.is(one));
        if came == request.wants_certificate() {
            Ok(())
        } else {
            Err(Defect::CertificateAnswer.into())
        }
    }
}
