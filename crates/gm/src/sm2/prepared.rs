//! Tables of multiples for keys that verify again and again: a CA's own key after every signature
//! it makes, a responder's, an API client's. With its table, t·P takes 43 additions and no
//! doubling; a key that comes once (that of a certificate request) gets none.
//!
//! Everything here is public and in variable time.

use std::sync::{Arc, Mutex, PoisonError};

use gm_core::sm2::PreparedKey;

use crate::PublicKey;

/// Keys that are remembered; the longest unused makes room. A table takes 86 KiB.
const KEYS: usize = 64;
/// A table pays from here on: it costs as much as ten verifications save.
const SIGHTINGS: u32 = 8;

/// The keys of this process.
static KEYRING: Keyring = Keyring(Mutex::new(Vec::new()));

/// Keys that verified something; the last one stands at the end.
struct Keyring(Mutex<Vec<Seen>>);

struct Seen {
    key: PublicKey,
    times: u32,
    table: Option<Arc<PreparedKey>>,
}

/// The table of a key that was seen often enough.
pub(super) fn prepared(key: &PublicKey) -> Option<Arc<PreparedKey>> {
    KEYRING.table(key)
}

impl Keyring {
    fn table(&self, key: &PublicKey) -> Option<Arc<PreparedKey>> {
        match self.sight(key) {
            (_, Some(table)) => Some(table),
            (SIGHTINGS.., None) => {
                let table = Arc::new(PreparedKey::new(key.core()));
                self.keep(key, &table);
                Some(table)
            }
            _ => None,
        }
    }

    /// Counts the key and brings it to the end.
    fn sight(&self, key: &PublicKey) -> (u32, Option<Arc<PreparedKey>>) {
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

    fn keep(&self, key: &PublicKey, table: &Arc<PreparedKey>) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = seen.iter_mut().rfind(|known| known.key == *key) {
            known.table = Some(table.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sm2::{PrivateKey, verify};
    use crate::{OsRandom, UserId};

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
