//! RFC 5280 §4.2.1.5, §4.2.1.11, §4.2.1.14: extensions that steer policies stand in CA certificates only; mappings
//! do not touch anyPolicy, and policyConstraints is not empty.

use crate::lint::prelude::*;

const STEERING: &[Oid] = &[oid::POLICY_MAPPINGS, oid::POLICY_CONSTRAINTS, oid::INHIBIT_ANY_POLICY];

pub(super) const LINT: Lint = Lint {
    name: "rfc5280/policy-extensions-only-ca",
    severity: Severity::Error,
    citation: "RFC 5280 §4.2.1.5, §4.2.1.11, §4.2.1.14",
    text: "策略映射、策略约束和禁止任意策略只能用于 CA 证书，内容应有意义",
    effective: source::RFC_5280,
    applies: |target| {
        target.view.extensions().iter().any(|extension| STEERING.contains(&extension.oid))
    },
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("explicit_policy_in_a_ca", || {
            sub_ca().and(oid::POLICY_CONSTRAINTS, true, seq(&[implicit(0, &[0])]))
        })],
        bad: &[
            ("in_an_end_entity", || {
                person_sign().and(oid::INHIBIT_ANY_POLICY, true, integer(&[0]))
            }),
            ("mapping_of_any_policy", || {
                let pair = seq(&[oid(oid::ANY_POLICY), oid(POLICY)]);
                sub_ca().and(oid::POLICY_MAPPINGS, true, seq(&[pair]))
            }),
            ("empty_policy_constraints", || sub_ca().and(oid::POLICY_CONSTRAINTS, true, seq(&[]))),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let view = &target.view;
    if !view.is_ca() {
        return Outcome::Broken("不是 CA 证书".to_owned());
    }
    let mappings = view.policy_mappings().unwrap_or_default();
    if mappings.iter().any(|(issuer, subject)| [*issuer, *subject].contains(&oid::ANY_POLICY)) {
        return Outcome::Broken("策略映射涉及 anyPolicy".to_owned());
    }
    Outcome::broken_if(view.policy_constraints() == Some((None, None)), || {
        "策略约束中没有任何一项".to_owned()
    })
}
