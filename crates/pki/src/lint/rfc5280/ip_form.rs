//! RFC 5280 §4.2.1.6: an IP address has 4 or 16 octets.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "rfc5280/ip-form",
    severity: Severity::Error,
    citation: "RFC 5280 §4.2.1.6",
    text: "IP 地址应为 4 个或者 16 个字节",
    effective: source::RFC_5280,
    applies: |target| target.view.extension(oid::SUBJECT_ALT_NAME).is_some(),
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("four_octets", || with_address(&[198, 51, 100, 7]))],
        bad: &[("eight_octets_as_in_constraints", || {
            with_address(&[198, 51, 100, 0, 255, 255, 255, 0])
        })],
    },
};

#[cfg(test)]
fn with_address(octets: &[u8]) -> Example {
    server().with(
        oid::SUBJECT_ALT_NAME,
        seq(&[implicit(2, b"www.example.gov.cn"), implicit(7, octets)]),
    )
}

fn check(target: &Target<'_>) -> Outcome {
    let names = target.view.alternative_names().unwrap_or_default();
    let wrong =
        names.iter().find(|name| name.form == Form::Ip && !matches!(name.value.len(), 4 | 16));
    Outcome::from_detail(wrong.map(|name| format!("IP 地址有 {} 个字节", name.value.len())))
}
