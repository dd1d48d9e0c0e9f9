//! GM/T 0043 §6: the address in certificatePolicies leads to the rules; so it is an http address.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "gmt0043/policy-address",
    severity: Severity::Error,
    citation: "GM/T 0043-2015 §6; RFC 5280 §4.2.1.4",
    text: "证书策略中的地址应能访问（http 或 https 地址）",
    effective: source::GMT_0043,
    applies: |target| target.view.extension(oid::CERTIFICATE_POLICIES).is_some(),
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[
            ("https_address", person_sign),
            ("policy_without_address", || {
                person_sign().with(oid::CERTIFICATE_POLICIES, seq(&[policy(POLICY, None)]))
            }),
        ],
        bad: &[
            ("address_without_scheme", || with_address("www.example.gov.cn/cps")),
            ("address_of_a_file", || with_address("file:///cps.pdf")),
        ],
    },
};

#[cfg(test)]
fn with_address(text: &str) -> Example {
    person_sign().with(oid::CERTIFICATE_POLICIES, seq(&[policy(POLICY, Some(text))]))
}

fn check(target: &Target<'_>) -> Outcome {
    let policies = target.view.policies().unwrap_or_default();
    let addresses = policies
        .iter()
        .flat_map(|policy| &policy.qualifiers)
        .filter(|(kind, _)| *kind == oid::QUALIFIER_CPS);
    let wrong = addresses
        .map(|(_, address)| address.content)
        .find(|address| !crate::lint::uri::is_one_of(address, &["http", "https"]));
    Outcome::from_detail(
        wrong.map(|address| format!("“{}”不是可访问的地址", String::from_utf8_lossy(address))),
    )
}
