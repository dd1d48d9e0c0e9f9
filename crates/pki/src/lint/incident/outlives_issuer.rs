//! A certificate that outlives its issuer cannot be confirmed to its end (Measures Art. 20).

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "incident/outlives-issuer",
    severity: Severity::Error,
    citation: "Measures Art. 20; RFC 5280 §6.1 (validity of the whole path)",
    text: "证书有效期应在颁发者证书有效期之内",
    effective: source::RFC_5280,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("to_the_last_second_of_the_issuer", || {
            person_sign().validity("351101000000Z", "351231235959Z")
        })],
        bad: &[
            ("one_second_longer_than_the_issuer", || {
                person_sign().validity("351101000100Z", "360101000000Z")
            }),
            ("begins_before_the_issuer", || {
                person_sign().validity("251231000000Z", "261230235959Z")
            }),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let Some(issuer) = &target.issuer else {
        return Outcome::Unknown("没有颁发者证书，无法比较有效期");
    };
    let begins = (target.view.not_before.instant(), issuer.not_before.instant());
    let ends = (target.view.not_after.instant(), issuer.not_after.instant());
    match (begins, ends) {
        ((Some(begin), Some(first)), (Some(end), Some(last))) => {
            Outcome::broken_if(begin < first || end > last, || {
                format!("颁发者证书自 {first} 至 {last} 有效")
            })
        }
        _ => Outcome::Unknown("有效期不可读"),
    }
}
