//! What the interfaces show of a certificate.

use ca::{CertificateRecord, Status, StoredCertificate};
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::Problem;

/// A certificate.
#[derive(Debug, Serialize, ToSchema)]
pub struct CertificateView {
    /// Serial number, hexadecimal.
    pub serial: String,
    /// The request that it answers.
    pub request_id: String,
    /// `sign`, `enc`, `service` or `ca`.
    pub role: &'static str,
    /// The profile it follows.
    pub profile: String,
    /// Its holder.
    pub subject: String,
    /// First second of validity, RFC 3339.
    pub not_before: String,
    /// Last second of validity, RFC 3339.
    pub not_after: String,
    /// `good`, `suspended` or `revoked`.
    pub status: &'static str,
    /// Since when, if not good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Why, if revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was issued.
    pub issued_at: String,
    /// SM3 of its DER, hexadecimal.
    pub sm3: String,
    /// The certificate, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pem: Option<String>,
}

impl From<&CertificateRecord> for CertificateView {
    fn from(record: &CertificateRecord) -> Self {
        let (since, reason) = match record.status {
            Status::Good => (None, None),
            Status::Suspended { since } => (Some(since), None),
            Status::Revoked { since, reason, .. } => (Some(since), Some(reason.name().to_owned())),
        };
        Self {
            serial: record.serial.to_hex(),
            request_id: record.request_id.to_string(),
            role: record.role.as_str(),
            profile: record.profile.clone(),
            subject: record.subject.clone(),
            not_before: record.not_before.to_string(),
            not_after: record.not_after.to_string(),
            status: record.status.as_str(),
            since: since.map(|t| t.to_string()),
            reason,
            issued_at: record.issued_at.to_string(),
            sm3: record.fingerprint.clone(),
            pem: None,
        }
    }
}

impl CertificateView {
    /// With the certificate itself.
    pub fn whole(stored: &StoredCertificate) -> Result<Self, Problem> {
        let pem = stored.certificate.to_pem().map_err(app::Error::from)?;
        Ok(Self { pem: Some(pem), ..Self::from(&stored.record) })
    }
}
