//! Lints over OCSP answers (RFC 6960, GM/T 0043 §6, and incidents).

mod rules;
#[cfg(test)]
mod tests;
mod view;

use super::check::{Outcome, Rule};
use super::report::Report;
use super::view::View;
use crate::Certificate;
use view::OcspView;

/// An answer, and the certificate of the authority that it speaks for, when it is known.
struct Target<'a> {
    view: OcspView<'a>,
    issuer: Option<View<'a>>,
    /// The first certificate that the answer carries.
    responder: Option<View<'a>>,
}

type Check = fn(&Target<'_>) -> Outcome;

/// Lints an OCSP answer (DER of OCSPResponse). An answer without body (an error status) has only its status to judge.
#[must_use]
pub fn run(response: &[u8], issuer: Option<&Certificate>) -> Report {
    let Some(view) = OcspView::read(response) else {
        return Report::unreadable("OCSP 响应");
    };
    let issuer = issuer.and_then(|certificate| View::of_certificate(certificate.der()));
    let responder =
        view.basic.as_ref().and_then(|basic| View::of_certificate(basic.certificates.first()?));
    let target = Target { view, issuer, responder };
    let mut report = Report::default();
    for (rule, check) in rules::RULES {
        report.record(rule, check(&target));
    }
    report
}

/// The rules, for the page of lints.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    rules::RULES.iter().map(|(rule, _)| rule)
}
