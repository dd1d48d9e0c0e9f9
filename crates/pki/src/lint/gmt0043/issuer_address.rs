//! GM/T 0043 §6: authorityInfoAccess leads to the issuer's certificate; so its addresses can be fetched. One
//! institution writes the scheme as `OCSP://`, which no client follows.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "gmt0043/issuer-address",
    severity: Severity::Error,
    citation: "GM/T 0043-2015 §6; RFC 5280 §4.2.2.1",
    text: "机构信息访问扩展项中的地址应能访问",
    effective: source::GMT_0043,
    applies: |target| target.view.extension(oid::AUTHORITY_INFO_ACCESS).is_some(),
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("http_addresses", person_sign)],
        bad: &[
            ("scheme_ocsp", || with_access(access(oid::ACCESS_OCSP, "OCSP://ocsp.example.gov.cn"))),
            ("issuer_by_relative_address", || {
                with_access(access(oid::ACCESS_CA_ISSUERS, "/ca1.cer"))
            }),
        ],
    },
};

#[cfg(test)]
fn with_access(description: Vec<u8>) -> Example {
    person_sign().with(oid::AUTHORITY_INFO_ACCESS, seq(&[description]))
}

fn check(target: &Target<'_>) -> Outcome {
    let points = target.view.access_points().unwrap_or_default();
    let wrong = points.iter().find(|(method, location)| {
        let schemes: &[&str] = match *method {
            oid::ACCESS_OCSP => &["http", "https"],
            oid::ACCESS_CA_ISSUERS => &["http", "https", "ldap", "ldaps"],
            _ => return false,
        };
        location.form == Form::Uri && !crate::lint::uri::is_one_of(location.value, schemes)
    });
    Outcome::from_detail(wrong.map(|(_, location)| {
        format!("“{}”不是可访问的地址", String::from_utf8_lossy(location.value))
    }))
}
