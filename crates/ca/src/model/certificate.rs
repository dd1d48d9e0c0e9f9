//! An issued certificate and its status.

use jiff::Timestamp;
use pki::crl::Reason;
use pki::{Certificate, Serial};

use super::{RequestId, RevocationReason, Role};

/// 有效、暂停、撤销. Expiry is a matter of the clock, not a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Nothing speaks against it.
    Good,
    /// On hold; OCSP and CRL say revoked with certificateHold.
    Suspended {
        /// Since when.
        since: Timestamp,
    },
    /// Over for good.
    Revoked {
        /// Since when.
        since: Timestamp,
        /// Why.
        reason: RevocationReason,
        /// Since when its key was unsafe, if known.
        invalid_since: Option<Timestamp>,
    },
}

impl Status {
    /// The text of the database and the interfaces.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Suspended { .. } => "suspended",
            Self::Revoked { .. } => "revoked",
        }
    }

    /// The reason that a CRL entry gives; none for good.
    #[must_use]
    pub const fn reason(&self) -> Option<Reason> {
        match self {
            Self::Good => None,
            Self::Suspended { .. } => Some(Reason::CertificateHold),
            Self::Revoked { reason, .. } => Some(reason.as_crl()),
        }
    }
}

/// What the CA knows about a certificate, without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateRecord {
    /// Row number, ascending with issuance; the mark of a page.
    pub id: i64,
    /// The issuer's row.
    pub issuer_id: i64,
    /// Serial number.
    pub serial: Serial,
    /// The request it answers.
    pub request_id: RequestId,
    /// Its place in the request.
    pub role: Role,
    /// The profile it follows.
    pub profile: String,
    /// The subject for people.
    pub subject: String,
    /// SM3 of the subject's public point, hexadecimal.
    pub key_hash: String,
    /// First second of validity.
    pub not_before: Timestamp,
    /// Last second of validity.
    pub not_after: Timestamp,
    /// Good, suspended or revoked.
    pub status: Status,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When its expiry was noted, if so.
    pub expired_at: Option<Timestamp>,
    /// The other certificate of the pair.
    pub pair_id: Option<i64>,
    /// The certificate it renewed or re-keyed.
    pub replaces_id: Option<i64>,
    /// SM3 of the certificate, hexadecimal.
    pub fingerprint: String,
}

/// A certificate that is stored and journaled.
#[derive(Debug, Clone)]
pub struct StoredCertificate {
    /// What the CA knows about it.
    pub record: CertificateRecord,
    /// The certificate itself.
    pub certificate: Certificate,
}

impl StoredCertificate {
    /// Its serial number.
    #[must_use]
    pub fn serial(&self) -> &Serial {
        &self.record.serial
    }

    /// Its bytes.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        self.certificate.der()
    }
}

/// The answer to "how is this certificate".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusView {
    /// Never issued under this serial number by this issuer.
    Unknown,
    /// Issued.
    Issued {
        /// Good, suspended or revoked.
        status: Status,
        /// Last second of validity.
        not_after: Timestamp,
    },
}
