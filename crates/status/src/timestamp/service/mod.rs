//! The operations: stamping, following the clock, recording, keys.

mod evidence;
mod keys;
mod record;
mod stamp;
mod watch;

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use gm::{Device, KeyInfo};
use jiff::{SignedDuration, Timestamp};
use pki::{Certificate, Serial};
use store::{Clock, Store};
use tokio::sync::{Semaphore, mpsc};

use super::clock::{ClockState, Moment};
use super::model::{TimestampConfig, TimestampHealth};
use super::rules::{self, PREFIX};
use super::source::{Steady, TimeSource};
use super::sql;
use crate::error::Error;
pub use evidence::TokenEvidence;
use keys::Held;
use record::Entry;

/// Longest time between the readings of two clocks of one moment.
const HELD_UP: SignedDuration = SignedDuration::from_millis(5);
/// How often both are read again.
const READINGS: u32 = 8;

/// What the service reaches the outside through.
pub struct Ports {
    /// The device with the keys.
    pub device: Arc<dyn Device>,
    /// A clock that is never set.
    pub steady: Arc<dyn Steady>,
    /// The outside source of time, where there is one.
    pub source: Option<Arc<dyn TimeSource>>,
}

/// Issues timestamps. Clones are the same authority; the last one that goes ends its tasks.
#[derive(Clone)]
pub struct TimestampAuthority(Arc<Inner>);

struct Inner {
    store: Store,
    ports: Ports,
    clock: Arc<dyn Clock>,
    config: TimestampConfig,
    state: Mutex<ClockState>,
    /// Why the outside source could not be asked the last time.
    complaint: Mutex<Option<String>>,
    held: RwLock<Arc<Vec<Held>>>,
    /// Drawn when the device is first there.
    prefix: Mutex<Option<[u8; PREFIX]>>,
    number: AtomicU64,
    signing: Semaphore,
    recorder: mpsc::Sender<Entry>,
}

impl TimestampAuthority {
    /// Opens the service and starts following both clocks. The device need not be there yet.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn open(store: Store, ports: Ports, config: TimestampConfig) -> Result<Self, Error> {
        let clock = store.clock();
        let last = sql::last_millis(&mut *store.read().await?).await?;
        let last = Timestamp::from_millisecond(last)
            .map_err(|_| Error::Stored(format!("timestamp_last.millis {last}")))?;
        let begin = Moment { wall: clock.now(), steady: ports.steady.elapsed() };
        let authority = Self(Arc::new(Inner {
            recorder: record::spawn(store.clone(), config.signing),
            signing: Semaphore::new(config.signing),
            state: Mutex::new(ClockState::begun(begin, last)),
            complaint: Mutex::default(),
            held: RwLock::default(),
            prefix: Mutex::default(),
            number: AtomicU64::new(0),
            store,
            ports,
            clock,
            config,
        }));
        authority.refresh().await?;
        authority.spawn_watch();
        Ok(authority)
    }

    /// Whether the service can do its work.
    pub fn health(&self) -> TimestampHealth {
        let (at, config) = (self.moment(), &self.0.config);
        let state = self.state();
        TimestampHealth {
            certificate: self.certificate(),
            doubt: state.judge(&config.clock, at).err(),
            source: self.0.ports.source.as_ref().map(|source| source.name()),
            comparison: state.comparison(at).map(|(said, age)| (said.clone(), age)),
            complaint: self.complaint().clone(),
            accuracy: config.clock.accuracy,
            steps: state.steps(),
            last: state.last(),
            policies: config.policies.clone(),
        }
    }

    /// The certificate that signs now.
    pub fn certificate(&self) -> Option<Certificate> {
        let held = self.held();
        let current = rules::current(&held, |held| &held.certificate, self.0.clock.now());
        current.map(|held| held.certificate.clone())
    }

    /// The SM3 of the token of this serial number, in hexadecimal; `None` when we issued none.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn fingerprint_of(&self, serial: &Serial) -> Result<Option<String>, Error> {
        let mut conn = self.0.store.read().await?;
        Ok(sql::find(&mut conn, &serial.to_hex()).await?.map(|row| row.fingerprint))
    }

    /// The keys of the device that sign tokens, whether certified or not.
    ///
    /// # Errors
    /// When the device is not there.
    pub async fn keys(&self) -> Result<Vec<KeyInfo>, Error> {
        keys::of_device(&self.0).await
    }

    /// Both clocks. If the thread was held up between them, they are read again: that is no step.
    fn moment(&self) -> Moment {
        let steady = || self.0.ports.steady.elapsed();
        let mut before = steady();
        let mut moment = Moment { wall: self.0.clock.now(), steady: before };
        for _ in 0..READINGS {
            let after = steady();
            if after.saturating_sub(before) <= HELD_UP {
                break;
            }
            before = after;
            moment = Moment { wall: self.0.clock.now(), steady: before };
        }
        moment
    }

    fn state(&self) -> MutexGuard<'_, ClockState> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn complaint(&self) -> MutexGuard<'_, Option<String>> {
        self.0.complaint.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn held(&self) -> Arc<Vec<Held>> {
        self.0.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl std::fmt::Debug for TimestampAuthority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TimestampAuthority({})", self.0.config.keys)
    }
}
