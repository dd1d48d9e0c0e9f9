//! RFC 5280 §4.2.1.4: a policy is not stated twice.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "rfc5280/policy-duplicates",
    severity: Severity::Error,
    citation: "RFC 5280 §4.2.1.4",
    text: "同一证书策略不得重复载明",
    effective: source::RFC_5280,
    applies: |target| target.view.extension(oid::CERTIFICATE_POLICIES).is_some(),
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("one_policy", person_sign)],
        bad: &[
            ("same_policy_twice", || {
                person_sign().with(
                    oid::CERTIFICATE_POLICIES,
                    seq(&[policy(POLICY, None), policy(POLICY, None)]),
                )
            }),
            ("empty_list", || person_sign().with(oid::CERTIFICATE_POLICIES, seq(&[]))),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let mut stated: Vec<Oid> =
        target.view.policies().unwrap_or_default().iter().map(|policy| policy.oid).collect();
    let count = stated.len();
    stated.sort_unstable();
    stated.dedup();
    Outcome::broken_if(count == 0 || stated.len() < count, || {
        format!("共 {count} 项，其中不同的 {} 项", stated.len())
    })
}
