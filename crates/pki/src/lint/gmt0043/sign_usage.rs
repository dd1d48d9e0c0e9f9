//! GM/T 0043 §6: the key usage of a signing certificate is exactly digitalSignature and nonRepudiation.

use crate::lint::prelude::*;

const EXACTLY: KeyUsage = KeyUsage(KeyUsage::DIGITAL_SIGNATURE | KeyUsage::NON_REPUDIATION);

pub(super) const LINT: Lint = Lint {
    name: "gmt0043/sign-usage",
    severity: Severity::Error,
    citation: "GM/T 0043-2015 §6",
    text: "签名证书的密钥用法应恰为 digitalSignature 和 nonRepudiation",
    effective: source::GMT_0043,
    applies: |target| {
        matches!(target.context.role, Role::Sign | Role::Server)
            && target.view.key_usage().is_some()
    },
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("both_bits", person_sign)],
        bad: &[
            ("one_bit_missing", || person_sign().with(oid::KEY_USAGE, key_usage(&[0]))),
            ("key_encipherment_added", || {
                person_sign().with(oid::KEY_USAGE, key_usage(&[0, 1, 2]))
            }),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let usage = target.view.key_usage().unwrap_or(KeyUsage(0));
    Outcome::broken_if(usage != EXACTLY, || format!("密钥用法为 {}", usage.names()))
}
