//! Personal Information Protection Law Art. 6: no more than needed. A name is published in directories; an identity
//! card number belongs into its extension, if anywhere.

use crate::ident::IdNumber;
use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "gmt0015/no-id-in-name",
    severity: Severity::Warn,
    citation: "Personal Information Protection Law Art. 6",
    text: "主体名称中不宜写入公民身份号码",
    effective: source::PERSONAL_INFORMATION,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[
            ("name_only", person_sign),
            ("eighteen_digits_of_another_kind", || {
                person_sign().subject(person_named("设备110105194912310021"))
            }),
        ],
        bad: &[
            ("number_after_the_name", || {
                person_sign().subject(person_named("张三11010519491231002X"))
            }),
            ("number_between_marks", || {
                person_sign().subject(person_named("1@011010519491231002X@张三@1"))
            }),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let holds = |text: &str| {
        let characters: Vec<char> = text.chars().collect();
        characters
            .windows(18)
            .any(|window| IdNumber::parse(&window.iter().collect::<String>()).is_ok())
    };
    let wrong = target.view.subject.attributes.iter().find(|attribute| holds(&attribute.text()));
    Outcome::from_detail(wrong.map(|attribute| format!("{}含有公民身份号码", attribute.label())))
}
