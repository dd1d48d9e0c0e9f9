//! GM/T 0043 §6: extended key usage does not conflict with key usage (RFC 5280 §4.2.1.12 says which bits go with
//! which purpose).

use crate::lint::prelude::*;

const SIGN: u16 = KeyUsage::DIGITAL_SIGNATURE | KeyUsage::NON_REPUDIATION;

/// Purposes and the key usage bits of which at least one must be set.
const COMPATIBLE: &[(Oid, u16)] = &[
    (
        oid::SERVER_AUTH,
        KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT | KeyUsage::KEY_AGREEMENT,
    ),
    (oid::CLIENT_AUTH, KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_AGREEMENT),
    (oid::CODE_SIGNING, KeyUsage::DIGITAL_SIGNATURE),
    (oid::EMAIL_PROTECTION, SIGN | KeyUsage::KEY_ENCIPHERMENT | KeyUsage::KEY_AGREEMENT),
    (oid::TIME_STAMPING, SIGN),
    (oid::OCSP_SIGNING, SIGN),
];

pub(super) const LINT: Lint = Lint {
    name: "gmt0043/purposes-agree",
    severity: Severity::Error,
    citation: "GM/T 0043-2015 §6; RFC 5280 §4.2.1.12",
    text: "扩展密钥用法不得与密钥用法冲突",
    effective: source::GMT_0043,
    applies: |target| target.view.extension(oid::EXTENDED_KEY_USAGE).is_some(),
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("server_authentication_by_signature", server)],
        bad: &[
            ("code_signing_by_an_encryption_key", || {
                person_encrypt().with(oid::EXTENDED_KEY_USAGE, oids(&[oid::CODE_SIGNING]))
            }),
            ("time_stamping_by_an_encryption_key", || {
                person_encrypt()
                    .with(oid::EXTENDED_KEY_USAGE, oids(&[oid::CLIENT_AUTH, oid::TIME_STAMPING]))
            }),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let Some(usage) = target.view.key_usage() else {
        return Outcome::Pass;
    };
    let purposes = target.view.purposes().unwrap_or_default();
    let conflict =
        COMPATIBLE.iter().find(|(purpose, bits)| purposes.contains(purpose) && usage.0 & bits == 0);
    Outcome::from_detail(
        conflict.map(|(purpose, _)| format!("用途 {purpose} 与密钥用法 {} 冲突", usage.names())),
    )
}
