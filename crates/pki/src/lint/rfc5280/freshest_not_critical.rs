//! RFC 5280 §4.2.1.15: freshestCRL is never critical.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "rfc5280/freshest-not-critical",
    severity: Severity::Error,
    citation: "RFC 5280 §4.2.1.15",
    text: "增量 CRL 发布点不得为关键扩展项",
    effective: source::RFC_5280,
    applies: |target| target.view.extension(oid::FRESHEST_CRL).is_some(),
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("not_critical", with_delta)],
        bad: &[("critical", || with_delta().critical(oid::FRESHEST_CRL, true))],
    },
};

#[cfg(test)]
fn with_delta() -> Example {
    let point = distribution_point(&[uri("http://crl.example.gov.cn/ca1-delta.crl")]);
    person_sign().and(oid::FRESHEST_CRL, false, seq(&[point]))
}

fn check(target: &Target<'_>) -> Outcome {
    let critical =
        target.view.extension(oid::FRESHEST_CRL).is_some_and(|extension| extension.critical);
    Outcome::broken_if(critical, || "freshestCRL 标为关键".to_owned())
}
