//! RFC 5280 §4.2.1.1: authorityKeyIdentifier is never critical.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "rfc5280/authority-key-not-critical",
    severity: Severity::Error,
    citation: "RFC 5280 §4.2.1.1",
    text: "颁发机构密钥标识符不得为关键扩展项",
    effective: source::RFC_5280,
    applies: |target| target.view.extension(oid::AUTHORITY_KEY_IDENTIFIER).is_some(),
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("not_critical", person_sign)],
        bad: &[("critical", || person_sign().critical(oid::AUTHORITY_KEY_IDENTIFIER, true))],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let critical = target
        .view
        .extension(oid::AUTHORITY_KEY_IDENTIFIER)
        .is_some_and(|extension| extension.critical);
    Outcome::broken_if(critical, || "authorityKeyIdentifier 标为关键".to_owned())
}
