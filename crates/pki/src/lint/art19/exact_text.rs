//! Art. 19, opening sentence: the certificate is exact and without error. Names hold no characters that cannot be
//! read or that make one name look like another.

use crate::lint::prelude::*;
use crate::name::is_invisible;

pub(super) const LINT: Lint = Lint {
    name: "art19/exact-text",
    severity: Severity::Error,
    citation: "Measures Art. 19",
    text: "证书内容应当准确无误，名称中不得有不可见、不可读的字符",
    effective: source::MEASURES,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("rare_character_of_extension_b", || person_sign().subject(person_named("王𠮷")))],
        bad: &[
            ("zero_width_space", || person_sign().subject(person_named("张\u{200b}三"))),
            ("right_to_left_override", || person_sign().subject(person_named("张\u{202e}三"))),
            ("line_break", || person_sign().subject(person_named("张\n三"))),
            ("replacement_character", || person_sign().subject(person_named("张\u{fffd}"))),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let names = target.view.issuer.attributes.iter().chain(&target.view.subject.attributes);
    let details: Vec<String> = names
        .filter_map(|attribute| {
            let wrong = attribute.text().chars().find(|character| is_hidden(*character))?;
            Some(format!("{}中有字符 U+{:04X}", attribute.label(), u32::from(wrong)))
        })
        .collect();
    Outcome::from_details(&details)
}

/// Control, format and replacement characters (general categories Cc and the Cf that matter in names).
fn is_hidden(character: char) -> bool {
    is_invisible(character) || matches!(character, '\u{fffc}' | '\u{fffd}')
}
