//! A key made by a random generator that is stuck or unset: ±k·G for a small k. Everyone can compute its private key.

use crate::lint::prelude::*;
use crate::weak;

pub(super) const LINT: Lint = Lint {
    name: "incident/small-multiple",
    severity: Severity::Error,
    citation: "GB/T 32918.1 §6.1 (private keys are random)",
    text: "公钥不得为基点或其小倍数",
    effective: source::GMT_0015,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("random_key", person_sign)],
        bad: &[
            ("base_point", || with_scalar(1)),
            ("two_hundred_times_the_base_point", || with_scalar(200)),
            ("negative_base_point", || {
                // n − 1 is no private key, so −G is written out: G with p − y for y.
                let g =
                    hex::decode("32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7");
                let y =
                    hex::decode("43c8c95c0b098863a642311c9496deac2f56788239d5b8c0fd20cd1adec60f5f");
                person_sign().point(&[vec![4], g.expect("hex"), y.expect("hex")].concat())
            }),
        ],
    },
};

#[cfg(test)]
fn with_scalar(number: u8) -> Example {
    let mut scalar = [0; 32];
    scalar[31] = number;
    let key = gm::sm2::PrivateKey::from_bytes(&scalar).expect("a key");
    person_sign().point(&key.public_key().to_sec1())
}

fn check(target: &Target<'_>) -> Outcome {
    let factor = weak::small_multiple(target.view.key.point);
    Outcome::from_detail(factor.map(|factor| format!("公钥为基点的 ±{factor} 倍")))
}
