//! Art. 19 (4): the certificate states its term of validity (check C19-4).

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "art19/validity",
    severity: Severity::Error,
    citation: "Measures Art. 19 (4)",
    text: "证书应当载明证书有效期",
    effective: source::MEASURES,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[
            ("one_year", person_sign),
            ("to_the_last_day_of_february", || {
                person_sign().validity("270301000000Z", "280229235959Z")
            }),
        ],
        bad: &[
            ("end_on_a_day_that_does_not_exist", || {
                person_sign().validity("261122000000Z", "270229235959Z")
            }),
            ("begin_without_digits", || person_sign().validity("soon---------", "271121235959Z")),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let unreadable = |time: &Time<'_>, what: &str| {
        let text = String::from_utf8_lossy(time.text).into_owned();
        time.instant().is_none().then(|| format!("{what}“{text}”不是可读的时间"))
    };
    let details = [
        unreadable(&target.view.not_before, "起始时间"),
        unreadable(&target.view.not_after, "终止时间"),
    ];
    Outcome::from_details(&details.into_iter().flatten().collect::<Vec<_>>())
}
