//! GM/T 0043 §6: the signature algorithm is SM2 with SM3 (1.2.156.10197.1.501).

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "gmt0043/signature-algorithm",
    severity: Severity::Error,
    citation: "GM/T 0043-2015 §6; GM/T 0006",
    text: "签名算法应为 SM2-SM3（1.2.156.10197.1.501）",
    effective: source::GMT_0043,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("sm2_with_sm3", person_sign)],
        bad: &[
            ("ecdsa_with_sha256", || person_sign().algorithm(seq(&[oid(ECDSA)]))),
            ("curve_instead_of_signature", || person_sign().algorithm(seq(&[oid(oid::SM2)]))),
        ],
    },
};

#[cfg(test)]
const ECDSA: Oid = Oid::new("1.2.840.10045.4.3.2");

fn check(target: &Target<'_>) -> Outcome {
    let inner = target.view.signature_algorithm;
    let found = inner.children(tag::SEQUENCE).and_then(|parts| parts.first()?.oid());
    Outcome::broken_if(found != Some(oid::SM2_WITH_SM3), || match found {
        Some(other) => format!("签名算法为 {other}"),
        None => "签名算法标识不可读".to_owned(),
    })
}
