//! RFC 5280 §4.2: a critical extension that is not known makes every relying party refuse the certificate.

use crate::lint::prelude::*;

/// Extensions that relying parties of this software process.
pub(in crate::lint) const KNOWN: &[Oid] = &[
    oid::AUTHORITY_KEY_IDENTIFIER,
    oid::SUBJECT_KEY_IDENTIFIER,
    oid::KEY_USAGE,
    oid::PRIVATE_KEY_USAGE_PERIOD,
    oid::CERTIFICATE_POLICIES,
    oid::POLICY_MAPPINGS,
    oid::SUBJECT_ALT_NAME,
    oid::ISSUER_ALT_NAME,
    oid::BASIC_CONSTRAINTS,
    oid::NAME_CONSTRAINTS,
    oid::POLICY_CONSTRAINTS,
    oid::EXTENDED_KEY_USAGE,
    oid::CRL_DISTRIBUTION_POINTS,
    oid::INHIBIT_ANY_POLICY,
    oid::FRESHEST_CRL,
    oid::AUTHORITY_INFO_ACCESS,
    oid::OCSP_NOCHECK,
];

pub(super) const LINT: Lint = Lint {
    name: "rfc5280/unknown-critical",
    severity: Severity::Error,
    citation: "RFC 5280 §4.2",
    text: "关键扩展项应是依赖方能够处理的扩展项",
    effective: source::RFC_5280,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("private_extension_not_critical", || {
            person_sign().and(PRIVATE, false, utf8("值"))
        })],
        bad: &[("private_extension_critical", || person_sign().and(PRIVATE, true, utf8("值")))],
    },
};

/// An extension of an institution's own, in an arc made of a UUID.
#[cfg(test)]
const PRIVATE: Oid = Oid::new("2.25.148926349512345678901234567890123456789.1");

fn check(target: &Target<'_>) -> Outcome {
    let unknown =
        target.view.extensions().iter().find(|one| one.critical && !KNOWN.contains(&one.oid));
    Outcome::from_detail(unknown.map(|extension| format!("扩展项 {} 标为关键", extension.oid)))
}
