//! RFC 5280 §4.2.1.10: nameConstraints stands in CA certificates only, and constrains something.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "rfc5280/name-constraints-only-ca",
    severity: Severity::Error,
    citation: "RFC 5280 §4.2.1.10",
    text: "名称约束只能用于 CA 证书，且不得为空",
    effective: source::RFC_5280,
    applies: |target| target.view.extension(oid::NAME_CONSTRAINTS).is_some(),
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("permitted_domain_in_a_ca", || {
            sub_ca().and(oid::NAME_CONSTRAINTS, true, permitted(b"gov.cn"))
        })],
        bad: &[
            ("in_an_end_entity", || {
                person_sign().and(oid::NAME_CONSTRAINTS, true, permitted(b"gov.cn"))
            }),
            ("empty", || sub_ca().and(oid::NAME_CONSTRAINTS, true, seq(&[]))),
        ],
    },
};

#[cfg(test)]
fn permitted(domain: &[u8]) -> Vec<u8> {
    seq(&[explicit(0, &seq(&[implicit(2, domain)]))])
}

fn check(target: &Target<'_>) -> Outcome {
    let empty = matches!(target.view.name_constraints(), Some((permitted, excluded)) if permitted.is_empty() && excluded.is_empty());
    if empty {
        return Outcome::Broken("名称约束中没有任何一项".to_owned());
    }
    Outcome::broken_if(!target.view.is_ca(), || "不是 CA 证书而含有名称约束".to_owned())
}
