//! RFC 5280 §4.1.2.6: the subject of a CA is not empty, because it becomes the issuer of others.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "rfc5280/ca-subject-not-empty",
    severity: Severity::Error,
    citation: "RFC 5280 §4.1.2.6",
    text: "CA 证书的主体名称不得为空",
    effective: source::RFC_5280,
    applies: is_ca,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("three_items", sub_ca)],
        bad: &[("empty_sequence", || sub_ca().subject(seq(&[])))],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    Outcome::broken_if(target.view.subject.is_empty(), || "名称中没有任何一项".to_owned())
}
