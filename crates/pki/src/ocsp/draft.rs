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
        if let Some(nonce) = self.nonce {
            w.explicit(1, |w| {
                w.sequence(|w| extension::write(w, &oid::OCSP_NONCE, false, |w| nonce.write(w)));
            });
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
        });
    }
}

impl CertStatus {
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
        sm2::verify_digest(key, &self.digest(key, id), signature)
            .map_err(|_| Error::Signature { what: "状态应答" })?;
        let basic = Writer::build(|w| {
            w.sequence(|w| {
                w.raw(&self.tbs);
                AlgorithmIdentifier::bare(oid::SM2_WITH_SM3).write(w);
                w.bit_string(&signature.to_der());
                w.explicit(0, |w| w.sequence(|w| w.raw(certificate)));
            });
        });
        Ok(Writer::build(|w| {
            w.sequence(|w| {
                w.enumerated(0);
                w.explicit(0, |w| {
                    w.sequence(|w| {
                        w.oid(&oid::OCSP_BASIC);
                        w.octet_string(&basic);
                    });
                });
            });
        }))
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
