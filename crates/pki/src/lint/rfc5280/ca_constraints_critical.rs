//! RFC 5280 §4.2.1.9: basicConstraints of a CA is critical.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "rfc5280/ca-constraints-critical",
    severity: Severity::Error,
    citation: "RFC 5280 §4.2.1.9",
    text: "CA 证书的基本约束应为关键扩展项",
    effective: source::RFC_5280,
    applies: |target| target.view.is_ca(),
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("critical", sub_ca)],
        bad: &[("not_critical", || sub_ca().critical(oid::BASIC_CONSTRAINTS, false))],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let critical =
        target.view.extension(oid::BASIC_CONSTRAINTS).is_some_and(|extension| extension.critical);
    Outcome::broken_if(!critical, || "basicConstraints 未标为关键".to_owned())
}
