//! Following what is issued: each new certificate gets its rows in the index, in the order of the
//! records. The place reached is kept with the rows in one unit, so a cut loses and doubles nothing,
//! and of several nodes one does it.

use store::Tx;

use super::Directory;
use crate::error::Error;
use crate::rules::index::{self, Row};
use crate::sql;

/// Certificates of one unit.
const BATCH: i64 = 200;

/// Certificates to be indexed, from one place to another.
struct Step {
    policy: String,
    from: i64,
    to: i64,
    rows: Vec<(i64, Vec<Row>)>,
}

impl Directory {
    /// Brings the index up to the last certificate; how many were looked at. Doing it again does
    /// nothing.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub async fn follow(&self) -> Result<usize, Error> {
        let mut seen = 0;
        loop {
            let place = sql::progress(&mut *self.0.store.read().await?).await?;
            let policy = self.0.config.policy.index_name();
            let from = match place {
                Some((known, seq)) if known == policy => seq,
                _ => {
                    self.begin_anew(policy).await?;
                    continue;
                }
            };
            let Some((step, count)) = self.next_step(policy, from).await? else {
                return Ok(seen);
            };
            seen += count;
            self.0.store.commit(move |tx| Box::pin(async move { step.take(tx).await })).await?;
        }
    }

    /// How many certificates are in the index.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn size(&self) -> Result<u64, Error> {
        let count = sql::count(&mut *self.0.store.read().await?).await?;
        Ok(u64::try_from(count).unwrap_or_default())
    }

    async fn next_step(&self, policy: String, from: i64) -> Result<Option<(Step, usize)>, Error> {
        let issued = sql::issued_after(&mut *self.0.store.read().await?, from, BATCH).await?;
        let Some(last) = issued.last() else {
            return Ok(None);
        };
        let mut step = Step { policy, from, to: last.seq, rows: Vec::new() };
        for one in issued.iter().filter(|one| self.is_published(&one.profile)) {
            step.rows.push((one.id, index::rows(&pki::Certificate::from_der(&one.der)?)));
        }
        Ok(Some((step, issued.len())))
    }

    pub(super) fn is_published(&self, profile: &str) -> bool {
        self.0.config.policy.published(profile).is_some()
    }

    /// Another choice of kinds: the index is made anew, in small units, so that others get their turn.
    async fn begin_anew(&self, policy: String) -> Result<(), Error> {
        loop {
            let removed: u64 = self
                .0
                .store
                .commit(|tx| Box::pin(async move { sql::clear_some(tx.conn()).await }))
                .await?;
            if removed == 0 {
                break;
            }
        }
        self.0
            .store
            .commit(move |tx| {
                Box::pin(async move { sql::note_progress(tx.conn(), &policy, -1).await })
            })
            .await
    }
}

impl Step {
    /// Unless another node was here before.
    async fn take(self, tx: &mut Tx) -> Result<(), Error> {
        if sql::progress(tx.conn()).await? != Some((self.policy.clone(), self.from)) {
            return Ok(());
        }
        for (id, rows) in &self.rows {
            sql::insert(tx.conn(), *id, rows).await?;
        }
        sql::note_progress(tx.conn(), &self.policy, self.to).await
    }
}
