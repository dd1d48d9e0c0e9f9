//! Requests that wait for the person, each under a one-time token.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::ask::Ask;

/// How long a request waits.
const PATIENCE: Duration = Duration::from_secs(5 * 60);
/// How many wait at once.
const PLACES: usize = 32;

/// The waiting requests.
#[derive(Default)]
pub(super) struct Desk(Mutex<HashMap<String, (Instant, Ask)>>);

impl Desk {
    fn open(&self) -> MutexGuard<'_, HashMap<String, (Instant, Ask)>> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|_, (since, _)| since.elapsed() < PATIENCE);
        waiting
    }

    /// Takes a request in; its token.
    pub(super) fn put(&self, ask: Ask) -> Result<String, &'static str> {
        let mut octets = [0; 16];
        gm::Random::fill(&mut gm::OsRandom, &mut octets)
            .map_err(|_| "本机的随机数来源不可用，不能签名。")?;
        let token = hex::encode(octets);
        let mut waiting = self.open();
        if waiting.len() >= PLACES {
            return Err("等待确认的签名请求过多，请先处理或等五分钟后再试。");
        }
        waiting.insert(token.clone(), (Instant::now(), ask));
        Ok(token)
    }

    /// The request of a token, if it still waits.
    pub(super) fn look(&self, token: &str) -> Option<Ask> {
        self.open().get(token).map(|(_, ask)| ask.clone())
    }

    /// Ends the wait; whether there was one.
    pub(super) fn take(&self, token: &str) -> bool {
        self.open().remove(token).is_some()
    }
}
