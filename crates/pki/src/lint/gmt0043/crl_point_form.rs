//! GM/T 0043 §6: the address in cRLDistributionPoints must serve a CRL; so at least one address is one that can be
//! fetched. (Fetching it is the task of the institution's monitoring, not of a lint.)

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "gmt0043/crl-point-form",
    severity: Severity::Error,
    citation: "GM/T 0043-2015 §6",
    text: "CRL 发布点应给出可以下载 CRL 的地址",
    effective: source::GMT_0043,
    applies: |target| target.view.extension(oid::CRL_DISTRIBUTION_POINTS).is_some(),
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("http_beside_ldap", || {
            let names = [
                uri("ldap://ldap.example.gov.cn/cn=crl1"),
                uri("http://crl.example.gov.cn/ca1.crl"),
            ];
            person_sign().with(oid::CRL_DISTRIBUTION_POINTS, seq(&[distribution_point(&names)]))
        })],
        bad: &[
            ("address_without_host", || {
                person_sign().with(
                    oid::CRL_DISTRIBUTION_POINTS,
                    seq(&[distribution_point(&[uri("http:///a.crl")])]),
                )
            }),
            ("directory_name_only", || {
                let name = explicit(4, &ca_name());
                person_sign()
                    .with(oid::CRL_DISTRIBUTION_POINTS, seq(&[distribution_point(&[name])]))
            }),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let points = target.view.distribution_points(oid::CRL_DISTRIBUTION_POINTS).unwrap_or_default();
    let mut uris =
        points.iter().flat_map(|point| &point.full_name).filter(|name| name.form == Form::Uri);
    let usable = uris
        .any(|name| crate::lint::uri::is_one_of(name.value, &["http", "https", "ldap", "ldaps"]));
    Outcome::broken_if(!usable, || "没有 http 或 ldap 地址".to_owned())
}
