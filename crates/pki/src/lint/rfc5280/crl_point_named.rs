//! RFC 5280 §4.2.1.13: a distribution point says more than reasons: where the CRL is, or who issues it.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "rfc5280/crl-point-named",
    severity: Severity::Error,
    citation: "RFC 5280 §4.2.1.13",
    text: "CRL 发布点不得只含撤销原因",
    effective: source::RFC_5280,
    applies: |target| target.view.extension(oid::CRL_DISTRIBUTION_POINTS).is_some(),
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("point_with_address", person_sign)],
        bad: &[
            ("reasons_only", || {
                let point = seq(&[implicit(1, &[6, 0x40])]);
                person_sign().with(oid::CRL_DISTRIBUTION_POINTS, seq(&[point]))
            }),
            ("empty_point", || person_sign().with(oid::CRL_DISTRIBUTION_POINTS, seq(&[seq(&[])]))),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let points = target.view.distribution_points(oid::CRL_DISTRIBUTION_POINTS).unwrap_or_default();
    let bare = points.iter().any(|point| {
        point.full_name.is_empty() && point.relative_name.is_none() && point.crl_issuer.is_empty()
    });
    Outcome::broken_if(bare, || "有一个发布点既没有地址，也没有 CRL 颁发者".to_owned())
}
