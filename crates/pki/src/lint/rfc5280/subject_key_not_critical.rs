//! RFC 5280 §4.2.1.2: subjectKeyIdentifier is never critical.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "rfc5280/subject-key-not-critical",
    severity: Severity::Error,
    citation: "RFC 5280 §4.2.1.2",
    text: "主体密钥标识符不得为关键扩展项",
    effective: source::RFC_5280,
    applies: |target| target.view.extension(oid::SUBJECT_KEY_IDENTIFIER).is_some(),
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("not_critical", person_sign)],
        bad: &[("critical", || person_sign().critical(oid::SUBJECT_KEY_IDENTIFIER, true))],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let critical = target
        .view
        .extension(oid::SUBJECT_KEY_IDENTIFIER)
        .is_some_and(|extension| extension.critical);
    Outcome::broken_if(critical, || "subjectKeyIdentifier 标为关键".to_owned())
}
