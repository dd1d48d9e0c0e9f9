//! Addresses, authorities, the state of each source, and the snapshot that verification reads.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use jiff::Timestamp;
use pki::Certificate;
use pki::crl::Crl;

use super::responder::ForeignResponder;
use crate::verification::rules::is_same_authority;

/// The longest address.
const MOST_LETTERS: usize = 1024;

/// Where a list is fetched: `http://host[:port]/path`, and nothing else.
///
/// Lists are signed, so the way they come needs no secrecy and proves nothing. HTTPS is left out on purpose: its
/// certificates would need status themselves (RFC 5280 §8, a circle), and servers of the field often speak TLS with SM2
/// alone. LDAP is left out because servers publish the same list over HTTP.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(String);

/// Why an address is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WrongAddress {
    /// Over TLS.
    #[error(
        "不支持 https 地址：撤销列表自身有签名，请填写同一份列表的 http 地址（RFC 5280 §8 也不建议用 https 发布）"
    )]
    Https,
    /// Over LDAP.
    #[error("不支持 ldap 地址：请填写同一份列表的 http 地址")]
    Ldap,
    /// Of another kind.
    #[error("地址应以 http:// 开头")]
    Scheme,
    /// Too long, or with letters that don't belong there.
    #[error("地址中有不允许的字符，或者超过 1024 个字符")]
    Letters,
    /// Without a host, with a name and password, or with a fragment.
    #[error("地址中应有主机名，不能有用户名、口令或“#”")]
    Host,
}

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// When it is no address that lists are fetched from.
    pub fn parse(text: &str) -> Result<Self, WrongAddress> {
        if text.len() > MOST_LETTERS || !text.bytes().all(|octet| octet.is_ascii_graphic()) {
            return Err(WrongAddress::Letters);
        }
        let begins = |scheme: &str| {
            text.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme))
        };
        let rest = match () {
            () if begins("https://") => return Err(WrongAddress::Https),
            () if begins("ldap://") || begins("ldaps://") => return Err(WrongAddress::Ldap),
            () => text.strip_prefix("http://").ok_or(WrongAddress::Scheme)?,
        };
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let host = match authority.rsplit_once(':') {
            Some((host, port)) if port.parse::<u16>().is_ok_and(|port| port > 0) => host,
            Some(_) if !authority.ends_with(']') => return Err(WrongAddress::Host),
            _ => authority,
        };
        let is_clean = !rest.contains(['#', '\\', '"', '<', '>']) && !authority.contains('@');
        if host.is_empty() || !is_clean {
            return Err(WrongAddress::Host);
        }
        Ok(Self(text.to_owned()))
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One list of an authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Where it is.
    pub address: Address,
    /// Whether it holds changes since a complete list.
    pub is_delta: bool,
    /// The distribution point that the list may name in place of its address.
    pub point: Option<String>,
}

impl Source {
    /// The address that a list with a distribution point has to name.
    pub fn place(&self) -> &str {
        self.point.as_deref().unwrap_or(self.address.as_str())
    }
}

/// An authority of another institution, as the trust list names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    /// How people call it.
    pub name: String,
    /// Its certificates, all of one name: keys that sign its certificates or its lists (GM/T 0034 lets them differ).
    pub certificates: Vec<Certificate>,
    /// Its lists.
    pub sources: Vec<Source>,
    /// Its OCSP responder, asked where the lists leave a question open.
    pub responder: Option<Arc<ForeignResponder>>,
}

impl Authority {
    /// Names the keys whose lists these are: with others, what is held says nothing.
    pub(super) fn mark(&self) -> String {
        let mut prints: Vec<_> = self.certificates.iter().map(Certificate::fingerprint).collect();
        prints.sort_unstable();
        let parts: Vec<&[u8]> = prints.iter().map(String::as_bytes).collect();
        gm::sm3::hash_parts(&parts).to_hex()
    }

    /// Names the issuer of the lists: numbers under one name only grow, whichever certificates it has.
    pub(super) fn issuer(&self) -> String {
        let names = self.certificates.first().map(|one| one.subject().to_string());
        gm::sm3::hash(names.unwrap_or_default().as_bytes()).to_hex()
    }
}

/// Below this no list is taken: the highest that was held under the same name before its certificates changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Floor {
    /// Its number, hexadecimal; empty when there was none.
    pub number: String,
    /// Its `thisUpdate`.
    pub this_update: i64,
}

/// How a source is doing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceState {
    /// When it is fetched next, Unix seconds.
    pub next_at: i64,
    /// When it was tried last; 0: never.
    pub tried_at: i64,
    /// Failures since the last success.
    pub failures: u32,
    /// What was wrong at the last attempt, in Chinese; empty when nothing was.
    pub trouble: String,
    /// When the list that is held was fetched or seen unchanged; 0: none is held.
    pub fetched_at: i64,
    /// Number of the list that is held, hexadecimal.
    pub number: String,
    /// Its `thisUpdate`.
    pub this_update: i64,
    /// Its `nextUpdate`.
    pub next_update: i64,
    /// SM3 of its DER, hexadecimal; empty when none is held.
    pub digest: String,
    /// How many entries it has.
    pub entries: u64,
    /// What was held before the certificates of the authority changed.
    pub floor: Floor,
}

