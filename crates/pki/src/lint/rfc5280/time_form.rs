//! RFC 5280 §4.1.2.5: times are in UTC (Z), with seconds, without fractions.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "rfc5280/time-form",
    severity: Severity::Error,
    citation: "RFC 5280 §4.1.2.5.1, §4.1.2.5.2",
    text: "时间应为格林尼治时间（以 Z 结尾），写明秒，不带小数",
    effective: source::RFC_5280,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("utc_time_with_seconds", person_sign)],
        bad: &[
            ("without_seconds", || {
                person_sign().times((tag::UTC_TIME, "2611220000Z"), (tag::UTC_TIME, "2711212359Z"))
            }),
            ("local_time_of_beijing", || {
                person_sign().times(
                    (tag::UTC_TIME, "261122000000+0800"),
                    (tag::UTC_TIME, "271121235959+0800"),
                )
            }),
            ("fraction_of_a_second", || {
                root().times(
                    (tag::UTC_TIME, "260101000000Z"),
                    (tag::GENERALIZED_TIME, "20551231235959.5Z"),
                )
            }),
            ("another_string_type", || {
                person_sign().times((tag::UTF8_STRING, "261122000000Z"), (0x17, "271121235959Z"))
            }),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let wrong = [&target.view.not_before, &target.view.not_after]
        .into_iter()
        .find(|time| !is_well_formed(time));
    Outcome::from_detail(
        wrong.map(|time| format!("时间写作“{}”", String::from_utf8_lossy(time.text))),
    )
}

fn is_well_formed(time: &Time<'_>) -> bool {
    let digits = match time.tag {
        tag::UTC_TIME => 12,
        tag::GENERALIZED_TIME => 14,
        _ => return false,
    };
    let Some((last, before)) = time.text.split_last() else {
        return false;
    };
    *last == b'Z' && before.len() == digits && before.iter().all(u8::is_ascii_digit)
}
