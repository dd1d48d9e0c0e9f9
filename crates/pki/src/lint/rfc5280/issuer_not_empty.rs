//! RFC 5280 §4.1.2.4: the issuer's name is not empty.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "rfc5280/issuer-not-empty",
    severity: Severity::Error,
    citation: "RFC 5280 §4.1.2.4",
    text: "颁发者名称不得为空",
    effective: source::RFC_5280,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("three_items", person_sign)],
        bad: &[("empty_sequence", || person_sign().issuer(seq(&[])))],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    Outcome::broken_if(target.view.issuer.is_empty(), || "名称中没有任何一项".to_owned())
}
