//! Identifiers of examples and of unregistered arcs that found their way into production certificates.

use crate::lint::prelude::*;

/// The documentation arc is let through as a certificate policy only: see [`oid::PLACEHOLDER_POLICIES`].
fn is_placeholder(policy: &Oid) -> bool {
    policy.is_below(&oid::PLACEHOLDER_POLICIES)
}

pub(super) const LINT: Lint = Lint {
    name: "incident/test-identifiers",
    severity: Severity::Error,
    citation: "ITU-T X.660; RFC 5612",
    text: "证书不得使用示例用或者测试用的对象标识符",
    effective: source::RFC_5280,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("policy_of_an_own_arc", person_sign)],
        bad: &[
            ("policy_1_2_3_4", || with_policy(Oid::new("1.2.3.4"))),
            ("policy_below_2_999", || with_policy(Oid::new("2.999.1.5"))),
            ("extension_of_the_documentation_arc", || {
                person_sign().and(Oid::new("1.3.6.1.4.1.32473.1"), false, utf8("示例"))
            }),
        ],
    },
};

#[cfg(test)]
fn with_policy(kind: Oid) -> Example {
    person_sign().with(oid::CERTIFICATE_POLICIES, seq(&[policy(kind, None)]))
}

fn check(target: &Target<'_>) -> Outcome {
    let view = &target.view;
    let mut used: Vec<Oid> = view.extensions().iter().map(|extension| extension.oid).collect();
    let policies = view.policies().unwrap_or_default();
    used.extend(policies.iter().map(|policy| policy.oid).filter(|policy| !is_placeholder(policy)));
    used.extend(view.purposes().unwrap_or_default());
    used.extend(view.subject.attributes.iter().map(|attribute| attribute.oid));
    let wrong = used.into_iter().find(Oid::is_example);
    Outcome::from_detail(wrong.map(|one| format!("使用了 {one}")))
}
