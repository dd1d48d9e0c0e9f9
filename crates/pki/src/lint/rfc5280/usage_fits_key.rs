//! RFC 5280 §4.2.1.3: encipherOnly and decipherOnly mean something only beside keyAgreement.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "rfc5280/usage-fits-key",
    severity: Severity::Error,
    citation: "RFC 5280 §4.2.1.3; RFC 5480 §3",
    text: "encipherOnly 和 decipherOnly 只能与 keyAgreement 同用，且不能同时出现",
    effective: source::RFC_5280,
    applies: |target| target.view.key_usage().is_some(),
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("without_both", person_encrypt)],
        bad: &[
            ("encipher_only_without_agreement", || {
                person_encrypt().with(oid::KEY_USAGE, key_usage(&[2, 3, 7]))
            }),
            ("both_at_once", || person_encrypt().with(oid::KEY_USAGE, key_usage(&[4, 7, 8]))),
        ],
    },
};

const ENCIPHER_ONLY: u16 = 1 << 7;
const DECIPHER_ONLY: u16 = 1 << 8;

fn check(target: &Target<'_>) -> Outcome {
    let usage = target.view.key_usage().unwrap_or(KeyUsage(0));
    let either = usage.has(ENCIPHER_ONLY) || usage.has(DECIPHER_ONLY);
    let wrong =
        usage.has(ENCIPHER_ONLY | DECIPHER_ONLY) || (either && !usage.has(KeyUsage::KEY_AGREEMENT));
    Outcome::broken_if(wrong, || format!("密钥用法为 {}", usage.names()))
}
