//! GM/T 0015: identity extensions are not critical.

use super::{has_identity, identities};
use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "gmt0015/not-critical",
    severity: Severity::Error,
    citation: "GM/T 0015",
    text: "身份标识扩展项应为非关键扩展项",
    effective: source::GMT_0015,
    applies: has_identity,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("not_critical", || with_code(false))],
        bad: &[("critical", || with_code(true))],
    },
};

#[cfg(test)]
fn with_code(critical: bool) -> Example {
    person_sign().and(oid::ORGANIZATION_CODE, critical, printable("91110000600037341L"))
}

fn check(target: &Target<'_>) -> Outcome {
    let critical = identities(&target.view).find(|extension| extension.critical);
    Outcome::from_detail(critical.map(|extension| format!("扩展项 {} 标为关键", extension.oid)))
}
