//! GM/T 0015 leaves the tagging open; EXPLICIT is what others read. IMPLICIT is tolerated in others' certificates
//! (check C19-8).

use super::{has_person, person};
use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "gmt0015/person-tagging",
    severity: Severity::Warn,
    citation: "GM/T 0015 IdentifyCode",
    text: "个人身份标识码宜采用 EXPLICIT 标签",
    effective: source::GMT_0015,
    applies: has_person,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("explicit", || with(explicit(0, &printable("11010519491231002X"))))],
        bad: &[("implicit", || with(implicit(0, b"11010519491231002X")))],
    },
};

#[cfg(test)]
fn with(value: Vec<u8>) -> Example {
    person_sign().and(oid::IDENTIFY_CODE, false, value)
}

fn check(target: &Target<'_>) -> Outcome {
    let implicit = person(&target.view).is_some_and(|person| person.string.is_none());
    Outcome::broken_if(implicit, || "采用了 IMPLICIT 标签".to_owned())
}
