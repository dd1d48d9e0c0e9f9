//! Invitations: how somebody without a credential gets the first one.

use crate::{Error, Person};
use jiff::Timestamp;
use std::fmt;
use zeroize::Zeroizing;

/// What the appointing person hands over: no default credential exists (T-21).
pub struct Invitation {
    /// Five groups of four letters and digits: 100 random bits. Shown only this once.
    pub code: Zeroizing<String>,
    /// When it is too late.
    pub expires_at: Timestamp,
}

/// A person who was created.
#[derive(Debug)]
pub struct Created {
    /// Who.
    pub person: Person,
    /// For who has no key yet.
    pub invitation: Option<Invitation>,
}

/// Without I, L, O and U, that are misread (Crockford's base 32).
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 20;

impl Invitation {
    /// A code from as many random octets as it has letters.
    pub(crate) fn from_random(octets: &[u8; LENGTH], expires_at: Timestamp) -> Self {
        let mut code = Zeroizing::new(String::with_capacity(LENGTH + 4));
        for (at, octet) in octets.iter().enumerate() {
            if at > 0 && at % 4 == 0 {
                code.push('-');
            }
            let letter = LETTERS.get(usize::from(octet & 31)).copied().unwrap_or(b'0');
            code.push(char::from(letter));
        }
        Self { code, expires_at }
    }
}

/// What the database keeps of a code, however it was typed.
pub(crate) fn code_hash(typed: &str) -> Result<String, Error> {
    let code: Zeroizing<String> = Zeroizing::new(
        typed.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect(),
    );
    if code.len() != LENGTH {
        return Err(Error::InvitationOver);
    }
    Ok(gm::sm3::hash_parts(&[b"yinxin-invitation/1\n", code.as_bytes()]).to_hex())
}

impl fmt::Debug for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Invitation(…, {})", self.expires_at)
    }
}
