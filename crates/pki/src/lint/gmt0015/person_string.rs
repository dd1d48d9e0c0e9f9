//! GM/T 0015: identity card and passport are PrintableString, the officer's card is UTF8String.

use super::{has_person, person};
use crate::lint::name::string_type;
use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "gmt0015/person-string",
    severity: Severity::Error,
    citation: "GM/T 0015 IdentifyCode",
    text: "身份证号、护照号应为 PrintableString，军官证号应为 UTF8String",
    effective: source::GMT_0015,
    applies: has_person,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[
            ("card_printable", || with(explicit(0, &printable("11010519491231002X")))),
            ("officer_utf8", || with(explicit(1, &utf8("军字第0001号")))),
        ],
        bad: &[
            ("card_utf8", || with(explicit(0, &utf8("11010519491231002X")))),
            ("officer_printable", || with(explicit(1, &printable("0001")))),
        ],
    },
};

#[cfg(test)]
fn with(value: Vec<u8>) -> Example {
    person_sign().and(oid::IDENTIFY_CODE, false, value)
}

fn check(target: &Target<'_>) -> Outcome {
    let Some(person) = person(&target.view) else {
        return Outcome::Pass;
    };
    let expected = if person.choice == 1 { tag::UTF8_STRING } else { tag::PRINTABLE_STRING };
    let wrong = person.string.filter(|string| *string != expected);
    Outcome::from_detail(wrong.map(|string| format!("使用了 {}", string_type(string))))
}
