//! For years one large CA's certificates of "90 days" were valid for 90 days and one second, because notAfter still
//! belongs to the validity. So notAfter − notBefore of whole days is one second too many.

use crate::lint::prelude::*;

const DAY_SECONDS: i64 = 86_400;

pub(super) const LINT: Lint = Lint {
    name: "incident/extra-second",
    severity: Severity::Error,
    citation: "RFC 5280 §4.1.2.5 (incident bz1715455, validity of one second too many)",
    text: "有效期不得比规定的天数多出一秒",
    effective: source::EXTRA_SECOND,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[
            ("one_year_less_a_second", person_sign),
            ("begin_within_the_day", || person_sign().validity("261122102345Z", "271122102344Z")),
        ],
        bad: &[
            ("one_year_to_the_same_second", || {
                person_sign().validity("261122102345Z", "271122102345Z")
            }),
            ("ninety_days_and_a_second", || {
                person_sign().validity("261122000000Z", "270220000000Z")
            }),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    match (target.view.not_before.instant(), target.view.not_after.instant()) {
        (Some(begin), Some(end)) => {
            let seconds = end.as_second() - begin.as_second();
            let whole_days = seconds > 0 && seconds % DAY_SECONDS == 0;
            Outcome::broken_if(whole_days, || {
                format!("有效期为 {} 天又 1 秒", seconds / DAY_SECONDS)
            })
        }
        _ => Outcome::Unknown("有效期不可读"),
    }
}
