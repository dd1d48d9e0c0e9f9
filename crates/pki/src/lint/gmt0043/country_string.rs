//! GM/T 0043 §6: the country is a PrintableString.

use crate::lint::name::string_type;
use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "gmt0043/country-string",
    severity: Severity::Error,
    citation: "GM/T 0043-2015 §6",
    text: "国家（C）应使用 PrintableString 编码",
    effective: source::GMT_0043,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("printable_country", person_sign)],
        bad: &[("utf8_country", || {
            person_sign()
                .subject(dn(&[(oid::COUNTRY, UTF8, "CN"), (oid::COMMON_NAME, UTF8, "张三")]))
        })],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let wrong =
        target.view.subject.all(oid::COUNTRY).find(|country| country.tag != tag::PRINTABLE_STRING);
    Outcome::from_detail(wrong.map(|country| format!("使用了 {}", string_type(country.tag))))
}
