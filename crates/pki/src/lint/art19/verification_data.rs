//! Art. 19 (5): the certificate states the verification data (the public key) of the holder (check C19-5).

use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "art19/verification-data",
    severity: Severity::Error,
    citation: "Measures Art. 19 (5)",
    text: "证书应当载明与电子签名制作数据相对应的电子签名验证数据",
    effective: source::MEASURES,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("sm2_point", person_sign)],
        bad: &[
            ("key_without_octets", || person_sign().point(&[])),
            ("key_cut_short", || person_sign().point(&public_point(LEAF_KEY)[..64])),
        ],
    },
};

/// A point on the curve is the matter of `incident/key-on-curve`; here it is that a key of the right shape stands
/// in the certificate at all.
fn check(target: &Target<'_>) -> Outcome {
    let length = target.view.key.point.len();
    Outcome::broken_if(!matches!(length, 33 | 65), || {
        format!("公钥数据长 {length} 字节，不是一个 SM2 公钥")
    })
}
