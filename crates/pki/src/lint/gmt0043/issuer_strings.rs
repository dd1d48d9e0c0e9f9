//! GM/T 0043 §6 for the issuer's name. It must equal the subject of the issuer's certificate, whoever made that, so
//! a finding here is a warning only.

use crate::lint::name::not_utf8;
use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "gmt0043/issuer-strings",
    severity: Severity::Warn,
    citation: "GM/T 0043-2015 §6",
    text: "颁发者名称中除国家和电子邮件外，各项应使用 UTF8String 编码",
    effective: source::GMT_0043,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("utf8_items", person_sign)],
        bad: &[("printable_organization", || {
            person_sign().issuer(dn(&[
                (oid::COUNTRY, PRINTABLE, "CN"),
                (oid::ORGANIZATION, PRINTABLE, "Example"),
            ]))
        })],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    Outcome::from_details(&not_utf8(&target.view.issuer))
}
