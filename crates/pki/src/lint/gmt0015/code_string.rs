//! GM/T 0015: insurance, registration, organisation and tax numbers are PrintableString. One institution writes the
//! organisation code as UTF8String; readers tolerate it, so this warns.

use super::has_identity;
use crate::lint::name::string_type;
use crate::lint::prelude::*;

const NUMBERS: &[Oid] = &[
    oid::INSURANCE_NUMBER,
    oid::IC_REGISTRATION_NUMBER,
    oid::ORGANIZATION_CODE,
    oid::TAXATION_NUMBER,
];

pub(super) const LINT: Lint = Lint {
    name: "gmt0015/code-string",
    severity: Severity::Warn,
    citation: "GM/T 0015",
    text: "社会保险号、注册号、组织机构代码、税号宜为 PrintableString",
    effective: source::GMT_0015,
    applies: has_identity,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("printable", || {
            person_sign().and(oid::ORGANIZATION_CODE, false, printable("91110000600037341L"))
        })],
        bad: &[("utf8", || {
            person_sign().and(oid::ORGANIZATION_CODE, false, utf8("91110000600037341L"))
        })],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let values =
        NUMBERS.iter().filter_map(|kind| Some((kind, target.view.extension_value(*kind)?)));
    let wrong = values.into_iter().find(|(_, value)| value.tag != tag::PRINTABLE_STRING);
    Outcome::from_detail(
        wrong.map(|(kind, value)| format!("扩展项 {kind} 使用了 {}", string_type(value.tag))),
    )
}
