//! GM/T 0043 §6: every other item of the subject is a UTF8String.

use crate::lint::name::not_utf8;
use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "gmt0043/other-strings",
    severity: Severity::Error,
    citation: "GM/T 0043-2015 §6",
    text: "主体名称中除国家和电子邮件外，各项应使用 UTF8String 编码",
    effective: source::GMT_0043,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[
            ("utf8_items", person_sign),
            ("serial_number_has_only_one_form", || {
                person_sign().subject(dn(&[
                    (oid::COUNTRY, PRINTABLE, "CN"),
                    (oid::COMMON_NAME, UTF8, "张三"),
                    (oid::SERIAL_NUMBER, PRINTABLE, "0001"),
                ]))
            }),
        ],
        bad: &[("printable_common_name", || {
            person_sign().subject(dn(&[
                (oid::COUNTRY, PRINTABLE, "CN"),
                (oid::COMMON_NAME, PRINTABLE, "Zhang San"),
            ]))
        })],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    Outcome::from_details(&not_utf8(&target.view.subject))
}
