//! GM/T 0043 §6: keyUsage is present.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "gmt0043/key-usage-present",
    severity: Severity::Error,
    citation: "GM/T 0043-2015 §6; RFC 5280 §4.2.1.3",
    text: "证书应包含密钥用法扩展项",
    effective: source::GMT_0043,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("signing_usage", person_sign)],
        bad: &[("absent", || person_sign().without(oid::KEY_USAGE))],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    Outcome::broken_if(target.view.extension(oid::KEY_USAGE).is_none(), || {
        "没有 keyUsage".to_owned()
    })
}
