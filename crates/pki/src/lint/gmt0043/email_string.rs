//! GM/T 0043 §6: an e-mail address in a name is an IA5String.

use crate::lint::name::string_type;
use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "gmt0043/email-string",
    severity: Severity::Error,
    citation: "GM/T 0043-2015 §6",
    text: "电子邮件（E）应使用 IA5String 编码",
    effective: source::GMT_0043,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("ia5_address", || with_email(IA5))],
        bad: &[("utf8_address", || with_email(UTF8))],
    },
};

#[cfg(test)]
fn with_email(tag: u8) -> Example {
    person_sign().subject(dn(&[
        (oid::COUNTRY, PRINTABLE, "CN"),
        (oid::COMMON_NAME, UTF8, "张三"),
        (oid::EMAIL_ADDRESS, tag, "zhangsan@example.gov.cn"),
    ]))
}

fn check(target: &Target<'_>) -> Outcome {
    let wrong =
        target.view.subject.all(oid::EMAIL_ADDRESS).find(|email| email.tag != tag::IA5_STRING);
    Outcome::from_detail(wrong.map(|email| format!("使用了 {}", string_type(email.tag))))
}
