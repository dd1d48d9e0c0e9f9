//! RFC 5280 §4.2: no extension stands twice.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "rfc5280/unique-extensions",
    severity: Severity::Error,
    citation: "RFC 5280 §4.2",
    text: "同一种扩展项只能出现一次",
    effective: source::RFC_5280,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("each_once", person_sign)],
        bad: &[("two_key_usages", || person_sign().and(oid::KEY_USAGE, true, key_usage(&[0, 1])))],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let mut types: Vec<Oid> =
        target.view.extensions().iter().map(|extension| extension.oid).collect();
    types.sort_unstable();
    let twice = types.windows(2).find_map(|pair| match pair {
        [first, second] if first == second => Some(format!("扩展项 {first} 重复出现")),
        _ => None,
    });
    Outcome::from_detail(twice)
}
