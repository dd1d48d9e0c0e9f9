//! Publishing the directory into another LDAP server, ours being the master (Measures Art. 18 (2);
//! GM/T 0034: certificates and lists are published in a master directory and its slaves).
//!
//! What is new or changed goes out in the order of the records, one entry after the other; the place
//! reached is kept in the database and survives restarts. Sending again does no harm. When the other
//! server doesn't answer, the next attempt waits longer each time, a minute at most. Once a day all
//! entries are compared and mended. Entries outside of `ou=CA` and `ou=Certificates` below the base are
//! never looked at.
//!
//! | file | holds |
//! | --- | --- |
//! | `settings` | `[directory.replica]` of `yinxin.toml` |
//! | `wire` | the connection |
//! | `put` | one entry, and what a refusal means |
//! | `publish` | what is new, in order |
//! | `compare` | all entries, page by page, in bounded memory |
//! | `health` | what the doctor and the REST door say |

mod compare;
mod health;
mod publish;
mod put;
mod settings;
mod wire;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use directory::{Directory, Mirror};
use jiff::{SignedDuration, Timestamp};
use store::{Actor, Clock, Standing, Store};
use tokio::sync::Mutex as Turn;

pub use compare::{CompareReport, Finding};
pub use health::{ReplicaHealth, Walk};
pub use settings::ReplicaSettings;

use self::health::Known;
use self::publish::Session;
use self::settings::Target;
use crate::error::Error;
use crate::institution::{Institution, Parts};

/// How often all entries are compared.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Publishing into another directory. Clones are the same.
#[derive(Clone)]
pub struct Replica(Arc<Inner>);

struct Inner {
    mirror: Mirror,
    target: Target,
    store: Store,
    clock: Arc<dyn Clock>,
    /// Names this node among others that could send.
    holder: String,
    session: Turn<Session>,
    known: Mutex<Known>,
}

/// What stopped the work: our own side, or the other server.
enum Stop {
    Ours(Error),
    Theirs(wire::Trouble),
}

impl<E: Into<Error>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Ours(error.into())
    }
}

fn theirs(trouble: wire::Trouble) -> Stop {
    Stop::Theirs(trouble)
}

/// Publishing as the settings say; `None` where there is no other server.
pub(crate) fn open(
    parts: &Parts,
    store: &Store,
    directory: &Directory,
) -> Result<Option<Replica>, Error> {
    let settings = &parts.settings.directory.replica;
    let base = &directory.config().base;
    let Some(target) = Target::of(settings, parts.layout.root(), base)? else {
        return Ok(None);
    };
    Ok(Some(Replica(Arc::new(Inner {
        mirror: directory.mirror(target.base.clone(), &target.name()),
        target,
        store: store.clone(),
        clock: parts.clock.clone(),
        holder: node(parts),
        session: Turn::default(),
        known: Mutex::default(),
    }))))
}

/// Tells this node from others; after a restart it is the same.
fn node(parts: &Parts) -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("{}:{}", host.trim(), parts.layout.root().display())
}

impl Replica {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// A halted store takes no note of what arrived: then nothing is sent.
    fn is_sound(&self) -> bool {
        self.0.store.standing() == Standing::Sound
    }

    /// Compares all entries when the last comparison is a day old and nothing waits to be sent.
    ///
    /// # Errors
    /// When our own side fails; troubles of the other server are kept for the doctor.
    pub async fn compare_if_due(&self) -> Result<(), Error> {
        if !self.is_sound() {
            return Ok(());
        }
        let last = self.0.mirror.checked().await?.map(|(at, _)| at);
        let due = last.is_none_or(|last| self.now().duration_since(last) >= DAY);
        let place = self.0.mirror.place().await?;
        if due && self.0.mirror.next(&place).await?.is_none() {
            self.compare(self.0.target.repair, Actor::system()).await?;
        }
        Ok(())
    }
}

/// How long to wait after so many failures in a row: 1, 2, 4, … 60 seconds.
const fn pause(failures: u32) -> Duration {
    let doubled = if failures > 6 { 64 } else { 1 << failures.saturating_sub(1) };
    Duration::from_secs(if doubled > 60 { 60 } else { doubled })
}

impl Institution {
    /// Sends what is new to the other directory, where there is one.
    pub(crate) async fn publish_replica(&self) -> Result<(), Error> {
        match self.replica() {
            Some(replica) => replica.publish().await,
            None => Ok(()),
        }
    }

    /// Compares the other directory once a day.
    pub(crate) async fn compare_replica(&self) -> Result<(), Error> {
        match self.replica() {
            Some(replica) => replica.compare_if_due().await,
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_get_rarer_but_never_rarer_than_once_a_minute() {
        let waits: Vec<_> = (1..10).map(|failures| pause(failures).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }
}
