//! What a unit works with.

use jiff::Timestamp;
use sqlx::{Any, AnyConnection, Executor as _, Transaction};

use crate::record::Leaf;
use crate::{Engine, Error, Record, Seq};

/// The transaction of a batch, as one unit sees it.
///
/// Statements run on [`Tx::conn`]; a unit may open savepoints of its own there, but not commit.
pub struct Tx {
    transaction: Transaction<'static, Any>,
    engine: Engine,
    /// Size of the journal before this batch.
    base: u64,
    /// Records of the batch, inserted together at its end.
    pub(crate) pending: Vec<Leaf>,
    now: Timestamp,
    /// Whether the savepoint of a unit that is kept is still there.
    kept: bool,
    /// Set when content was erased: the log files that still hold it are cleared after the commit.
    pub(crate) erased: bool,
}

impl Tx {
    pub(crate) fn new(
        transaction: Transaction<'static, Any>,
        engine: Engine,
        base: u64,
        now: Timestamp,
    ) -> Self {
        Self { transaction, engine, base, pending: Vec::new(), now, kept: false, erased: false }
    }

    /// The connection, inside the transaction.
    pub fn conn(&mut self) -> &mut AnyConnection {
        &mut self.transaction
    }

    /// The engine, where a statement must differ.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// The instant of this unit. Never before that of an earlier record.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Adds a record to the journal. It becomes durable with everything else in this unit, and its
    /// row is there only then: a unit cannot read its own records.
    pub async fn append(&mut self, record: Record) -> Result<Seq, Error> {
        let ahead = u64::try_from(self.pending.len()).unwrap_or(u64::MAX);
        let seq = Seq(self.base.saturating_add(ahead));
        self.pending.push(record.into_leaf(seq, self.now)?);
        Ok(seq)
    }

    pub(crate) fn set_now(&mut self, now: Timestamp) {
        self.now = now;
    }

    /// Marks where the unit starts.
    pub(crate) async fn enter(&mut self) -> Result<usize, Error> {
        let statements = match std::mem::take(&mut self.kept) {
            true => "RELEASE SAVEPOINT unit; SAVEPOINT unit",
            false => "SAVEPOINT unit",
        };
        self.conn().execute(statements).await?;
        Ok(self.pending.len())
    }

    /// Keeps the unit. PostgreSQL is asked at once: after a statement that failed unnoticed it
    /// refuses, and the unit can still be taken back. SQLite takes back a failed statement alone,
    /// so its savepoint can wait for the next unit, or for the commit, which releases it.
    pub(crate) async fn keep(&mut self) -> Result<(), Error> {
        match self.engine {
            Engine::Postgres => self.conn().execute("RELEASE SAVEPOINT unit").await.map(drop)?,
            Engine::Sqlite => self.kept = true,
        }
        Ok(())
    }

    /// Takes the unit back, with its records: their numbers are used again, so the journal has no
    /// gaps.
    pub(crate) async fn take_back(&mut self, mark: usize) -> Result<(), Error> {
        self.pending.truncate(mark);
        let statements = "ROLLBACK TO SAVEPOINT unit; RELEASE SAVEPOINT unit";
        self.conn().execute(statements).await?;
        Ok(())
    }

    pub(crate) async fn commit(self) -> Result<(), sqlx::Error> {
        self.transaction.commit().await
    }
}

impl std::fmt::Debug for Tx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tx {{ base: {}, pending: {} }}", self.base, self.pending.len())
    }
}
