//! The form of addresses in certificates, judged without fetching them.

/// The scheme in lower case and the host of an absolute address; `None` for anything else.
pub fn scheme_and_host(octets: &[u8]) -> Option<(String, &str)> {
    let text = std::str::from_utf8(octets).ok()?;
    if !text.bytes().all(|octet| octet.is_ascii_graphic()) {
        return None;
    }
    let (scheme, rest) = text.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host_and_port = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host_and_port.strip_prefix('[') {
        Some(literal) => literal.split_once(']')?.0,
        None => host_and_port.split(':').next()?,
    };
    (!host.is_empty()).then(|| (scheme.to_ascii_lowercase(), host))
}

/// Whether an address is absolute, has a host, and has one of these schemes written in lower case.
pub fn is_one_of(octets: &[u8], schemes: &[&str]) -> bool {
    let written_lower =
        octets.iter().take_while(|octet| **octet != b':').all(u8::is_ascii_lowercase);
    written_lower
        && scheme_and_host(octets).is_some_and(|(scheme, _)| schemes.contains(&scheme.as_str()))
}

/// Whether a text is a DNS name of letter-digit-hyphen labels (RFC 1034 §3.5, RFC 5280 §4.2.1.6); the leftmost label
/// may be `*`.
pub fn is_dns_name(octets: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(octets) else {
        return false;
    };
    let name = text.strip_prefix("*.").unwrap_or(text);
    !name.is_empty() && text.len() <= 253 && name.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// Whether a text is a mailbox `local@domain` (RFC 5280 §4.2.1.6), without display name or brackets.
pub fn is_mailbox(octets: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(octets) else {
        return false;
    };
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let atom =
        |octet: u8| octet.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&octet);
    let local_fits =
        (1..=64).contains(&local.len()) && local.bytes().all(atom) && !local.contains("..");
    local_fits && !local.starts_with('.') && !local.ends_with('.') && is_dns_name(domain.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_addresses_with_a_host_are_recognised() {
        assert!(is_one_of(b"http://crl.example.gov.cn:8080/a.crl", &["http"]));
        assert!(is_one_of(b"http://[2001:db8::1]/a", &["http"]));
        for wrong in [
            "http:///a",
            "http://",
            "crl.example.gov.cn",
            "HTTP://a.cn/",
            "http://a b/",
            "http://例子.cn/",
        ] {
            assert!(!is_one_of(wrong.as_bytes(), &["http"]), "{wrong}");
        }
    }

    #[test]
    fn dns_names_have_labels_of_letters_digits_and_hyphens() {
        for right in ["a.cn", "*.example.gov.cn", "xn--fiqs8s.cn", "localhost"] {
            assert!(is_dns_name(right.as_bytes()), "{right}");
        }
        for wrong in ["", ".cn", "a..cn", "-a.cn", "a_b.cn", "例子.cn", "a.*.cn", "a.cn."] {
            assert!(!is_dns_name(wrong.as_bytes()), "{wrong}");
        }
    }

    #[test]
    fn mailboxes_have_a_local_part_and_a_domain() {
        assert!(is_mailbox(b"zhang.san@example.gov.cn"));
        for wrong in
            ["zhangsan", "@example.cn", "a@", "a b@example.cn", "<a@example.cn>", "a..b@example.cn"]
        {
            assert!(!is_mailbox(wrong.as_bytes()), "{wrong}");
        }
    }
}
