//! GM/T 0015: identity extensions name people and units that hold certificates, not authorities.

use super::{has_identity, identities};
use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "gmt0015/not-in-ca",
    severity: Severity::Error,
    citation: "GM/T 0015",
    text: "CA 证书不应含个人身份标识扩展项",
    effective: source::GMT_0015,
    applies: has_identity,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("code_of_the_institution_in_its_ca", || {
            sub_ca().and(oid::ORGANIZATION_CODE, false, printable("91110000600037341L"))
        })],
        bad: &[("persons_card_in_a_ca", || {
            sub_ca().and(oid::IDENTIFY_CODE, false, explicit(0, &printable("11010519491231002X")))
        })],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let personal = identities(&target.view)
        .any(|one| one.oid.as_bytes().starts_with(oid::IDENTIFY_CODE.as_bytes()));
    Outcome::broken_if(target.context.role.is_ca() && personal, || "含有个人身份标识".to_owned())
}
