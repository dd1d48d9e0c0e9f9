//! Keys whose private half is printed in a standard or lies in a public repository: examples that people copy. The
//! list is data, `published_keys.txt`: x-coordinate and origin.

use std::sync::LazyLock;

use crate::lint::prelude::*;

/// The list: x-coordinate in hexadecimal, then where the private key was published.
static PUBLISHED: LazyLock<Vec<(Vec<u8>, &'static str)>> = LazyLock::new(|| {
    let lines = include_str!("published_keys.txt").lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| line.split_once(' '))
        .filter_map(|(x, origin)| Some((hex::decode(x).ok()?, origin)))
        .collect()
});

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
    let x = target.view.key.point.get(1..33);
    let known = PUBLISHED.iter().find(|(known, _)| x == Some(known.as_slice()));
    Outcome::from_detail(known.map(|(_, origin)| format!("该密钥已公开于 {origin}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_list_is_read() {
        let lines = include_str!("published_keys.txt")
            .lines()
            .filter(|line| !line.starts_with('#'))
            .count();
        assert_eq!(PUBLISHED.len(), lines);
        assert!(PUBLISHED.len() > 20 && PUBLISHED.iter().all(|(x, _)| x.len() == 32));
    }
}