impl SourceState {
    /// Whether a list is held.
    pub fn holds(&self) -> bool {
        !self.digest.is_empty()
    }

    /// Whether the list that is held counts at an instant.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        self.holds() && self.this_update <= now.as_second() && now.as_second() <= self.next_update
    }
}

/// What a report says about a followed list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cited {
    /// Where it came from.
    pub address: String,
    /// SM3 of its DER, hexadecimal.
    pub digest: String,
    /// When it was fetched or seen unchanged.
    pub fetched_at: Timestamp,
}

/// A complete list with the deltas that may build on it.
#[derive(Debug, Clone)]
pub struct Group {
    /// The complete list, then the deltas.
    pub lists: Arc<Vec<Crl>>,
    /// What is said about each of them.
    pub cited: Vec<Cited>,
    /// What was wrong at the last attempt to fetch any of them; empty when nothing was.
    pub trouble: String,
}

impl Group {
    /// The complete list.
    pub fn complete(&self) -> Option<&Crl> {
        self.lists.first()
    }

    /// Each list with what is said about it.
    pub fn pairs(&self) -> impl Iterator<Item = (&Crl, &Cited)> {
        self.lists.iter().zip(&self.cited)
    }
}

/// What is held of one authority.
#[derive(Debug, Clone, Default)]
pub struct FollowedAuthority {
    /// Its certificates.
    pub certificates: Vec<Certificate>,
    /// Its lists.
    pub groups: Vec<Group>,
    /// Why nothing is held yet, of any of its sources.
    pub trouble: String,
    /// Whether a list that was taken can't be read back: what it said is not known, so nobody else's word that a
    /// certificate is good counts until it is fetched again.
    pub is_damaged: bool,
    /// Whether the trust list names lists of it.
    pub has_lists: bool,
    /// Its OCSP responder.
    pub responder: Option<Arc<ForeignResponder>>,
}

impl FollowedAuthority {
    /// Whether the trust list names its responder and no list.
    pub fn is_responder_alone(&self) -> bool {
        self.responder.is_some() && !self.has_lists
    }
}

/// Everything that is held, at one moment. Without following it is empty.
#[derive(Debug, Clone, Default)]
pub struct Followed {
    /// Each authority that the trust list names with sources.
    pub authorities: Vec<FollowedAuthority>,
    /// Whether lists are followed and nothing was read yet: what is held then is not known, and nothing that an asker
    /// encloses shows that a certificate is good.
    pub is_pending: bool,
}

impl Followed {
    /// What is held of an issuer: name and key (T-15).
    pub fn of(&self, issuer: &Certificate) -> Option<&FollowedAuthority> {
        let is_it = |one: &&FollowedAuthority| {
            one.certificates.iter().any(|certificate| is_same_authority(certificate, issuer))
        };
        self.authorities.iter().find(is_it)
    }

    /// The certificates of all of them: they may stand in a chain.
    pub fn certificates(&self) -> impl Iterator<Item = &Certificate> {
        self.authorities.iter().flat_map(|one| &one.certificates)
    }
}

/// Fetches at most so many octets from an address. The error text is for the operator.
pub type Fetch = Arc<
    dyn Fn(Address, usize) -> Pin<Box<dyn Future<Output = Result<Vec<u8>, String>> + Send>>
        + Send
        + Sync,
>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_plain_http_with_a_host_and_nothing_hidden() {
        for good in [
            "http://crl.example.gov.cn/ca.crl",
            "http://crl.example.gov.cn",
            "http://127.0.0.1:8080/a?b=c",
            "http://[2001:db8::1]/a.crl",
            "http://[2001:db8::1]:81/a.crl",
        ] {
            assert_eq!(Address::parse(good).map(|one| one.to_string()), Ok(good.to_owned()));
        }
        for (wrong, why) in [
            ("https://crl.example.gov.cn/ca.crl", WrongAddress::Https),
            ("HTTPS://crl.example.gov.cn/ca.crl", WrongAddress::Https),
            ("ldap://ldap.example.gov.cn/cn=x", WrongAddress::Ldap),
            ("file:///etc/passwd", WrongAddress::Scheme),
            ("gopher://127.0.0.1:70/", WrongAddress::Scheme),
            ("HTTP://crl.example.gov.cn/", WrongAddress::Scheme),
            ("", WrongAddress::Scheme),
            ("http://", WrongAddress::Host),
            ("http:///a", WrongAddress::Host),
            ("http://:80/a", WrongAddress::Host),
            ("http://a:0/", WrongAddress::Host),
            ("http://a:99999/", WrongAddress::Host),
            ("http://a:b@c/", WrongAddress::Host),
            ("http://user@host/", WrongAddress::Host),
            ("http://host/a#b", WrongAddress::Host),
            ("http://host\\@evil/", WrongAddress::Host),
            ("http://host/a b", WrongAddress::Letters),
            ("http://host/列表", WrongAddress::Letters),
            ("http://host/\r\nX: y", WrongAddress::Letters),
        ] {
            assert_eq!(Address::parse(wrong), Err(why), "{wrong}");
        }
        assert_eq!(
            Address::parse(&format!("http://{}/", "a".repeat(1024))),
            Err(WrongAddress::Letters)
        );
    }
}
