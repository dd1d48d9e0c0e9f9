//! What is known around a certificate when it is linted.

use jiff::Timestamp;

use super::values::KeyUsage;
use super::view::View;
use crate::{Certificate, oid};

/// What the certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// A subscriber's signing certificate.
    Sign,
    /// A subscriber's encryption certificate.
    Encrypt,
    /// A server's certificate for authentication (the signing half of its pair).
    Server,
    /// A delegated OCSP responder (RFC 6960 §4.2.2.2).
    OcspResponder,
    /// A time-stamp authority (RFC 3161 §2.3).
    TimestampAuthority,
    /// An issuing CA below a root.
    SubordinateCa,
    /// A self-signed root.
    Root,
}

impl Role {
    /// Whether the holder issues certificates.
    #[must_use]
    pub const fn is_ca(self) -> bool {
        matches!(self, Self::SubordinateCa | Self::Root)
    }

    /// Whether the holder is a subscriber of the institution.
    #[must_use]
    pub const fn is_subscriber(self) -> bool {
        matches!(self, Self::Sign | Self::Encrypt | Self::Server)
    }

    /// The role that the certificate itself shows, for certificates of unknown origin.
    #[must_use]
    pub fn of(view: &View<'_>) -> Self {
        let purposes = view.purposes().unwrap_or_default();
        let usage = view.key_usage().unwrap_or(KeyUsage(0));
        if view.is_ca() {
            return if view.is_self_issued() { Self::Root } else { Self::SubordinateCa };
        }
        if purposes.contains(&oid::OCSP_SIGNING) {
            Self::OcspResponder
        } else if purposes.contains(&oid::TIME_STAMPING) {
            Self::TimestampAuthority
        } else if usage.has(KeyUsage::KEY_ENCIPHERMENT) && !usage.has(KeyUsage::DIGITAL_SIGNATURE) {
            Self::Encrypt
        } else if purposes.contains(&oid::SERVER_AUTH) {
            Self::Server
        } else {
            Self::Sign
        }
    }
}

/// What is known around a certificate.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// What the certificate is for.
    pub role: Role,
    /// The issuer's certificate. Not needed for a self-signed certificate; without it, whatever compares the two
    /// stays undetermined.
    pub issuer: Option<&'a Certificate>,
    /// The present instant, when the certificate is about to be signed; `None` for certificates in store.
    pub now: Option<Timestamp>,
    /// DER of the subject of the other certificate of the pair, when there is one.
    pub pair_subject: Option<&'a [u8]>,
}

impl<'a> Context<'a> {
    /// A context that knows the role only.
    #[must_use]
    pub const fn new(role: Role) -> Self {
        Self { role, issuer: None, now: None, pair_subject: None }
    }

    /// The context of a certificate of unknown origin: its role is read from itself.
    #[must_use]
    pub fn for_certificate(certificate: &Certificate) -> Self {
        Self::for_der(certificate.der())
    }

    /// The same from octets that the strict gate may refuse.
    #[must_use]
    pub fn for_der(certificate: &[u8]) -> Self {
        Self::new(View::of_certificate(certificate).map_or(Role::Sign, |view| Role::of(&view)))
    }

    /// With the issuer's certificate.
    #[must_use]
    pub const fn issued_by(self, issuer: &'a Certificate) -> Self {
        Self { issuer: Some(issuer), ..self }
    }

    /// At the moment of signing.
    #[must_use]
    pub const fn at(self, now: Timestamp) -> Self {
        Self { now: Some(now), ..self }
    }

    /// With the subject of the other certificate of the pair.
    #[must_use]
    pub const fn paired_with(self, subject: &'a [u8]) -> Self {
        Self { pair_subject: Some(subject), ..self }
    }
}
