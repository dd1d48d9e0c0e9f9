//! What was believed of each question, against answers of an earlier day that somebody on the way sends again: numbers
//! of lists only grow, and so do the moments of answers (Invariant 7).
//!
//! It lives as long as the process: after a start the first answer counts as it comes. A trust list that demands nonces
//! leaves nobody anything to send again.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use pki::ocsp::CertStatus;

use super::model::{By, Said, Told, Untold};
use super::rules::{self, MOST_AGE, SKEW};

/// Most questions that are remembered.
const MOST: usize = 100_000;

/// Names a question, as `ResponderQuestion::key` does.
type Key = [u8; 32];

#[derive(Default)]
pub(super) struct Memory {
    floors: HashMap<Key, Timestamp>,
    revoked: HashMap<Key, Arc<Said>>,
}

impl Memory {
    /// The revocation that was believed, if there is one that nobody has to look into again: whoever was certified for
    /// answering may have lost that since.
    pub(super) fn revoked(&self, key: &Key) -> Option<Arc<Said>> {
        let is_direct = |said: &&Arc<Said>| !matches!(said.by, By::Delegated { .. });
        self.revoked.get(key).filter(is_direct).cloned()
    }

    /// Believes what was said, unless something newer was believed before. A revocation is believed in any case, and
    /// nothing else after it.
    pub(super) fn take(&mut self, key: Key, said: Arc<Said>, now: Timestamp) -> Told {
        if rules::is_final(said.status) {
            // What is beyond the bound is asked for again.
            if self.revoked.len() < MOST || self.revoked.contains_key(&key) {
                self.revoked.insert(key, said.clone());
            }
            return Ok(said);
        }
        if let Some(revoked) = self.revoked.get(&key) {
            return Ok(revoked.clone());
        }
        let floor = self.floors.get(&key).copied();
        if floor.is_some_and(|floor| said.this_update < floor) {
            return Err(Untold::Older(said.this_update));
        }
        self.make_room(now);
        let least = least(&said);
        self.floors.insert(key, floor.map_or(least, |floor| floor.max(least)));
        Ok(said)
    }

    /// Older than a floor of [`MOST_AGE`] nothing is believed anyhow. Whatever is left then is the price of a bound.
    fn make_room(&mut self, now: Timestamp) {
        if self.floors.len() < MOST {
            return;
        }
        self.floors.retain(|_, floor| now.duration_since(*floor) <= MOST_AGE);
        if self.floors.len() >= MOST {
            self.floors.clear();
        }
    }
}

/// What is said afterwards is of no earlier moment. The clocks of several machines behind one address differ; what
/// suspends is not let go for that.
fn least(said: &Said) -> Timestamp {
    match said.status {
        CertStatus::Revoked { .. } => said.this_update,
        CertStatus::Good | CertStatus::Unknown => {
            said.this_update.saturating_sub(SKEW).unwrap_or(said.this_update)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pki::crl::Reason;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_796_000_000 + seconds).unwrap()
    }

    fn said(status: CertStatus, seconds: i64) -> Arc<Said> {
        let this_update = at(seconds);
        let (produced_at, asked_at) = (this_update, at(100));
        Arc::new(Said {
            status,
            this_update,
            next_update: None,
            produced_at,
            asked_at,
            by: By::Issuer,
        })
    }

    fn revoked(reason: Reason) -> CertStatus {
        CertStatus::Revoked { at: at(0), reason }
    }

    #[test]
    fn an_older_answer_is_not_believed_after_a_newer_one() {
        let mut memory = Memory::default();
        let held = said(revoked(Reason::CertificateHold), 50);
        assert!(memory.take([1; 32], held, at(100)).is_ok());
        let old = memory.take([1; 32], said(CertStatus::Good, 40), at(100));
        assert_eq!(old.unwrap_err(), Untold::Older(at(40)));
        assert!(memory.take([2; 32], said(CertStatus::Good, 40), at(100)).is_ok(), "another one");
        assert!(memory.take([1; 32], said(CertStatus::Good, 50), at(100)).is_ok(), "resumed");
        let good = |seconds| said(CertStatus::Good, seconds);
        assert!(memory.take([3; 32], good(1_000), at(1_000)).is_ok());
        assert!(memory.take([3; 32], good(700), at(1_000)).is_ok(), "clocks differ");
        assert_eq!(memory.take([3; 32], good(699), at(1_000)).unwrap_err(), Untold::Older(at(699)));
    }

    #[test]
    fn a_revocation_that_was_believed_stays_whatever_is_said_afterwards() {
        let mut memory = Memory::default();
        assert!(memory.take([1; 32], said(CertStatus::Good, 60), at(100)).is_ok());
        let gone = said(revoked(Reason::KeyCompromise), 50);
        assert!(memory.take([1; 32], gone, at(100)).is_ok(), "also of an earlier moment");
        let later = memory.take([1; 32], said(CertStatus::Good, 90), at(100)).unwrap();
        assert_eq!(later.status, revoked(Reason::KeyCompromise));
        assert!(memory.revoked(&[1; 32]).is_some() && memory.revoked(&[2; 32]).is_none());
    }
}
