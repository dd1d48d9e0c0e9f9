//! Following changes of status that other processes made.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use jiff::Timestamp;
use pki::Serial;
use store::Store;
use tracing::{error, warn};

use super::{Inner, Responder};
use crate::error::Error;
use crate::sql;

/// Changes that are read at a time; after this many at once, everything is forgotten.
const MOST: i64 = 10_000;
/// Issuers and our own certificates are looked for once in this many looks.
const REFRESH_EVERY: u32 = 60;

/// How far the changes were followed.
#[derive(Debug, Clone, Copy)]
pub struct Followed {
    /// Journal number of the last change seen; -1 before the first.
    pub seq: i64,
    /// When it was last looked.
    pub at: Timestamp,
}

impl Followed {
    /// From here on: nothing is kept yet that earlier changes could make wrong.
    pub async fn begin(store: &Store, now: Timestamp) -> Result<Self, Error> {
        let seq = sql::last_change(&mut *store.read().await?).await?;
        Ok(Self { seq, at: now })
    }
}

impl Responder {
    /// Looks for changes once and forgets the answers that they made wrong. Returns how many
    /// changes there were. Runs by itself; callers may hurry it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn follow(&self) -> Result<usize, Error> {
        let from = self.followed().seq;
        let now = self.now();
        let mut conn = self.0.store.read().await?;
        let changes = sql::changes_after(&mut conn, from, MOST).await?;
        drop(conn);
        if self.forget(&changes) {
            self.0.told.fetch_add(1, Ordering::SeqCst);
        }
        let last = changes.last().map(|(seq, _)| *seq);
        {
            let mut followed = self.followed();
            followed.seq = followed.seq.max(last.unwrap_or(from));
            followed.at = now;
        }
        if self.is_stale() {
            self.refresh().await?;
        }
        Ok(changes.len())
    }

    /// Forgets the answers about these certificates; whether one of them is, or may be, our own.
    fn forget(&self, changes: &[(i64, String)]) -> bool {
        // Who speaks for whom is being read just now, perhaps from before these changes.
        let mut own = !changes.is_empty() && self.0.refreshing.try_lock().is_err();
        let authorities = self.authorities();
        let mut cache = self.cache();
        for (seq, text) in changes {
            match Serial::from_hex(text) {
                Ok(serial) => {
                    own |= authorities.is_delegation(&serial);
                    cache.forget(&serial);
                }
                Err(_) => {
                    // Whom it concerns cannot be told, so it concerns all.
                    error!(seq, serial = %text, "a change of status names no certificate");
                    cache.clear();
                }
            }
        }
        own
    }

    /// Follows until the last clone of this responder is gone.
    pub(super) fn spawn_follower(&self) {
        let (weak, pause): (Weak<Inner>, _) = (Arc::downgrade(&self.0), self.0.config.poll);
        tokio::spawn(async move {
            let mut looks: u32 = 0;
            loop {
                tokio::time::sleep(pause).await;
                let Some(inner) = weak.upgrade() else { return };
                looks = looks.wrapping_add(1);
                let responder = Responder(inner);
                if let Err(error) = responder.look(looks.is_multiple_of(REFRESH_EVERY)).await {
                    warn!(%error, "changes of status cannot be followed");
                }
            }
        });
    }

    async fn look(&self, whole: bool) -> Result<(), Error> {
        while self.follow().await? >= usize::try_from(MOST).unwrap_or(usize::MAX) {}
        if whole || self.authorities().keys.is_none() { self.refresh().await } else { Ok(()) }
    }
}
