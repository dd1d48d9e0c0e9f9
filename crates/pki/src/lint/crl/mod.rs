//! Lints over CRLs (GM/T 0043 §6, RFC 5280 §5, and incidents).
//!
//! The list is walked, never collected, so that a CRL of millions of entries can be linted.

mod entries;
mod fields;
#[cfg(test)]
mod tests;
mod view;

use super::check::{Outcome, Rule};
use super::report::Report;
use super::view::View;
use crate::Certificate;
use view::CrlView;

/// A CRL, and the issuer's certificate when it is known.
struct Target<'a> {
    view: CrlView<'a>,
    issuer: Option<View<'a>>,
}

type Check = fn(&Target<'_>) -> Outcome;

/// Every rule with its check.
const RULES: &[&[(Rule, Check)]] = &[fields::RULES, entries::RULES];

/// Lints a CRL (DER); what compares it with its issuer stays undetermined without the issuer's certificate.
#[must_use]
pub fn run(crl: &[u8], issuer: Option<&Certificate>) -> Report {
    let Some(view) = CrlView::read(crl) else {
        return Report::unreadable("CRL");
    };
    let issuer = issuer.and_then(|certificate| View::of_certificate(certificate.der()));
    let target = Target { view, issuer };
    let mut report = Report::default();
    for (rule, check) in RULES.iter().flat_map(|part| part.iter()) {
        report.record(rule, check(&target));
    }
    report
}

/// The rules, for the page of lints.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    RULES.iter().flat_map(|part| part.iter().map(|(rule, _)| rule))
}
