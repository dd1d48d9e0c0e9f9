//! X.520: a person or unit has one country, one province, one place, one name. Several OU and DC are usual.

use crate::lint::prelude::*;

const SINGLE: &[Oid] = &[
    oid::COUNTRY,
    oid::STATE,
    oid::LOCALITY,
    oid::ORGANIZATION,
    oid::COMMON_NAME,
    oid::SERIAL_NUMBER,
    oid::EMAIL_ADDRESS,
];

pub(super) const LINT: Lint = Lint {
    name: "rfc5280/duplicate-attributes",
    severity: Severity::Error,
    citation: "RFC 5280 §4.1.2.4; X.520",
    text: "名称中同一项只能出现一次（部门除外）",
    effective: source::RFC_5280,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("each_once", person_sign)],
        bad: &[("two_common_names", || {
            person_sign().subject(dn(&[
                (oid::COUNTRY, PRINTABLE, "CN"),
                (oid::COMMON_NAME, UTF8, "张三"),
                (oid::COMMON_NAME, UTF8, "李四"),
            ]))
        })],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let name = &target.view.subject;
    let twice = SINGLE.iter().find(|kind| name.all(**kind).nth(1).is_some());
    Outcome::from_detail(twice.map(|kind| format!("{}重复出现", crate::lint::name::label(*kind))))
}
