//! The parameters of SM2 with SM3 are absent, or NULL as in the certificates of the national root; both occur, and
//! nothing else may stand there.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "gmt0043/signature-parameters",
    severity: Severity::Error,
    citation: "GM/T 0043-2015 §6; RFC 5480 §2.1.1",
    text: "签名算法参数应当缺省或者为 NULL",
    effective: source::GMT_0043,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[
            ("parameters_absent", person_sign),
            ("parameters_null", || {
                person_sign().algorithm(seq(&[oid(oid::SM2_WITH_SM3), tlv(tag::NULL, &[])]))
            }),
        ],
        bad: &[("curve_as_parameter", || {
            person_sign().algorithm(seq(&[oid(oid::SM2_WITH_SM3), oid(oid::SM2)]))
        })],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    let parts = target.view.signature_algorithm.children(tag::SEQUENCE).unwrap_or_default();
    let kept = match parts.as_slice() {
        [_] => true,
        [_, parameters] => parameters.tag == tag::NULL && parameters.content.is_empty(),
        _ => false,
    };
    Outcome::broken_if(!kept, || "签名算法带有其他参数".to_owned())
}
