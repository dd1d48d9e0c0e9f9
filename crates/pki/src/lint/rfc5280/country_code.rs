//! X.520 §6.3.1: a country is two letters of ISO 3166, in upper case.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "rfc5280/country-code",
    severity: Severity::Error,
    citation: "RFC 5280 appendix A.1; X.520",
    text: "国家（C）应为两个大写字母的代码",
    effective: source::RFC_5280,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("cn", person_sign)],
        bad: &[
            ("lower_case", || with_country("cn")),
            ("three_letters", || with_country("CHN")),
            ("chinese_text", || with_country("中国")),
        ],
    },
};

#[cfg(test)]
fn with_country(text: &str) -> Example {
    person_sign().subject(dn(&[(oid::COUNTRY, PRINTABLE, text), (oid::COMMON_NAME, UTF8, "张三")]))
}

fn check(target: &Target<'_>) -> Outcome {
    let two_letters = |value: &[u8]| value.len() == 2 && value.iter().all(u8::is_ascii_uppercase);
    let wrong = target.view.subject.all(oid::COUNTRY).find(|country| !two_letters(country.value));
    Outcome::from_detail(wrong.map(|country| format!("国家为“{}”", country.text())))
}
