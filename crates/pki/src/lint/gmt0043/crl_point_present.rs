//! GM/T 0043 §6: cRLDistributionPoints is present. A root is not revoked by a CRL of its own, and a responder with
//! id-pkix-ocsp-nocheck is not looked up (RFC 6960 §4.2.2.2.1).

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "gmt0043/crl-point-present",
    severity: Severity::Error,
    citation: "GM/T 0043-2015 §6; RFC 5280 §4.2.1.13",
    text: "证书应包含 CRL 发布点扩展项",
    effective: source::GMT_0043,
    applies: |target| not_root(target) && target.view.extension(oid::OCSP_NOCHECK).is_none(),
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[
            ("one_address", person_sign),
            ("responder_with_nocheck", || ocsp_responder().without(oid::CRL_DISTRIBUTION_POINTS)),
        ],
        bad: &[
            ("absent", || person_sign().without(oid::CRL_DISTRIBUTION_POINTS)),
            ("empty_list", || person_sign().with(oid::CRL_DISTRIBUTION_POINTS, seq(&[]))),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let points = target.view.distribution_points(oid::CRL_DISTRIBUTION_POINTS).unwrap_or_default();
    Outcome::broken_if(points.is_empty(), || "没有 CRL 发布点".to_owned())
}
