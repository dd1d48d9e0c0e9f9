//! Fields of a form filled with a mark for "nothing" went into certificates of several CAs.

use crate::lint::prelude::*;

const PLACEHOLDERS: &[&str] = &[
    ".",
    "-",
    "--",
    "_",
    "/",
    "\\",
    "*",
    "?",
    "n/a",
    "na",
    "none",
    "null",
    "nil",
    "undefined",
    "unknown",
    "default",
    "test",
    "无",
    "空",
    "不详",
    "未知",
    "暂无",
    "测试",
    "默认",
];

pub(super) const LINT: Lint = Lint {
    name: "incident/placeholder-names",
    severity: Severity::Error,
    citation: "Measures Art. 19; CA/Browser Forum BR §7.1.4.2 (metadata in names)",
    text: "名称各项不得以占位符代替内容",
    effective: source::RFC_5280,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[
            ("real_values", person_sign),
            ("surname_that_means_nothing", || person_sign().subject(person_named("无名氏"))),
        ],
        bad: &[
            ("hyphen_for_a_place", || with_place("-")),
            ("null_for_a_place", || with_place("NULL")),
            ("none_in_chinese", || with_place("无")),
        ],
    },
};

#[cfg(test)]
fn with_place(text: &str) -> Example {
    person_sign().subject(dn(&[
        (oid::COUNTRY, PRINTABLE, "CN"),
        (oid::LOCALITY, UTF8, text),
        (oid::COMMON_NAME, UTF8, "张三"),
    ]))
}

fn check(target: &Target<'_>) -> Outcome {
    let names = target.view.subject.attributes.iter();
    let wrong = names
        .into_iter()
        .find(|one| PLACEHOLDERS.contains(&one.text().trim().to_lowercase().as_str()));
    Outcome::from_detail(wrong.map(|one| format!("{}为“{}”", one.label(), one.text())))
}
