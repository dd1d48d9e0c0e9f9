//! GM/T 0043 §6: the validity begins before it ends.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "gmt0043/validity-order",
    severity: Severity::Error,
    citation: "GM/T 0043-2015 §6",
    text: "有效期起始时间应早于终止时间",
    effective: source::GMT_0043,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("one_year", person_sign)],
        bad: &[
            ("end_before_begin", || person_sign().validity("271121235959Z", "261122000000Z")),
            ("both_the_same_second", || person_sign().validity("261122000000Z", "261122000000Z")),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    match (target.view.not_before.instant(), target.view.not_after.instant()) {
        (Some(begin), Some(end)) => {
            Outcome::broken_if(begin >= end, || format!("自 {begin} 至 {end}"))
        }
        _ => Outcome::Unknown("有效期不可读"),
    }
}
