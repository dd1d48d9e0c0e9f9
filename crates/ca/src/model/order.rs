//! What a caller orders.

use std::fmt;

use gm::PublicKey;
use jiff::Timestamp;
use pki::{Serial, SubjectInput};
use store::Actor;

use crate::error::Invalid;

/// The caller's name for one order; a repetition with the same id gets the same certificate.
/// 1 to 128 characters of `[A-Za-z0-9._:-]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RequestId(String);

impl RequestId {
    /// Checks the form.
    pub fn new(text: impl Into<String>) -> Result<Self, Invalid> {
        let text = text.into();
        let fits = (1..=128).contains(&text.len());
        let plain = text.bytes().all(|c| c.is_ascii_alphanumeric() || b"._:-".contains(&c));
        if fits && plain { Ok(Self(text)) } else { Err(Invalid::RequestId) }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The place of a certificate within its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// 签名证书 of a dual pair.
    Sign,
    /// 加密证书 of a dual pair.
    Enc,
    /// A single certificate: OCSP responder, TSA, server.
    Service,
    /// A CA certificate, only out of a ceremony.
    Ca,
}

impl Role {
    /// The text of the database and the interfaces.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sign => "sign",
            Self::Enc => "enc",
            Self::Service => "service",
            Self::Ca => "ca",
        }
    }

    /// The role with this text.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        [Self::Sign, Self::Enc, Self::Service, Self::Ca]
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| Invalid::Role(text.to_owned()))
    }
}

/// From when to when; what is absent comes from the clock and the profile.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Validity {
    /// A start other than now; recorded, and never back-dated.
    pub not_before: Option<Timestamp>,
    /// An end earlier than the profile's.
    pub not_after: Option<Timestamp>,
}

/// An order for one certificate. The caller has proof of identity and of possession.
#[derive(Debug, Clone)]
pub struct IssueOrder {
    /// Names the order.
    pub request_id: RequestId,
    /// The place of this certificate in the request.
    pub role: Role,
    /// Name of the profile.
    pub profile: String,
    /// Who it is for.
    pub subject: SubjectInput,
    /// What it certifies.
    pub key: PublicKey,
    /// A serial number drawn before, as the key centre needs it; otherwise one is drawn.
    pub serial: Option<Serial>,
    /// When it counts.
    pub validity: Validity,
    /// The request that holds the other certificate of the pair, usually the same.
    pub pair: Option<RequestId>,
    /// The certificate that this one renews (same key) or re-keys (new key).
    pub replaces: Option<Serial>,
    /// Who orders it; written in the journal.
    pub actor: Actor,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_ids_are_short_and_plain() {
        assert!(RequestId::new("2026-11:a_b.C").is_ok());
        for wrong in ["", "a b", "申请", "a/b", &"x".repeat(129)] {
            assert_eq!(RequestId::new(wrong), Err(Invalid::RequestId));
        }
    }

    #[test]
    fn roles_lead_back_from_their_text() {
        for role in [Role::Sign, Role::Enc, Role::Service, Role::Ca] {
            assert_eq!(Role::parse(role.as_str()), Ok(role));
        }
        assert!(Role::parse("root").is_err());
    }
}
