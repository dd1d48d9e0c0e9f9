//! GM/T 0015: insurance, registration and tax numbers are digits, letters and hyphens.

use super::text;
use crate::lint::prelude::*;

const NUMBERS: &[Oid] = &[oid::INSURANCE_NUMBER, oid::IC_REGISTRATION_NUMBER, oid::TAXATION_NUMBER];

pub(super) const LINT: Lint = Lint {
    name: "gmt0015/number-form",
    severity: Severity::Error,
    citation: "GM/T 0015",
    text: "社会保险号、注册号、税号应由字母、数字和连字符组成",
    effective: source::GMT_0015,
    applies: |target| NUMBERS.iter().any(|kind| target.view.extension(*kind).is_some()),
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("tax_number", || with(printable("91110000600037341L")))],
        bad: &[
            ("text_for_a_number", || with(utf8("不详"))),
            ("question_mark", || with(printable("?"))),
        ],
    },
};

#[cfg(test)]
fn with(value: Vec<u8>) -> Example {
    person_sign().and(oid::TAXATION_NUMBER, false, value)
}

fn check(target: &Target<'_>) -> Outcome {
    let fits =
        |octets: &[u8]| octets.iter().all(|octet| octet.is_ascii_alphanumeric() || *octet == b'-');
    let extensions = NUMBERS.iter().filter_map(|kind| target.view.extension(*kind));
    let wrong = extensions.into_iter().find(|one| !text(&target.view, one).is_some_and(fits));
    Outcome::from_detail(wrong.map(|extension| format!("扩展项 {} 的内容不是号码", extension.oid)))
}
