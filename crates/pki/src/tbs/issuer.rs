//! Who issues: a CA by its certificate, or a root by itself.

use gm::PublicKey;
use jiff::Timestamp;

use super::Refusal;
use crate::certificate::Certificate;
use crate::error::Error;
use crate::ext::{GeneralName, KeyUsage};
use crate::name::Name;

/// The issuer of a certificate to be.
#[derive(Debug, Clone)]
pub struct Issuer(pub(super) Option<Ca>);

/// What of the issuer's certificate bounds the new one.
#[derive(Debug, Clone)]
pub(super) struct Ca {
    pub(super) name: Name,
    pub(super) key: PublicKey,
    pub(super) key_id: Vec<u8>,
    pub(super) not_before: Timestamp,
    pub(super) not_after: Timestamp,
    pub(super) path_len: Option<u32>,
    pub(super) permitted: Vec<Name>,
}

impl Issuer {
    /// A root signs itself: issuer and subject are one.
    #[must_use]
    pub const fn self_signed() -> Self {
        Self(None)
    }

    /// A CA by its certificate.
    ///
    /// # Errors
    /// When the certificate is none of a CA, or its key is not SM2.
    pub fn certificate(certificate: &Certificate) -> Result<Self, Error> {
        let refuse = || Refusal::IssuerNotCa.at(certificate.subject().to_string());
        let constraints = certificate
            .basic_constraints()
            .filter(|constraints| constraints.ca)
            .ok_or_else(refuse)?;
        let usage = certificate.key_usage().ok_or_else(refuse)?;
        if !usage.contains(KeyUsage::KEY_CERT_SIGN) {
            return Err(refuse());
        }
        let key_id = certificate
            .ski()
            .map_or_else(|| certificate.spki().key_identifier().to_vec(), |ski| ski.0);
        Ok(Self(Some(Ca {
            name: certificate.subject().clone(),
            key: certificate.public_key()?,
            key_id,
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
            path_len: constraints.path_len,
            permitted: permitted_names(certificate),
        })))
    }
}

/// Directory subtrees that the issuer may certify; empty for all.
fn permitted_names(certificate: &Certificate) -> Vec<Name> {
    let permitted =
        certificate.name_constraints().map(|constraints| constraints.permitted).unwrap_or_default();
    permitted
        .into_iter()
        .filter_map(|base| if let GeneralName::Directory(name) = base { Some(name) } else { None })
        .collect()
}
