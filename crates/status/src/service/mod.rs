//! The operations: answering questions, ahead of time and when asked, following changes, handing
//! out lists.

mod answer;
mod authorities;
mod complaints;
mod follow;
mod kept;
mod lists;
mod prepare;

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use gm::Device;
use jiff::Timestamp;
use pki::Serial;
use store::{Clock, Store};
use tokio::sync::Semaphore;

pub use lists::Lists;

use crate::cache::Cache;
use crate::error::Error;
use crate::model::{Health, Prepared, StatusConfig};
use authorities::Authorities;
use complaints::Complaints;
use follow::Followed;
use kept::Kept;

/// Answers OCSP questions. Clones are the same responder; the last one that goes ends its
/// task.
#[derive(Clone)]
pub struct Responder(Arc<Inner>);

struct Inner {
    store: Store,
    device: Arc<dyn Device>,
    clock: Arc<dyn Clock>,
    config: StatusConfig,
    authorities: RwLock<Arc<Authorities>>,
    /// One at a time looks for them anew, so that older state never replaces newer.
    refreshing: tokio::sync::Mutex<()>,
    /// How many changes of our own certificates were told of, and of how many the authorities know.
    told: AtomicU64,
    known: AtomicU64,
    complaints: Complaints,
    cache: Mutex<Cache<Kept>>,
    followed: Mutex<Followed>,
    prepared: Mutex<Option<(Timestamp, Prepared)>>,
    signing: Arc<Semaphore>,
}

impl Responder {
    /// Opens a responder and starts following changes. The device need not be there yet:
    /// until it is, answers are `tryLater`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn open(
        store: Store,
        device: Arc<dyn Device>,
        config: StatusConfig,
    ) -> Result<Self, Error> {
        let clock = store.clock();
        let followed = Followed::begin(&store, clock.now()).await?;
        let responder = Self(Arc::new(Inner {
            device,
            cache: Mutex::new(Cache::new(config.cached_answers)),
            signing: Arc::new(Semaphore::new(config.signing)),
            authorities: RwLock::default(),
            refreshing: tokio::sync::Mutex::default(),
            told: AtomicU64::new(0),
            known: AtomicU64::new(0),
            complaints: Complaints::default(),
            followed: Mutex::new(followed),
            prepared: Mutex::default(),
            clock,
            config,
            store,
        }));
        responder.refresh().await?;
        responder.spawn_follower();
        Ok(responder)
    }

    /// A certificate changed: its kept answers are gone when this returns. For the process
    /// that made the change; others notice by themselves within a second.
    pub fn invalidate(&self, serial: &Serial) {
        self.cache().forget(serial);
    }

    /// Whether the responder can do its work.
    pub fn health(&self) -> Health {
        let authorities = self.authorities();
        let (responders, mute) = authorities.responders(self.0.clock.now());
        let followed = *self.followed();
        let (cached, prepared) = (self.cache().len(), *self.prepared());
        Health { followed_at: followed.at, seq: followed.seq, responders, mute, cached, prepared }
    }

    /// The configuration it was opened with.
    pub fn config(&self) -> &StatusConfig {
        &self.0.config
    }

    fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    fn authorities(&self) -> Arc<Authorities> {
        self.0.authorities.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What an answer is made with: first a stamp of the cache, then who speaks for whom; rows are read
    /// after both. So what is kept under the stamp was made with state at least as new as the stamp, and a
    /// responder certificate that goes meanwhile takes it along.
    fn basis<S>(&self, stamp: impl FnOnce(&mut Cache<Kept>) -> S) -> (S, Arc<Authorities>) {
        let stamp = stamp(&mut self.cache());
        (stamp, self.authorities())
    }

    fn cache(&self) -> MutexGuard<'_, Cache<Kept>> {
        self.0.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn prepared(&self) -> MutexGuard<'_, Option<(Timestamp, Prepared)>> {
        self.0.prepared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn followed(&self) -> MutexGuard<'_, Followed> {
        self.0.followed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Responder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Responder({})", self.0.config.key)
    }
}
