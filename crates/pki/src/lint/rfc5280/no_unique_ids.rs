//! RFC 5280 §4.1.2.8: conforming CAs do not write unique identifiers.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "rfc5280/no-unique-ids",
    severity: Severity::Error,
    citation: "RFC 5280 §4.1.2.8",
    text: "证书不得包含颁发者或主体唯一标识符字段",
    effective: source::RFC_5280,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("without", person_sign)],
        bad: &[
            ("issuer_unique_id", || person_sign().unique_ids(implicit(1, &[0, 1]))),
            ("subject_unique_id", || person_sign().unique_ids(implicit(2, &[0, 1]))),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    Outcome::broken_if(target.view.unique_ids, || "含有唯一标识符字段".to_owned())
}
