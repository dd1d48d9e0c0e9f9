//! RFC 6960 §4.2.2.2.1: nocheck frees a responder's certificate from status checks; anywhere else it would hide a
//! revocation.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "role/no-check-only-responder",
    severity: Severity::Error,
    citation: "RFC 6960 §4.2.2.2.1",
    text: "免查状态扩展项只能用于 OCSP 服务证书",
    effective: source::SERVICES,
    applies: |target| target.view.extension(oid::OCSP_NOCHECK).is_some(),
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("in_a_responder", ocsp_responder)],
        bad: &[("in_a_persons_certificate", || {
            person_sign().and(oid::OCSP_NOCHECK, false, tlv(0x05, &[]))
        })],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let responds =
        target.view.purposes().is_some_and(|purposes| purposes.contains(&oid::OCSP_SIGNING));
    Outcome::broken_if(!responds, || "不是 OCSP 服务证书".to_owned())
}
