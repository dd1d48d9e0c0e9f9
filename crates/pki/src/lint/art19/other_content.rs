//! Art. 19 (7): other contents that the cryptography administration prescribes; here the certificate policy
//! (GM/T 0015 certificatePolicies) that tells under which rules the certificate was issued (check C19-6).

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "art19/other-content",
    severity: Severity::Error,
    citation: "Measures Art. 19 (7); GM/T 0015 certificatePolicies",
    text: "证书应当载明国家密码管理局规定的其他内容（证书策略标识）",
    effective: source::MEASURES,
    applies: is_subscriber,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("policy_of_the_institution", person_sign)],
        bad: &[
            ("no_policy", || person_sign().without(oid::CERTIFICATE_POLICIES)),
            ("any_policy_only", || {
                person_sign().with(oid::CERTIFICATE_POLICIES, seq(&[policy(oid::ANY_POLICY, None)]))
            }),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let policies = target.view.policies().unwrap_or_default();
    let stated = policies.iter().any(|policy| policy.oid != oid::ANY_POLICY);
    Outcome::broken_if(!stated, || "没有载明具体的证书策略标识".to_owned())
}
