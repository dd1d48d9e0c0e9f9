//! Sessions, their tokens, and how a principal showed who it is.

use crate::Error;
use jiff::Timestamp;
use std::fmt;
use std::net::IpAddr;
use zeroize::Zeroizing;

/// A session as stored: its token is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Names the session in records; not the token.
    pub id: String,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_used_at: Timestamp,
}

/// Tokens that clients send as `Authorization: Bearer`.
pub(crate) const CLIENT_TOKEN: &str = "yxs_";
/// Tokens that browsers keep as a cookie. Another form, so that neither opens the other's door.
pub(crate) const COOKIE_TOKEN: &str = "yxc_";

/// The secret of a session: 256 random bits in base64url behind a prefix. Zeroized when dropped.
pub struct Token(Zeroizing<String>);

impl Token {
    pub(crate) fn from_random(prefix: &str, octets: &[u8; 32]) -> Self {
        use base64::Engine as _;
        let text = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(octets);
        Self(Zeroizing::new(format!("{prefix}{text}")))
    }

    /// What the client sends after `Bearer `, or the browser as its cookie.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the database keeps of a token that was sent.
    pub(crate) fn hash(prefix: &str, text: &str) -> Result<String, Error> {
        let length = prefix.len() + 43;
        if text.len() != length || !text.starts_with(prefix) {
            return Err(Error::SessionOver);
        }
        Ok(gm::sm3::hash(text.as_bytes()).to_hex())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// How a principal showed who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Via {
    /// By the signature of this request.
    Signature,
    /// By the token of a client's session.
    Session(Session),
    /// By the cookie of a session that was opened in this way.
    Cookie(Session, Way),
}

/// How a session of a person or an applicant was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// 证书: a signed challenge.
    Key,
    /// 口令与动态口令.
    Passphrase,
    /// 申请编号与查询码: only for the applicant of one application.
    CheckCode,
}

impl Way {
    const ALL: [Self; 3] = [Self::Key, Self::Passphrase, Self::CheckCode];

    /// The name in tables and records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Passphrase => "passphrase",
            Self::CheckCode => "check_code",
        }
    }

    /// The name for people.
    pub fn chinese(self) -> &'static str {
        match self {
            Self::Key => "证书",
            Self::Passphrase => "口令与动态口令",
            Self::CheckCode => "申请编号与查询码",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.name() == name)
    }
}

/// Where a request came from. The whole address is never stored: records get the network, and
/// the failure limits an index that only the device can compute (PIPL Art. 6: no more than needed).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source(IpAddr);

impl Source {
    /// The address of the other end, as the door saw it.
    pub fn new(address: IpAddr) -> Self {
        Self(address.to_canonical())
    }

    /// What records say: the first 24 bits of IPv4, the first 48 of IPv6.
    pub fn network(self) -> String {
        match self.0 {
            IpAddr::V4(v4) => {
                let [a, b, c, _] = v4.octets();
                format!("{a}.{b}.{c}.0/24")
            }
            IpAddr::V6(v6) => {
                let [a, b, c, ..] = v6.segments();
                format!("{a:x}:{b:x}:{c:x}::/48")
            }
        }
    }

    /// One household: the whole of IPv4, the first 64 bits of IPv6, of which one host has all.
    pub(crate) fn household(self) -> String {
        match self.0 {
            IpAddr::V4(v4) => v4.to_string(),
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        }
    }
}
