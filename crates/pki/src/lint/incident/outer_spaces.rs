//! Spaces around a value make two names of one, and no reader sees them.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "incident/outer-spaces",
    severity: Severity::Error,
    citation: "Measures Art. 19; RFC 4518 §2.6.1",
    text: "名称各项首尾不得有空格",
    effective: source::RFC_5280,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("space_within_a_foreign_name", || {
            person_sign().subject(person_named("Zhang San"))
        })],
        bad: &[
            ("space_behind_the_name", || person_sign().subject(person_named("张三 "))),
            ("ideographic_space_before_the_name", || {
                person_sign().subject(person_named("\u{3000}张三"))
            }),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let spaced = |text: &str| text.trim() != text;
    let wrong = target.view.subject.attributes.iter().find(|attribute| spaced(&attribute.text()));
    Outcome::from_detail(wrong.map(|attribute| format!("{}的首尾有空格", attribute.label())))
}
