//! GM/T 0043 §6, RFC 5280 §4.1.2.5: times from 2050 are GeneralizedTime. As a UTCTime such a time falls back into
//! the twentieth century.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "gmt0043/generalized-time",
    severity: Severity::Error,
    citation: "GM/T 0043-2015 §6; RFC 5280 §4.1.2.5",
    text: "2050 年及以后的时间应使用 GeneralizedTime 编码",
    effective: source::GMT_0043,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("root_until_2055", || root().validity("260101000000Z", "20551231235959Z"))],
        bad: &[("two_digits_for_2055", || root().validity("260101000000Z", "551231235959Z"))],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let wrong = [&target.view.not_before, &target.view.not_after]
        .into_iter()
        .find(|time| time.tag == tag::UTC_TIME && time.text >= b"5".as_slice());
    Outcome::from_detail(
        wrong.map(|time| format!("“{}”使用了 UTCTime", String::from_utf8_lossy(time.text))),
    )
}
