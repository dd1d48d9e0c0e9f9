//! RFC 5280 §4.2.2.1: authorityInfoAccess is never critical.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "rfc5280/access-not-critical",
    severity: Severity::Error,
    citation: "RFC 5280 §4.2.2.1",
    text: "机构信息访问不得为关键扩展项",
    effective: source::RFC_5280,
    applies: |target| target.view.extension(oid::AUTHORITY_INFO_ACCESS).is_some(),
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("not_critical", person_sign)],
        bad: &[("critical", || person_sign().critical(oid::AUTHORITY_INFO_ACCESS, true))],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let critical = target
        .view
        .extension(oid::AUTHORITY_INFO_ACCESS)
        .is_some_and(|extension| extension.critical);
    Outcome::broken_if(critical, || "authorityInfoAccess 标为关键".to_owned())
}
