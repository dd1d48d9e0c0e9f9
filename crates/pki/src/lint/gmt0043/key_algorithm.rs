//! GM/T 0043 §6 and annex A: the public key is an SM2 key: id-ecPublicKey with the curve 1.2.156.10197.1.301. Some
//! certificates write the curve's identifier as the algorithm; annex A mentions that form, so it is let pass.

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "gmt0043/key-algorithm",
    severity: Severity::Error,
    citation: "GM/T 0043-2015 §6, annex A; RFC 5480 §2.1.1",
    text: "公钥算法应为 SM2（id-ecPublicKey，曲线 1.2.156.10197.1.301）",
    effective: source::GMT_0043,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("named_curve", person_sign)],
        bad: &[
            ("curve_p256", || {
                person_sign().key_algorithm(seq(&[oid(oid::EC_PUBLIC_KEY), oid(oid::P256)]))
            }),
            ("no_curve", || person_sign().key_algorithm(seq(&[oid(oid::EC_PUBLIC_KEY)]))),
            ("rsa", || person_sign().key_algorithm(seq(&[oid(oid::RSA), tlv(tag::NULL, &[])]))),
        ],
    },
};

fn check(target: &Target<'_>) -> Outcome {
    match target.view.key.algorithm_and_curve() {
        Some((oid::EC_PUBLIC_KEY, Some(oid::SM2)) | (oid::SM2, _)) => Outcome::Pass,
        Some((algorithm, Some(curve))) => {
            Outcome::Broken(format!("公钥算法为 {algorithm}，参数为 {curve}"))
        }
        Some((algorithm, None)) => Outcome::Broken(format!("公钥算法为 {algorithm}，没有曲线标识")),
        None => Outcome::Broken("公钥算法标识不可读".to_owned()),
    }
}
