//! Believing an answer: who signed it, and may they (RFC 6960 §3.2, §4.2.2.2).

use gm::{Signature, UserId, sm2};
use jiff::{SignedDuration, Timestamp};

use super::{BasicResponse, CertId, Defect, Request, ResponderId, SingleResponse};
use crate::ext::OcspNoCheck;
use crate::{Certificate, Error, oid};

/// Chinese name of the structure in messages.
const WHAT: &str = "状态应答";

/// Who signed a verified answer.
#[derive(Debug, Clone)]
pub enum Signer {
    /// The issuer of the certificates itself.
    Issuer,
    /// A responder that the issuer certified for this purpose.
    Delegated {
        /// The responder's certificate.
        certificate: Box<Certificate>,
        /// Whether the issuer waives a revocation check of it (`id-pkix-ocsp-nocheck`).
        /// Without it, the caller has to check.
        unchecked: bool,
    },
}

impl BasicResponse {
    /// Verifies the signature, and that the signer is the issuer, or was certified by the
    /// issuer itself (not further down) for OCSP signing and is within its validity at `at`.
    ///
    /// # Errors
    /// When the signer may not answer for this issuer, or the signature does not verify.
    pub fn verify(
        &self,
        issuer: &Certificate,
        id: &UserId,
        at: Timestamp,
    ) -> Result<Signer, Error> {
        if !self.algorithm.is_sm2_with_sm3() {
            return Err(Error::Algorithm { what: WHAT, oid: self.algorithm.oid.to_string() });
        }
        if self.is_named_by(issuer) && self.signed_by(issuer, id).is_ok() {
            return Ok(Signer::Issuer);
        }
        let candidates = self.certificates.iter().filter(|candidate| self.is_named_by(candidate));
        let mut refusal = Error::from(Defect::Responder);
        for candidate in candidates {
            match self.delegated(candidate, issuer, id, at) {
                Ok(signer) => return Ok(signer),
                Err(error) => refusal = error,
            }
        }
        Err(refusal)
    }

    /// Verifies that this very responder signed, which whoever asks has chosen beforehand (RFC 6960 §4.2.2.2, case 1: "a
    /// local configuration of OCSP signing authority"), and that it is within its validity at `at`.
    ///
    /// # Errors
    /// When another signed, or the certificate is over, or the signature does not verify.
    pub fn verify_by(
        &self,
        responder: &Certificate,
        id: &UserId,
        at: Timestamp,
    ) -> Result<(), Error> {
        if !self.algorithm.is_sm2_with_sm3() {
            return Err(Error::Algorithm { what: WHAT, oid: self.algorithm.oid.to_string() });
        }
        if !self.is_named_by(responder) {
            return Err(Defect::Responder.into());
        }
        if !responder.is_valid_at(at) {
            return Err(Defect::ResponderExpired.into());
        }
        self.signed_by(responder, id)
    }

    /// The answer for this certificate.
    pub fn find(&self, id: &CertId) -> Option<&SingleResponse> {
        self.singles.iter().find(|single| {
            let found = &single.certificate;
            found.serial() == id.serial()
                && found.hash() == id.hash()
                && found.name_hash() == id.name_hash()
                && found.key_hash() == id.key_hash()
        })
    }

    /// Holds the answer against the question: the nonce is the same (a question with a nonce
    /// wants one back), and every certificate is answered and fresh at `at` within `skew`.
    ///
    /// # Errors
    /// The first thing that does not fit.
    pub fn answers(
        &self,
        request: &Request,
        at: Timestamp,
        skew: SignedDuration,
    ) -> Result<(), Error> {
        if request.nonce() != self.nonce() {
            return Err(Defect::NonceMismatch.into());
        }
        for id in request.certificates() {
            let single = self.find(id).ok_or(Defect::NotAnswered)?;
            if !single.is_fresh(at, skew) {
                return Err(Defect::Stale.into());
            }
        }
        Ok(())
    }

    fn is_named_by(&self, certificate: &Certificate) -> bool {
        match &self.responder {
            ResponderId::ByName(name) => name == certificate.subject(),
            ResponderId::ByKey(key) => *key == certificate.spki().key_identifier(),
        }
    }

    fn signed_by(&self, signer: &Certificate, id: &UserId) -> Result<(), Error> {
        let wrong = || Error::Signature { what: WHAT };
        let signature = Signature::from_der(&self.signature).map_err(|_| wrong())?;
        sm2::verify(&signer.public_key()?, id, &self.tbs, &signature).map_err(|_| wrong())
    }

    fn delegated(
        &self,
        candidate: &Certificate,
        issuer: &Certificate,
        id: &UserId,
        at: Timestamp,
    ) -> Result<Signer, Error> {
        if candidate.issuer() != issuer.subject() {
            return Err(Defect::Responder.into());
        }
        candidate.verify_signature(&issuer.public_key()?, id)?;
        if !candidate.eku().is_some_and(|purposes| purposes.contains(&oid::OCSP_SIGNING)) {
            return Err(Defect::NotDelegated.into());
        }
        if !candidate.is_valid_at(at) {
            return Err(Defect::ResponderExpired.into());
        }
        self.signed_by(candidate, id)?;
        let unchecked = candidate.typed::<OcspNoCheck>().is_some();
        Ok(Signer::Delegated { certificate: Box::new(candidate.clone()), unchecked })
    }
}

impl SingleResponse {
    /// Whether the answer counts at `at`, with clocks apart by at most `skew`.
    pub fn is_fresh(&self, at: Timestamp, skew: SignedDuration) -> bool {
        let begun = self.this_update.duration_since(at) <= skew;
        let lasts = self.next_update.is_none_or(|next| at.duration_since(next) <= skew);
        begun && lasts
    }
}
