//! Notices a signed request that comes twice.
//!
//! Two guards stand one behind the other. The one here remembers in memory, within the
//! window of [`crate::rules::WINDOW_SECONDS`], so that a flood of repetitions costs no
//! write, and so that signed reading works while the store accepts no writes. A request
//! that may change something also leaves its nonce in the table `access_nonce`, which all
//! nodes share and which survives a restart. A read repeated at another node within five
//! minutes is let through: it changes nothing and shows only what was shown before.

use crate::Error;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// 16 octets of SM3 over client and nonce: short, and nobody can choose a collision.
type Mark = [u8; 16];

/// Nonces that were seen, each until its signature expires.
#[derive(Debug)]
pub struct Window {
    seen: Mutex<HashMap<Mark, i64>>,
    capacity: usize,
}

impl Window {
    /// Remembers at most `capacity` nonces; 48 octets each.
    pub fn new(capacity: usize) -> Self {
        Self { seen: Mutex::new(HashMap::new()), capacity }
    }

    /// Remembers a nonce until `until`; refuses it the second time.
    pub fn burn(&self, client: &str, nonce: &str, until: i64, now: i64) -> Result<(), Error> {
        let mark = mark(client, nonce);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= self.capacity {
            seen.retain(|_, until| *until >= now);
        }
        if seen.len() >= self.capacity {
            return Err(Error::Overrun);
        }
        match seen.insert(mark, until) {
            None => Ok(()),
            Some(earlier) if earlier < now => Ok(()),
            Some(_) => Err(Error::Replayed),
        }
    }
}

fn mark(client: &str, nonce: &str) -> Mark {
    let digest = gm::sm3::hash_parts(&[client.as_bytes(), b"\0", nonce.as_bytes()]);
    let mut mark = Mark::default();
    mark.iter_mut().zip(digest.0).for_each(|(to, from)| *to = from);
    mark
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_good_once_for_each_client() {
        let window = Window::new(10);
        assert!(window.burn("a", "n", 100, 50).is_ok());
        assert!(window.burn("b", "n", 100, 50).is_ok());
        assert!(matches!(window.burn("a", "n", 100, 60), Err(Error::Replayed)));
    }

    #[test]
    fn memory_is_bounded_and_what_expired_makes_room() {
        let window = Window::new(2);
        assert!(window.burn("a", "1", 100, 50).is_ok() && window.burn("a", "2", 200, 50).is_ok());
        assert!(matches!(window.burn("a", "3", 200, 50), Err(Error::Overrun)));
        assert!(window.burn("a", "3", 200, 101).is_ok());
        assert!(matches!(window.burn("a", "2", 200, 101), Err(Error::Overrun | Error::Replayed)));
    }
}
