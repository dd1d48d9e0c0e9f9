//! Which subscriber key may be certified (T-31).
//!
//! One key belongs to one subject for ever; a key in use stays in use for one certificate,
//! except in a renewal whose profile keeps keys; a compromised key is blocked for ever. Keys
//! whose private half everybody knows are refused by `pki` when the certificate is planned.

use crate::error::Refusal;
use crate::model::{RequestId, Role};

/// What the register of keys knows about one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyOwner {
    /// SM3 of the subject's DER name.
    pub subject_hash: String,
    /// The request that brought the key.
    pub request: String,
    /// Its role in that request.
    pub role: String,
    /// Whether it was reported as compromised.
    pub blocked: bool,
}

/// Who asks for the key to be certified now.
#[derive(Debug, Clone, Copy)]
pub struct KeyClaim<'a> {
    /// SM3 of the subject's DER name.
    pub subject_hash: &'a str,
    /// The request.
    pub request: &'a RequestId,
    /// The role of the key in the request.
    pub role: Role,
    /// The request renews a certificate of this very key, and the profile lets keys stay.
    pub keeps_key: bool,
}

/// Holds a claim against the register.
pub fn claim(owner: &KeyOwner, claim: &KeyClaim<'_>) -> Result<(), Refusal> {
    if owner.blocked {
        return Err(Refusal::KeyBlocked);
    }
    if owner.subject_hash != claim.subject_hash {
        return Err(Refusal::KeyOfAnother);
    }
    let first = owner.request == claim.request.as_str() && owner.role == claim.role.as_str();
    if first || claim.keeps_key { Ok(()) } else { Err(Refusal::KeyInUse) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner() -> KeyOwner {
        KeyOwner {
            subject_hash: "s".into(),
            request: "r1".into(),
            role: "sign".into(),
            blocked: false,
        }
    }

    fn verdict(owner: &KeyOwner, subject: &str, request: &str, keeps: bool) -> Result<(), Refusal> {
        let request = RequestId::new(request).unwrap();
        let asked = KeyClaim {
            subject_hash: subject,
            request: &request,
            role: Role::Sign,
            keeps_key: keeps,
        };
        claim(owner, &asked)
    }

    #[test]
    fn key_belongs_to_its_first_subject() {
        assert_eq!(verdict(&owner(), "s", "r1", false), Ok(()));
        assert_eq!(verdict(&owner(), "t", "r1", false), Err(Refusal::KeyOfAnother));
        assert_eq!(verdict(&owner(), "t", "r2", true), Err(Refusal::KeyOfAnother));
    }

    #[test]
    fn second_certificate_for_a_key_needs_a_renewal_that_keeps_it() {
        assert_eq!(verdict(&owner(), "s", "r2", false), Err(Refusal::KeyInUse));
        assert_eq!(verdict(&owner(), "s", "r2", true), Ok(()));
    }

    #[test]
    fn blocked_key_is_refused_even_to_its_owner() {
        let blocked = KeyOwner { blocked: true, ..owner() };
        assert_eq!(verdict(&blocked, "s", "r1", true), Err(Refusal::KeyBlocked));
    }
}
