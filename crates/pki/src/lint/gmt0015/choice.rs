//! GM/T 0015: the personal identity code is a choice of identity card [0], officer's card [1] and passport [2].

use super::{has_person, person};
use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "gmt0015/choice",
    severity: Severity::Error,
    citation: "GM/T 0015 IdentifyCode",
    text: "个人身份标识码应为身份证、军官证或者护照三者之一",
    effective: source::GMT_0015,
    applies: has_person,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("passport", || with(explicit(2, &printable("E12345678"))))],
        bad: &[
            ("string_without_choice", || with(printable("11010519491231002X"))),
            ("fourth_choice", || with(explicit(3, &printable("11010519491231002X")))),
        ],
    },
};

#[cfg(test)]
fn with(value: Vec<u8>) -> Example {
    person_sign().and(oid::IDENTIFY_CODE, false, value)
}

fn check(target: &Target<'_>) -> Outcome {
    Outcome::broken_if(person(&target.view).is_none(), || "不是标签 [0]、[1]、[2] 之一".to_owned())
}
