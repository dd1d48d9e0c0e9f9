//! Keys whose private half is printed in a standard or lies in a public repository: examples that people copy.

use crate::lint::prelude::*;
use crate::weak;

pub(super) const LINT: Lint = Lint {
    name: "incident/published-key",
    severity: Severity::Error,
    citation: "GB/T 32918.1 §6.1 (private keys are secret)",
    text: "公钥对应的私钥不得是已公开的示例密钥",
    effective: source::GMT_0015,
    applies: always,
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("random_key", person_sign)],
        bad: &[("example_of_gbt_32918_5", || {
            with_scalar("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8")
        })],
    },
};

#[cfg(test)]
fn with_scalar(text: &str) -> Example {
    let scalar = hex::decode(text).expect("hex").try_into().expect("32 octets");
    let key = gm::sm2::PrivateKey::from_bytes(&scalar).expect("a key");
    person_sign().point(&key.public_key().to_sec1())
}

fn check(target: &Target<'_>) -> Outcome {
    let origin = weak::published_at(target.view.key.point);
    Outcome::from_detail(origin.map(|origin| format!("该密钥已公开于 {origin}")))
}
