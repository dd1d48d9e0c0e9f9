//! RFC 5280 §4.2.1.11, §4.2.1.14: policyConstraints and inhibitAnyPolicy are critical.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "rfc5280/policy-extensions-critical",
    severity: Severity::Error,
    citation: "RFC 5280 §4.2.1.11, §4.2.1.14",
    text: "策略约束和禁止任意策略应为关键扩展项",
    effective: source::RFC_5280,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("critical", || sub_ca().and(oid::INHIBIT_ANY_POLICY, true, integer(&[0])))],
        bad: &[
            ("inhibit_any_policy_not_critical", || {
                sub_ca().and(oid::INHIBIT_ANY_POLICY, false, integer(&[0]))
            }),
            ("policy_constraints_not_critical", || {
                sub_ca().and(oid::POLICY_CONSTRAINTS, false, seq(&[implicit(0, &[0])]))
            }),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let must = [oid::POLICY_CONSTRAINTS, oid::INHIBIT_ANY_POLICY];
    let wrong = target
        .view
        .extensions()
        .iter()
        .find(|extension| must.contains(&extension.oid) && !extension.critical);
    Outcome::from_detail(wrong.map(|extension| format!("扩展项 {} 未标为关键", extension.oid)))
}
