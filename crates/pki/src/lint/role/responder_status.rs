//! RFC 6960 §4.2.2.2.1: the CA says how a responder's own certificate is checked: not at all (nocheck), or by CRL.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "role/responder-status",
    severity: Severity::Error,
    citation: "RFC 6960 §4.2.2.2.1",
    text: "OCSP 服务证书应表明免查状态，或者给出 CRL 发布点",
    effective: source::SERVICES,
    applies: |target| target.context.role == Role::OcspResponder,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[
            ("nocheck", ocsp_responder),
            ("crl_only", || ocsp_responder().without(oid::OCSP_NOCHECK)),
        ],
        bad: &[("neither", || {
            ocsp_responder().without(oid::OCSP_NOCHECK).without(oid::CRL_DISTRIBUTION_POINTS)
        })],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let either = [oid::OCSP_NOCHECK, oid::CRL_DISTRIBUTION_POINTS];
    let stated = either.iter().any(|kind| target.view.extension(*kind).is_some());
    Outcome::broken_if(!stated, || "两者都没有".to_owned())
}
