//! Whether a name lies within a subtree (RFC 5280 §4.2.1.10).

use crate::ext::GeneralName;

/// The forms of names that constraints compare with each other.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Email,
    Dns,
    Directory,
    Uri,
    Ip,
    /// Forms that are not compared: a constraint of such a form refuses every name of it.
    Other,
    X400,
    EdiParty,
    Registered,
}

impl Form {
    pub(super) fn of(name: &GeneralName) -> Self {
        match name {
            GeneralName::Email(_) => Self::Email,
            GeneralName::Dns(_) => Self::Dns,
            GeneralName::Directory(_) => Self::Directory,
            GeneralName::Uri(_) => Self::Uri,
            GeneralName::Ip(_) => Self::Ip,
            GeneralName::Other(_) => Self::Other,
            GeneralName::X400(_) => Self::X400,
            GeneralName::EdiParty(_) => Self::EdiParty,
            GeneralName::Registered(_) => Self::Registered,
        }
    }
}

/// Whether a name certainly lies within a permitted subtree. What cannot be told does not.
pub(super) fn lies_within(name: &GeneralName, base: &GeneralName) -> bool {
    match (name, base) {
        (GeneralName::Email(name), GeneralName::Email(base)) => email(name, base),
        (GeneralName::Dns(name), GeneralName::Dns(base)) => dns(name, base),
        (GeneralName::Directory(name), GeneralName::Directory(base)) => name.is_within(base),
        (GeneralName::Uri(name), GeneralName::Uri(base)) => {
            uri_host(name).is_some_and(|host| host_of_uri(host, base))
        }
        (GeneralName::Ip(name), GeneralName::Ip(base)) => ip(name, base) == Some(true),
        _ => false,
    }
}

/// Whether a name may lie within an excluded subtree. What cannot be told may.
pub(super) fn may_lie_within(name: &GeneralName, base: &GeneralName) -> bool {
    match (name, base) {
        (GeneralName::Email(_), GeneralName::Email(_))
        | (GeneralName::Directory(_), GeneralName::Directory(_)) => lies_within(name, base),
        (GeneralName::Dns(name), GeneralName::Dns(base)) => {
            dns(name, base) || wildcard_reaches(name, base)
        }
        (GeneralName::Uri(name), GeneralName::Uri(base)) => {
            uri_host(name).is_none_or(|host| host_of_uri(host, base))
        }
        (GeneralName::Ip(name), GeneralName::Ip(base)) => ip(name, base) != Some(false),
        _ => true,
    }
}

/// The name as text, for reasons.
pub(super) fn text(name: &GeneralName) -> String {
    match name {
        GeneralName::Email(text) | GeneralName::Dns(text) | GeneralName::Uri(text) => text.clone(),
        GeneralName::Directory(name) => name.to_string(),
        GeneralName::Ip(octets) => hex::encode(octets),
        _ => "其他类型的名称".to_owned(),
    }
}

/// A base `host` covers the host and everything below it; `.host` only what is below; an empty base covers all.
fn dns(name: &str, base: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let base = base.to_ascii_lowercase();
    let name = name.strip_suffix('.').unwrap_or(&name);
    let base = base.strip_suffix('.').unwrap_or(&base);
    base.is_empty() || name == base || is_below(name, base)
}

/// Whether a name ends with `.base`; the base may itself begin with the dot.
fn is_below(name: &str, base: &str) -> bool {
    let base = base.strip_prefix('.').unwrap_or(base);
    name.strip_suffix(base).is_some_and(|front| front.len() > 1 && front.ends_with('.'))
}

/// `*.example.cn` stands for `a.example.cn`, so excluding the latter excludes the former.
fn wildcard_reaches(name: &str, base: &str) -> bool {
    let Some(parent) = name.strip_prefix("*.") else {
        return false;
    };
    base.split_once('.').is_some_and(|(_, above)| above.eq_ignore_ascii_case(parent))
}

/// A base `local@host` covers one mailbox, `host` every mailbox of the host, `.host` those of the hosts below.
fn email(name: &str, base: &str) -> bool {
    let Some((local, host)) = name.rsplit_once('@') else {
        return base.is_empty();
    };
    match base.rsplit_once('@') {
        Some((base_local, base_host)) => {
            local == base_local && host.eq_ignore_ascii_case(base_host)
        }
        None => host_of_uri(host, base) || base.is_empty(),
    }
}

