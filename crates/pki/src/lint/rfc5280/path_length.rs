//! RFC 5280 §4.2.1.9: pathLenConstraint stands only where cA is true and keyCertSign is set.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "rfc5280/path-length",
    severity: Severity::Error,
    citation: "RFC 5280 §4.2.1.9",
    text: "路径长度约束只能用于可签发证书的 CA 证书",
    effective: source::RFC_5280,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("path_length_zero_in_a_ca", sub_ca)],
        bad: &[
            ("in_an_end_entity", || {
                person_sign().and(oid::BASIC_CONSTRAINTS, true, seq(&[integer(&[0])]))
            }),
            ("in_a_ca_that_signs_crls_only", || sub_ca().with(oid::KEY_USAGE, key_usage(&[6]))),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let constraints = target.view.basic_constraints().unwrap_or_default();
    let signs = target.view.key_usage().is_none_or(|usage| usage.has(KeyUsage::KEY_CERT_SIGN));
    let misplaced = constraints.path_len.is_some() && !(constraints.ca && signs);
    Outcome::broken_if(misplaced, || "含有 pathLenConstraint".to_owned())
}
