//! GM/T 0043 §6: the same order for the issuer's name.

use crate::lint::name::order_break;
use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "gmt0043/issuer-order",
    severity: Severity::Error,
    citation: "GM/T 0043-2015 §6; GM/T 0034-2014 §5.4",
    text: "颁发者名称各项应按 C、S、L、O、OU、CN 的次序排列",
    effective: source::GMT_0043,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("three_items_in_order", person_sign)],
        bad: &[("common_name_before_organization", || {
            person_sign().issuer(dn(&[
                (oid::COUNTRY, PRINTABLE, "CN"),
                (oid::COMMON_NAME, UTF8, "示例签发证书一"),
                (oid::ORGANIZATION, UTF8, "示例电子认证服务机构"),
            ]))
        })],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    Outcome::from_detail(order_break(&target.view.issuer))
}
