//! Whose turn it is: how many operations are under way, in all and of one source. A source that fills its
//! share waits for itself and holds up nobody else.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

use crate::bucket::network;

/// So many sources at least are needed to take all turns.
const SOURCES: usize = 4;

/// Gives out turns.
pub(super) struct Turns {
    all: Arc<Semaphore>,
    of_one: usize,
    sources: Mutex<HashMap<IpAddr, Arc<Semaphore>>>,
}

/// A turn; given back when dropped.
pub(super) struct Turn {
    // In this order: a share is forgotten when nobody uses it any more.
    _all: OwnedSemaphorePermit,
    _own: OwnedSemaphorePermit,
    _share: Share,
}

/// What one source may have, as long as it has or wants any.
struct Share {
    turns: Arc<Turns>,
    source: IpAddr,
    semaphore: Arc<Semaphore>,
}

impl Turns {
    /// So many in all, and of one source: a quarter of all at most.
    pub fn new(most: usize, most_of_one: usize) -> Arc<Self> {
        let of_one = most_of_one.min(most / SOURCES).max(1);
        let all = Arc::new(Semaphore::new(most.max(1)));
        Arc::new(Self { all, of_one, sources: Mutex::default() })
    }

    /// Waits for a turn of this source. Whoever waits for its own share takes nothing of all.
    pub async fn turn(self: &Arc<Self>, address: IpAddr) -> Result<Turn, AcquireError> {
        let share = self.share(network(address));
        let own = share.semaphore.clone().acquire_owned().await?;
        let all = self.all.clone().acquire_owned().await?;
        Ok(Turn { _all: all, _own: own, _share: share })
    }

    fn share(self: &Arc<Self>, source: IpAddr) -> Share {
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        let known = sources.entry(source).or_insert_with(|| Arc::new(Semaphore::new(self.of_one)));
        Share { turns: self.clone(), source, semaphore: known.clone() }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut sources = self.turns.sources.lock().unwrap_or_else(PoisonError::into_inner);
        // The table's and this one; others are made under the same lock.
        if Arc::strong_count(&self.semaphore) <= 2 {
            sources.remove(&self.source);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::timeout;

    fn address(at: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, at])
    }

    /// Whether there is a turn at once.
    async fn now(turns: &Arc<Turns>, at: u8) -> Option<Turn> {
        timeout(Duration::from_millis(20), turns.turn(address(at))).await.ok()?.ok()
    }

    #[tokio::test]
    async fn four_sources_at_least_are_needed_to_take_all_turns() {
        for (most, most_of_one, share) in [(8, 100, 2), (8, 1, 1), (64, 16, 16), (2, 9, 1)] {
            let turns = Turns::new(most, most_of_one);
            let mut taken = Vec::new();
            for at in 1..=3 {
                for _ in 0..share.min(most) {
                    taken.extend(now(&turns, at).await);
                }
                if taken.len() < most {
                    assert!(
                        now(&turns, at).await.is_none(),
                        "{most} {most_of_one}: beyond its share"
                    );
                }
            }
            let is_left = taken.len() < most;
            assert_eq!(now(&turns, 4).await.is_some(), is_left, "{most} {most_of_one}");
            assert!(is_left || most < SOURCES);
        }
    }

    #[tokio::test]
    async fn turns_come_back_and_sources_that_left_are_forgotten() {
        let turns = Turns::new(8, 2);
        let both = (now(&turns, 1).await.unwrap(), now(&turns, 1).await.unwrap());
        assert!(now(&turns, 1).await.is_none());
        assert!(now(&turns, 2).await.is_some(), "others go on");
        drop(both.0);
        assert!(now(&turns, 1).await.is_some());
        drop(both.1);
        assert!(turns.sources.lock().unwrap().is_empty());
        assert_eq!(turns.all.available_permits(), 8);
    }
}
