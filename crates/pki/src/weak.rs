//! Keys whose private half everybody knows (T-31): the sample keys of standards, manuals and
//! public repositories, and small multiples of the base point, as a random generator that is
//! stuck or unset makes them.
//!
//! One list for all who ask: the door refuses a request with such a key (`csr`), the plan of a
//! certificate refuses it again (`tbs`), and two lints refuse it in whatever was planned
//! (`lint::incident`). The published keys are data: `data/published-keys.txt`.

use std::collections::HashMap;
use std::sync::LazyLock;

use gm::PublicKey;

const LIST: &str = include_str!("../data/published-keys.txt");

/// How many multiples of the base point are held against a key.
const MULTIPLES: u16 = 256;

/// An x-coordinate. A key and its negative share it, and whoever knows the private key of one
/// knows that of the other.
type Abscissa = [u8; 32];

static PUBLISHED: LazyLock<HashMap<Abscissa, &'static str>> =
    LazyLock::new(|| LIST.lines().filter_map(published).collect());

static MULTIPLES_OF_BASE: LazyLock<HashMap<Abscissa, u16>> = LazyLock::new(|| {
    let multiple = |factor| Some((multiple_of_base(factor)?, factor));
    (1..=MULTIPLES).filter_map(multiple).collect()
});

/// Whether the key, or its negative, is one whose private half everybody knows.
#[must_use]
pub fn is_known_weak(key: &PublicKey) -> bool {
    let point = key.to_sec1();
    published_at(&point).is_some() || small_multiple(&point).is_some()
}

/// Where the private key of this point (SEC 1, uncompressed) was published.
#[must_use]
pub fn published_at(point: &[u8]) -> Option<&'static str> {
    PUBLISHED.get(abscissa(point)?).copied()
}

/// The `k` of a point (SEC 1, uncompressed) that is ±k·G, for `k` up to 256.
#[must_use]
pub fn small_multiple(point: &[u8]) -> Option<u16> {
    MULTIPLES_OF_BASE.get(abscissa(point)?).copied()
}

fn abscissa(point: &[u8]) -> Option<&[u8]> {
    point.get(1..33)
}

/// A line of the list.
fn published(line: &'static str) -> Option<(Abscissa, &'static str)> {
    let (digits, origin) = line.split_once(' ')?;
    let mut x = Abscissa::default();
    hex::decode_to_slice(digits, &mut x).ok()?;
    Some((x, origin))
}

fn multiple_of_base(factor: u16) -> Option<Abscissa> {
    let mut scalar = [0; 32];
    scalar.get_mut(30..)?.copy_from_slice(&factor.to_be_bytes());
    let point = gm::sm2::PrivateKey::from_bytes(&scalar).ok()?.public_key().to_sec1();
    abscissa(&point)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key_of(scalar: [u8; 32]) -> PublicKey {
        *gm::sm2::PrivateKey::from_bytes(&scalar).unwrap().public_key()
    }

    #[test]
    fn every_line_of_the_list_is_read_once() {
        let lines = LIST.lines().filter(|line| !line.starts_with('#'));
        assert_eq!(PUBLISHED.len(), lines.count());
        assert!(PUBLISHED.len() > 25 && PUBLISHED.values().all(|origin| !origin.is_empty()));
    }

    #[test]
    fn small_multiples_of_the_base_point_are_weak() {
        for k in [1_u16, 2, 3, 100, 255, 256] {
            let mut scalar = [0; 32];
            scalar[30..].copy_from_slice(&k.to_be_bytes());
            let key = key_of(scalar);
            assert!(is_known_weak(&key), "{k}");
            assert_eq!(small_multiple(&key.to_sec1()), Some(k));
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
    fn an_ordinary_key_is_not_weak_and_half_a_point_is_none() {
        assert!(!is_known_weak(&key_of([7; 32])));
        assert_eq!((published_at(&[4; 20]), small_multiple(&[])), (None, None));
    }
}
