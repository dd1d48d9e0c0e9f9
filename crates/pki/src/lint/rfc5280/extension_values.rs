//! RFC 5280 §4.2: the value of a known extension is of that extension's type.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "rfc5280/extension-values",
    severity: Severity::Error,
    citation: "RFC 5280 §4.2",
    text: "扩展项的内容应符合该扩展项的 ASN.1 定义",
    effective: source::RFC_5280,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("values_of_their_types", person_sign)],
        bad: &[
            ("key_usage_as_integer", || person_sign().with(oid::KEY_USAGE, integer(&[3]))),
            ("octets_after_the_value", || {
                person_sign().with(oid::KEY_USAGE, [key_usage(&[0, 1]), vec![5, 0]].concat())
            }),
            ("crl_point_without_its_outer_tag", || {
                person_sign().with(
                    oid::CRL_DISTRIBUTION_POINTS,
                    seq(&[seq(&[uri("http://crl.example.gov.cn/a")])]),
                )
            }),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let wrong =
        target.view.extensions().iter().find(|extension| !is_readable(&target.view, extension));
    Outcome::from_detail(wrong.map(|extension| format!("扩展项 {} 的内容不可读", extension.oid)))
}

fn is_readable(view: &View<'_>, extension: &Extension<'_>) -> bool {
    match extension.oid {
        oid::KEY_USAGE => view.key_usage().is_some(),
        oid::BASIC_CONSTRAINTS => view.basic_constraints().is_some(),
        oid::SUBJECT_KEY_IDENTIFIER => view.subject_key_id().is_some(),
        oid::AUTHORITY_KEY_IDENTIFIER => sequence(extension),
        oid::EXTENDED_KEY_USAGE => view.purposes().is_some(),
        oid::SUBJECT_ALT_NAME => view.alternative_names().is_some(),
        oid::CRL_DISTRIBUTION_POINTS | oid::FRESHEST_CRL => {
            view.distribution_points(extension.oid).is_some()
        }
        oid::AUTHORITY_INFO_ACCESS => view.access_points().is_some(),
        oid::CERTIFICATE_POLICIES => view.policies().is_some(),
        oid::POLICY_MAPPINGS => view.policy_mappings().is_some(),
        oid::POLICY_CONSTRAINTS => view.policy_constraints().is_some(),
        oid::INHIBIT_ANY_POLICY => view.inhibit_any_policy().is_some(),
        oid::NAME_CONSTRAINTS => view.name_constraints().is_some(),
        oid::PRIVATE_KEY_USAGE_PERIOD => sequence(extension),
        oid::OCSP_NOCHECK => extension.value == [0x05, 0x00],
        _ => true,
    }
}

fn sequence(extension: &Extension<'_>) -> bool {
    tlv::one(extension.value).and_then(|value| value.children(tag::SEQUENCE)).is_some()
}
