//! RFC 3161 §2.3, GM/T 0033: a time-stamp authority has the purpose timeStamping alone, and critical.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "role/timestamp-purpose",
    severity: Severity::Error,
    citation: "RFC 3161 §2.3; GM/T 0033",
    text: "时间戳服务证书的扩展密钥用法应只有 timeStamping，并为关键扩展项",
    effective: source::SERVICES,
    applies: |target| target.context.role == Role::TimestampAuthority,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("critical_and_alone", timestamp_authority)],
        bad: &[
            ("not_critical", || timestamp_authority().critical(oid::EXTENDED_KEY_USAGE, false)),
            ("code_signing_added", || {
                timestamp_authority()
                    .with(oid::EXTENDED_KEY_USAGE, oids(&[oid::TIME_STAMPING, oid::CODE_SIGNING]))
            }),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let purposes = target.view.purposes().unwrap_or_default();
    let critical =
        target.view.extension(oid::EXTENDED_KEY_USAGE).is_some_and(|extension| extension.critical);
    let kept = critical && purposes == [oid::TIME_STAMPING];
    Outcome::broken_if(!kept, || {
        format!("用途有 {} 项，{}", purposes.len(), if critical { "关键" } else { "非关键" })
    })
}
