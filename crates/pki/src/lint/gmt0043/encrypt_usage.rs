//! GM/T 0043 §6: the key usage of an encryption certificate is exactly keyEncipherment, dataEncipherment and
//! keyAgreement.

use crate::lint::prelude::*;

const EXACTLY: KeyUsage =
    KeyUsage(KeyUsage::KEY_ENCIPHERMENT | KeyUsage::DATA_ENCIPHERMENT | KeyUsage::KEY_AGREEMENT);

pub(super) const LINT: Lint = Lint {
    name: "gmt0043/encrypt-usage",
    severity: Severity::Error,
    citation: "GM/T 0043-2015 §6",
    text: "加密证书的密钥用法应恰为 keyEncipherment、dataEncipherment 和 keyAgreement",
    effective: source::GMT_0043,
    applies: |target| target.context.role == Role::Encrypt && target.view.key_usage().is_some(),
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("three_bits", person_encrypt)],
        bad: &[
            ("key_agreement_missing", || person_encrypt().with(oid::KEY_USAGE, key_usage(&[2, 3]))),
            ("signature_added", || person_encrypt().with(oid::KEY_USAGE, key_usage(&[0, 2, 3, 4]))),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let usage = target.view.key_usage().unwrap_or(KeyUsage(0));
    Outcome::broken_if(usage != EXACTLY, || format!("密钥用法为 {}", usage.names()))
}
