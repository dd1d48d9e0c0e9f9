//! GM/T 0015: below 1.2.156.10260.4.1 stand the identity extensions of the standard, and no others.

use super::{KNOWN, has_identity, identities};
use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "gmt0015/known-identity",
    severity: Severity::Error,
    citation: "GM/T 0015",
    text: "身份标识扩展项应为标准规定的种类",
    effective: source::GMT_0015,
    applies: has_identity,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("organization_code", || {
            person_sign().and(oid::ORGANIZATION_CODE, false, printable("91110000600037341L"))
        })],
        bad: &[("ninth_kind", || {
            person_sign().and(Oid::new("1.2.156.10260.4.1.9"), false, printable("1"))
        })],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let unknown = identities(&target.view).find(|extension| !KNOWN.contains(&extension.oid));
    Outcome::from_detail(
        unknown.map(|extension| format!("扩展项 {} 不是标准规定的种类", extension.oid)),
    )
}
