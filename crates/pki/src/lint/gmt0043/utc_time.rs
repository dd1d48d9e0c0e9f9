//! GM/T 0043 §6, RFC 5280 §4.1.2.5: times through 2049 are UTCTime.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "gmt0043/utc-time",
    severity: Severity::Error,
    citation: "GM/T 0043-2015 §6; RFC 5280 §4.1.2.5",
    text: "2049 年及以前的时间应使用 UTCTime 编码",
    effective: source::GMT_0043,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("last_second_of_2049", || root().validity("260101000000Z", "491231235959Z"))],
        bad: &[("generalized_time_in_2027", || {
            person_sign().validity("261122000000Z", "20271121235959Z")
        })],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let wrong = [&target.view.not_before, &target.view.not_after]
        .into_iter()
        .find(|time| time.tag == tag::GENERALIZED_TIME && time.text < b"2050".as_slice());
    Outcome::from_detail(
        wrong.map(|time| format!("“{}”使用了 GeneralizedTime", String::from_utf8_lossy(time.text))),
    )
}