/// A base `host` covers that host alone, `.host` the hosts below it.
fn host_of_uri(host: &str, base: &str) -> bool {
    if base.starts_with('.') {
        is_below(&host.to_ascii_lowercase(), &base.to_ascii_lowercase())
    } else {
        host.eq_ignore_ascii_case(base)
    }
}

/// The host of a URI, when it is a name: addresses and URIs without authority cannot be compared.
fn uri_host(uri: &str) -> Option<&str> {
    let (_, rest) = uri.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host_and_port = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = host_and_port.split(':').next()?;
    let is_name =
        !host.is_empty() && !host.starts_with('[') && host.parse::<std::net::Ipv4Addr>().is_err();
    is_name.then_some(host)
}

/// Address against address and mask; `None` when the base is not of that shape or its mask has holes. IPv4 and IPv6
/// do not lie within each other.
fn ip(name: &[u8], base: &[u8]) -> Option<bool> {
    let (address, mask) = base.split_at_checked(base.len() / 2)?;
    if !matches!(base.len(), 8 | 32) || !matches!(name.len(), 4 | 16) || !is_prefix(mask) {
        return None;
    }
    if name.len() != address.len() {
        return Some(false);
    }
    Some(name.iter().zip(address).zip(mask).all(|((one, other), mask)| one & mask == other & mask))
}

fn is_prefix(mask: &[u8]) -> bool {
    let mut rest = mask.iter().copied().skip_while(|octet| *octet == 0xff);
    let partial = rest.next().unwrap_or(0);
    partial.leading_ones() == partial.count_ones() && rest.all(|octet| octet == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dns_base_covers_itself_and_what_is_below() {
        for (name, base, expected) in [
            ("gov.cn", "gov.cn", true),
            ("www.gov.cn", "gov.cn", true),
            ("WWW.GOV.CN", "gov.cn", true),
            ("notgov.cn", "gov.cn", false),
            ("gov.cn", ".gov.cn", false),
            ("www.gov.cn", ".gov.cn", true),
            (".gov.cn", "gov.cn", false),
            ("gov.com", "", true),
        ] {
            assert_eq!(dns(name, base), expected, "{name} within {base}");
        }
    }

    #[test]
    fn an_email_base_is_a_mailbox_a_host_or_the_hosts_below() {
        for (name, base, expected) in [
            ("a@gov.cn", "a@gov.cn", true),
            ("A@gov.cn", "a@gov.cn", false),
            ("a@GOV.cn", "a@gov.cn", true),
            ("b@gov.cn", "gov.cn", true),
            ("b@x.gov.cn", "gov.cn", false),
            ("b@x.gov.cn", ".gov.cn", true),
            ("b@gov.cn", ".gov.cn", false),
        ] {
            assert_eq!(email(name, base), expected, "{name} within {base}");
        }
    }

    #[test]
    fn an_ip_base_is_an_address_and_a_mask_without_holes() {
        let base = |mask: [u8; 4]| [&[198, 51, 100, 0][..], &mask].concat();
        assert_eq!(ip(&[198, 51, 100, 9], &base([255, 255, 255, 0])), Some(true));
        assert_eq!(ip(&[198, 51, 101, 9], &base([255, 255, 255, 0])), Some(false));
        assert_eq!(ip(&[198, 51, 101, 9], &base([255, 255, 254, 0])), Some(true));
        assert_eq!(ip(&[198, 51, 100, 9], &base([255, 0, 255, 0])), None);
        assert_eq!(ip(&[198, 51, 100, 9], &base([255, 255, 255, 0])[..7]), None);
        assert_eq!(ip(&[0; 16], &base([0, 0, 0, 0])), Some(false));
    }

    #[test]
    fn what_cannot_be_compared_is_neither_permitted_nor_let_pass() {
        let name = GeneralName::Uri("http://198.51.100.7/".to_owned());
        let base = GeneralName::Uri("gov.cn".to_owned());
        assert!(!lies_within(&name, &base) && may_lie_within(&name, &base));
        let wildcard = GeneralName::Dns("*.gov.cn".to_owned());
        assert!(may_lie_within(&wildcard, &GeneralName::Dns("a.gov.cn".to_owned())));
        assert!(!may_lie_within(&wildcard, &GeneralName::Dns("a.edu.cn".to_owned())));
    }
}
