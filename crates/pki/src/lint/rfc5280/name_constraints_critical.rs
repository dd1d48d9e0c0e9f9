//! RFC 5280 §4.2.1.10: nameConstraints is critical.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "rfc5280/name-constraints-critical",
    severity: Severity::Error,
    citation: "RFC 5280 §4.2.1.10",
    text: "名称约束应为关键扩展项",
    effective: source::RFC_5280,
    applies: |target| target.view.extension(oid::NAME_CONSTRAINTS).is_some(),
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("critical", || with_constraints(true))],
        bad: &[("not_critical", || with_constraints(false))],
    },
};

#[cfg(test)]
fn with_constraints(critical: bool) -> Example {
    let value = seq(&[explicit(0, &seq(&[implicit(2, b"gov.cn")]))]);
    sub_ca().and(oid::NAME_CONSTRAINTS, critical, value)
}

fn check(target: &Target<'_>) -> Outcome {
    let critical =
        target.view.extension(oid::NAME_CONSTRAINTS).is_some_and(|extension| extension.critical);
    Outcome::broken_if(!critical, || "nameConstraints 未标为关键".to_owned())
}
