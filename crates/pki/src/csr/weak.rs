//! Keys whose private half everybody knows (T-31): small multiples of the base
//! point, and the sample keys of standards and manuals. The list is data.

use std::collections::HashSet;
use std::sync::OnceLock;

use gm::PublicKey;

const LIST: &str = include_str!("../../data/weak-keys.txt");

/// Whether the key, or its negative, is on the list of known weak keys.
#[must_use]
pub fn is_known_weak(key: &PublicKey) -> bool {
    static KNOWN: OnceLock<HashSet<[u8; 32]>> = OnceLock::new();
    let known = KNOWN.get_or_init(|| LIST.lines().filter_map(x_coordinate).collect());
    key.to_sec1().get(1..33).is_some_and(|x| known.contains(x))
}

fn x_coordinate(line: &str) -> Option<[u8; 32]> {
    let mut x = [0; 32];
    hex::decode_to_slice(line.split(' ').next()?, &mut x).ok()?;
    Some(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key_of(scalar: [u8; 32]) -> PublicKey {
        *gm::sm2::PrivateKey::from_bytes(&scalar).unwrap().public_key()
    }

    #[test]
    fn every_line_of_the_list_is_a_point_of_the_curve() {
        let lines: Vec<_> = LIST.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(lines.iter().filter_map(|line| x_coordinate(line)).count(), lines.len());
        assert!(lines.len() > 256);
    }

    #[test]
    fn small_multiples_of_the_base_point_are_weak() {
        for k in [1_u16, 2, 3, 100, 255, 256] {
            let mut scalar = [0; 32];
            scalar[30..].copy_from_slice(&k.to_be_bytes());
            assert!(is_known_weak(&key_of(scalar)), "{k}");
        }
    }

    #[test]
    fn sample_keys_of_the_standard_are_weak() {
        for hex in [
            "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8",
            "81eb26e941bb5af16df116495f90695272ae2cd63d6c4ae1678418be48230029",
            "785129917d45a9ea5437a59356b82338eaadda6ceb199088f14ae10defa229b5",
        ] {
            assert!(is_known_weak(&key_of(hex::decode(hex).unwrap().try_into().unwrap())));
        }
    }

    #[test]
    fn an_ordinary_key_is_not_weak() {
        assert!(!is_known_weak(&key_of([7; 32])));
    }
}
