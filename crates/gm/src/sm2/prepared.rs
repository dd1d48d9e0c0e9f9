//! Tables of multiples for keys that verify again and again: a CA's own key after every signature
//! it makes, a responder's, an API client's. With its table, t·P takes 64 additions and no
//! doubling; a key that comes once (that of a certificate request) gets none.
//!
//! Everything here is public and in variable time.

use std::sync::{Arc, Mutex, PoisonError};

use ::sm2::{
    AffinePoint, ProjectivePoint, Scalar,
    elliptic_curve::{BatchNormalize as _, PrimeField},
};

use crate::PublicKey;

/// Keys that are remembered; the longest unused makes room. A table takes 60 KB.
const KEYS: usize = 64;
/// A table pays from here on: it costs as much as ten verifications save.
const SIGHTINGS: u32 = 8;
/// Four bits of the scalar at a time.
const WINDOWS: usize = 64;
const DIGITS: usize = 15;

/// The keys of this process.
static KEYRING: Keyring = Keyring(Mutex::new(Vec::new()));

/// Keys that verified something; the last one stands at the end.
struct Keyring(Mutex<Vec<Seen>>);

struct Seen {
    key: PublicKey,
    times: u32,
    table: Option<Arc<Table>>,
}

/// d·16^w·P for each window w and each digit d from 1 to 15.
pub(super) struct Table(Vec<AffinePoint>);

impl Table {
    fn of(point: ProjectivePoint) -> Self {
        let mut multiples = Vec::with_capacity(WINDOWS * DIGITS);
        let mut base = point;
        for _ in 0..WINDOWS {
            let mut multiple = base;
            for _ in 0..DIGITS {
                multiples.push(multiple);
                multiple += base;
            }
            base = multiple;
        }
        Self(ProjectivePoint::batch_normalize(multiples.as_slice()))
    }

    /// k·P.
    pub(super) fn mul(&self, k: &Scalar) -> ProjectivePoint {
        let octets: [u8; 32] = k.to_repr().into();
        let digits = octets.iter().rev().flat_map(|octet| [octet & 15, octet >> 4]);
        let mut sum = ProjectivePoint::IDENTITY;
        for (window, digit) in self.0.chunks_exact(DIGITS).zip(digits) {
            let at = usize::from(digit).checked_sub(1);
            if let Some(multiple) = at.and_then(|at| window.get(at)) {
                sum += *multiple;
            }
        }
        sum
    }
}

/// The table of a key that was seen often enough.
pub(super) fn table(key: &PublicKey) -> Option<Arc<Table>> {
    KEYRING.table(key)
}

impl Keyring {
    fn table(&self, key: &PublicKey) -> Option<Arc<Table>> {
        match self.sight(key) {
            (_, Some(table)) => Some(table),
            (SIGHTINGS.., None) => {
                let table = Arc::new(Table::of(ProjectivePoint::from(*key.point())));
                self.keep(key, &table);
                Some(table)
            }
            _ => None,
        }
    }

    /// Counts the key and brings it to the end.
    fn sight(&self, key: &PublicKey) -> (u32, Option<Arc<Table>>) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut known = match seen.iter().rposition(|known| known.key == *key) {
            Some(at) => seen.remove(at),
            None => Seen { key: *key, times: 0, table: None },
        };
        known.times = known.times.saturating_add(1);
        let found = (known.times, known.table.clone());
        if seen.len() >= KEYS {
            seen.remove(0);
        }
        seen.push(known);
        found
    }

    fn keep(&self, key: &PublicKey, table: &Arc<Table>) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = seen.iter_mut().rfind(|known| known.key == *key) {
            known.table = Some(table.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sm2::{PrivateKey, random_scalar, verify};
    use crate::{OsRandom, UserId};

    #[test]
    fn a_table_multiplies_as_the_curve_does() {
        let key = PrivateKey::generate(&mut OsRandom).unwrap();
        let point = ProjectivePoint::from(*key.public_key().point());
        let table = Table::of(point);
        for k in [Scalar::ZERO, Scalar::ONE, -Scalar::ONE, Scalar::from(16_u64)] {
            assert_eq!(table.mul(&k), point * k);
        }
        for _ in 0..50 {
            let k = random_scalar(&mut OsRandom).unwrap();
            assert_eq!(table.mul(&k), point * *k);
        }
    }

    #[test]
    fn a_key_is_judged_the_same_before_and_after_it_has_a_table() {
        let key = PrivateKey::generate(&mut OsRandom).unwrap();
        let (public, id) = (key.public_key(), UserId::default());
        for n in 0..3 * SIGHTINGS {
            let message = n.to_be_bytes();
            let signature = key.sign(&id, &message);
            assert!(verify(public, &id, &message, &signature).is_ok(), "{n}");
            assert!(verify(public, &id, b"other", &signature).is_err(), "{n}");
        }
    }

    #[test]
    fn only_a_key_that_comes_again_and_again_gets_a_table() {
        let keyring = Keyring(Mutex::new(Vec::new()));
        let key = *PrivateKey::generate(&mut OsRandom).unwrap().public_key();
        for n in 1..2 * SIGHTINGS {
            assert_eq!(keyring.table(&key).is_some(), n >= SIGHTINGS, "{n}");
        }
        for _ in 0..2 * KEYS {
            let once = PrivateKey::generate(&mut OsRandom).unwrap();
            assert!(keyring.table(once.public_key()).is_none());
        }
        assert_eq!(keyring.0.lock().unwrap().len(), KEYS);
        assert!(keyring.table(&key).is_none(), "it made room");
    }
}
