//! Art. 20: the institution sees to it that relying parties can confirm the certificate; so the certificate says
//! where its status is found.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "art19/status-source",
    severity: Severity::Error,
    citation: "Measures Art. 20",
    text: "证书应当使依赖方能够证实其状态（CRL 或 OCSP 地址）",
    effective: source::MEASURES,
    applies: is_subscriber,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[
            ("crl_only", || person_sign().without(oid::AUTHORITY_INFO_ACCESS)),
            ("crl_and_ocsp", person_sign),
        ],
        bad: &[("neither_crl_nor_ocsp", || {
            person_sign().without(oid::AUTHORITY_INFO_ACCESS).without(oid::CRL_DISTRIBUTION_POINTS)
        })],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let view = &target.view;
    let crl = view.distribution_points(oid::CRL_DISTRIBUTION_POINTS).unwrap_or_default();
    let access = view.access_points().unwrap_or_default();
    let found = !crl.is_empty() || access.iter().any(|(method, _)| *method == oid::ACCESS_OCSP);
    Outcome::broken_if(!found, || "既没有 CRL 发布点，也没有 OCSP 地址".to_owned())
}
