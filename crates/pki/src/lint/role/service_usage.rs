//! RFC 3161 §2.3, RFC 6960 §4.2.2.2: services sign answers and do nothing else with their keys.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "role/service-usage",
    severity: Severity::Error,
    citation: "RFC 3161 §2.3; RFC 6960 §4.2.2.2",
    text: "OCSP、时间戳服务证书的密钥用法应只用于签名",
    effective: source::SERVICES,
    applies: |target| matches!(target.context.role, Role::OcspResponder | Role::TimestampAuthority),
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[
            ("digital_signature", ocsp_responder),
            ("with_non_repudiation", timestamp_authority),
        ],
        bad: &[
            ("encipherment_added", || ocsp_responder().with(oid::KEY_USAGE, key_usage(&[0, 2]))),
            ("no_digital_signature", || {
                timestamp_authority().with(oid::KEY_USAGE, key_usage(&[1]))
            }),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    const ALLOWED: u16 = KeyUsage::DIGITAL_SIGNATURE | KeyUsage::NON_REPUDIATION;
    let usage = target.view.key_usage().unwrap_or(KeyUsage(0));
    let kept = usage.has(KeyUsage::DIGITAL_SIGNATURE) && usage.0 & !ALLOWED == 0;
    Outcome::broken_if(!kept, || format!("密钥用法为 {}", usage.names()))
}
