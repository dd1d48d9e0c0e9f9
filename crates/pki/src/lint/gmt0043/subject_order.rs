//! GM/T 0043 §6, GM/T 0034 §5.4: the subject goes from the large to the small: C, S, L, O, OU, CN.

use crate::lint::name::order_break;
use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "gmt0043/subject-order",
    severity: Severity::Error,
    citation: "GM/T 0043-2015 §6; GM/T 0034-2014 §5.4",
    text: "主体名称各项应按 C、S、L、O、OU、CN 的次序排列",
    effective: source::GMT_0043,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[
            ("six_items_in_order", person_sign),
            ("two_units", || {
                person_sign().subject(dn(&[
                    (oid::COUNTRY, PRINTABLE, "CN"),
                    (oid::ORGANIZATION, UTF8, "杭州市某局"),
                    (oid::ORGANIZATIONAL_UNIT, UTF8, "一处"),
                    (oid::ORGANIZATIONAL_UNIT, UTF8, "二科"),
                    (oid::COMMON_NAME, UTF8, "张三"),
                ]))
            }),
        ],
        bad: &[
            ("reversed_as_by_one_institution", || {
                person_sign().subject(dn(&[
                    (oid::COMMON_NAME, UTF8, "张三"),
                    (oid::COUNTRY, PRINTABLE, "CN"),
                ]))
            }),
            ("unit_before_organization", || {
                person_sign().subject(dn(&[
                    (oid::COUNTRY, PRINTABLE, "CN"),
                    (oid::ORGANIZATIONAL_UNIT, UTF8, "办公室"),
                    (oid::ORGANIZATION, UTF8, "杭州市某局"),
                    (oid::COMMON_NAME, UTF8, "张三"),
                ]))
            }),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    Outcome::from_detail(order_break(&target.view.subject))
}
