//! GM/T 0043 §6: the algorithm inside the signed part equals the algorithm beside the signature.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "gmt0043/algorithms-equal",
    severity: Severity::Error,
    citation: "GM/T 0043-2015 §6; RFC 5280 §4.1.1.2",
    text: "证书内外两处签名算法标识应当一致",
    effective: source::GMT_0043,
    applies: |target| target.view.outer.is_some(),
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("both_without_parameters", person_sign)],
        bad: &[("outer_with_null", || {
            person_sign().outer_algorithm(seq(&[oid(oid::SM2_WITH_SM3), tlv(tag::NULL, &[])]))
        })],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let outer = target.view.outer.map(|outer| outer.algorithm.whole);
    let differs = outer.is_some_and(|outer| outer != target.view.signature_algorithm.whole);
    Outcome::broken_if(differs, || "内外两处的编码不同".to_owned())
}
