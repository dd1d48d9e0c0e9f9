//! RFC 5280 §4.1.2.1: extensions need version 3, unique identifiers version 2 or 3.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "rfc5280/version-matches",
    severity: Severity::Error,
    citation: "RFC 5280 §4.1.2.1",
    text: "版本应与证书所含的字段相符",
    effective: source::RFC_5280,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("version_3_with_extensions", person_sign)],
        bad: &[
            ("version_1_with_extensions", || person_sign().version(None)),
            ("version_1_written_out", || person_sign().version(Some(0)).no_extensions()),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let view = &target.view;
    match view.version {
        None if view.extensions.is_some() => Outcome::Broken("V1 证书带有扩展项".to_owned()),
        None if view.unique_ids => Outcome::Broken("V1 证书带有唯一标识符".to_owned()),
        Some(&[0]) => Outcome::Broken("V1 是缺省值，不得写出".to_owned()),
        Some(&[1]) if view.extensions.is_some() => Outcome::Broken("V2 证书带有扩展项".to_owned()),
        _ => Outcome::Pass,
    }
}
