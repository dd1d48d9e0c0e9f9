//! RFC 5280 §4.2.1.3: at least one bit is set, and only the nine that are defined.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "rfc5280/key-usage-not-empty",
    severity: Severity::Error,
    citation: "RFC 5280 §4.2.1.3",
    text: "密钥用法应至少有一位，且只能是已定义的位",
    effective: source::RFC_5280,
    applies: |target| target.view.key_usage().is_some(),
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("two_bits", person_sign)],
        bad: &[
            ("no_bit", || person_sign().with(oid::KEY_USAGE, tlv(0x03, &[0]))),
            ("tenth_bit", || person_sign().with(oid::KEY_USAGE, key_usage(&[0, 1, 9]))),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let bits = target.view.key_usage().map_or(0, |usage| usage.0);
    Outcome::broken_if(bits == 0 || bits > 0x1ff, || format!("各位为 {bits:#018b}"))
}
