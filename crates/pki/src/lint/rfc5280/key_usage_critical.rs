//! RFC 5280 §4.2.1.3: keyUsage should be critical. Some institutions leave it non-critical, so this warns.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "rfc5280/key-usage-critical",
    severity: Severity::Warn,
    citation: "RFC 5280 §4.2.1.3",
    text: "密钥用法宜为关键扩展项",
    effective: source::RFC_5280,
    applies: |target| target.view.extension(oid::KEY_USAGE).is_some(),
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("critical", person_sign)],
        bad: &[("not_critical", || person_sign().critical(oid::KEY_USAGE, false))],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let critical =
        target.view.extension(oid::KEY_USAGE).is_some_and(|extension| extension.critical);
    Outcome::broken_if(!critical, || "keyUsage 未标为关键".to_owned())
}
