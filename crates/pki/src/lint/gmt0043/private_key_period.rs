//! GM/T 0043 §6: privateKeyUsagePeriod lies within the validity of the certificate.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "gmt0043/private-key-period",
    severity: Severity::Error,
    citation: "GM/T 0043-2015 §6; GM/T 0015 privateKeyUsagePeriod",
    text: "私钥使用期不得超出证书有效期",
    effective: source::GMT_0043,
    applies: |target| target.view.extension(oid::PRIVATE_KEY_USAGE_PERIOD).is_some(),
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("first_half_of_the_year", || with_period("20261122000000Z", "20270521235959Z"))],
        bad: &[
            ("one_second_longer", || with_period("20261122000000Z", "20271122000000Z")),
            ("one_second_earlier", || with_period("20261121235959Z", "20270521235959Z")),
            ("times_that_cannot_be_read", || with_period("2026", "2027")),
        ],
    },
};

#[cfg(test)]
fn with_period(begin: &str, end: &str) -> Example {
    person_sign().with(
        oid::PRIVATE_KEY_USAGE_PERIOD,
        seq(&[implicit(0, begin.as_bytes()), implicit(1, end.as_bytes())]),
    )
}

fn check(target: &Target<'_>) -> Outcome {
    let view = &target.view;
    let (Some(begin), Some(end)) = (view.not_before.instant(), view.not_after.instant()) else {
        return Outcome::Unknown("有效期不可读");
    };
    let period = view
        .extension_value(oid::PRIVATE_KEY_USAGE_PERIOD)
        .and_then(|value| value.children(tag::SEQUENCE));
    let within = |part: &Tlv<'_>| {
        let instant = Time { tag: tag::GENERALIZED_TIME, text: part.content }.instant();
        instant.is_some_and(|instant| begin <= instant && instant <= end)
    };
    let kept = period.is_some_and(|parts| !parts.is_empty() && parts.iter().all(within));
    Outcome::broken_if(!kept, || format!("私钥使用期不在 {begin} 至 {end} 之内"))
}
