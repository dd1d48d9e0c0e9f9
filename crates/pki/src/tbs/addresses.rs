//! Addresses of the institution that go into its certificates.

use serde::{Deserialize, Serialize};

use super::Refusal;
use crate::error::Error;
use crate::ext::{
    AccessDescription, AuthorityInfoAccess, CrlDistributionPoints, DistributionPoint, Extension,
    FreshestCrl, GeneralName, TypedExtension,
};
use crate::oid;
use crate::profile::{Document, Presence};

/// Addresses; an empty list stands for "none".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Urls {
    /// CRL (or its shard) that will name the certificate.
    pub crl: Vec<String>,
    /// Delta CRL.
    pub freshest_crl: Vec<String>,
    /// OCSP responder.
    pub ocsp: Vec<String>,
    /// Certificate of the issuer.
    pub ca_issuers: Vec<String>,
    /// Certification practice statement.
    pub cps: Option<String>,
}

/// The extensions made of addresses alone, in their order.
pub(super) fn extensions(document: &Document, urls: &Urls) -> Result<Vec<Extension>, Error> {
    let mut all = Vec::new();
    if let Some(crl) = chosen("crl", document.crl.distribution_points, &urls.crl)? {
        all.push(CrlDistributionPoints(vec![point(crl)]).to_extension(false));
    }
    if let Some(freshest) = chosen("freshest_crl", document.crl.freshest, &urls.freshest_crl)? {
        all.push(FreshestCrl(vec![point(freshest)]).to_extension(false));
    }
    let mut access = Vec::new();
    for (item, presence, urls, method) in [
        ("ocsp", document.access.ocsp, &urls.ocsp, oid::ACCESS_OCSP),
        ("ca_issuers", document.access.ca_issuers, &urls.ca_issuers, oid::ACCESS_CA_ISSUERS),
    ] {
        let urls = chosen(item, presence, urls)?.unwrap_or_default();
        access.extend(
            urls.iter()
                .map(|url| AccessDescription { method, location: GeneralName::Uri(url.clone()) }),
        );
    }
    if !access.is_empty() {
        all.push(AuthorityInfoAccess(access).to_extension(false));
    }
    Ok(all)
}

/// The CPS address where the profile wants it.
pub(super) fn cps(presence: Presence, urls: &Urls) -> Result<Option<&str>, Error> {
    let list: Vec<_> = urls.cps.iter().cloned().collect();
    Ok(if chosen("cps", presence, &list)?.is_some() { urls.cps.as_deref() } else { None })
}

fn chosen<'a>(
    item: &str,
    presence: Presence,
    urls: &'a [String],
) -> Result<Option<&'a [String]>, Error> {
    match presence {
        Presence::None => return Ok(None),
        Presence::Required if urls.is_empty() => return Err(Refusal::AddressMissing.at(item)),
        _ => {}
    }
    match urls.iter().find(|url| !is_address(url)) {
        Some(url) => Err(Refusal::AddressForm.at(url.as_str())),
        None => Ok((!urls.is_empty()).then_some(urls)),
    }
}

fn point(urls: &[String]) -> DistributionPoint {
    DistributionPoint::at(urls.iter().map(String::as_str))
}

/// A scheme we publish under, a host, and nothing but visible ASCII.
fn is_address(url: &str) -> bool {
    let host =
        ["http://", "https://", "ldap://"].iter().find_map(|scheme| url.strip_prefix(scheme));
    let has_host = host.is_some_and(|rest| {
        rest.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric() || b == b'[')
    });
    has_host
        && url.len() <= 512
        && url.bytes().all(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::is_address;

    #[test]
    fn addresses_are_held_to_scheme_host_and_alphabet() {
        for good in [
            "http://crl.example.gov.cn/ca.crl",
            "https://[::1]:8443/x",
            "ldap://d.example.cn/cn=ca,c=cn?x",
        ] {
            assert!(is_address(good), "{good}");
        }
        for bad in [
            "",
            "ftp://a/b",
            "http://",
            "http:///x",
            "http://证书.cn/",
            "http://a b/",
            "HTTP://a/",
            "http://a/<x>",
        ] {
            assert!(!is_address(bad), "{bad}");
        }
    }
}
