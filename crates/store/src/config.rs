//! How a store is opened.

use std::path::PathBuf;
use std::time::Duration;

use crate::Warrant;

/// Whose database: its tables and the name of its anchor files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Schema {
    /// The certification institution.
    Institution,
    /// The key management centre.
    Kmc,
}

impl Schema {
    /// The folder of its migrations, the stem of its anchor files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Institution => "institution",
            Self::Kmc => "kmc",
        }
    }
}

/// What is expected to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Opening {
    /// Database and anchor; anything missing halts the store.
    Existing,
    /// Nothing yet, or everything: creates database, keys and anchor if none of them holds records,
    /// and opens as [`Opening::Existing`] otherwise. A database with records but no anchor halts.
    New,
    /// A database whose anchor is lost, or that was restored from a backup: an officer has compared
    /// its head with a copy kept elsewhere and answers for it ([`StoreConfig::reanchored_by`]). The
    /// whole journal is verified, and the new anchor is itself a record.
    Reanchor,
}

/// Where a store is and how it works. Start from [`StoreConfig::new`].
#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// `sqlite:/path/file.db` or `postgres://…`.
    pub url: String,
    /// Which tables.
    pub schema: Schema,
    /// The folder of the anchor: outside of the database and its backups, best on another disk.
    pub anchor: PathBuf,
    /// The name of this journal in checkpoints: unique, without scheme, e.g. `ca.example.cn/journal`.
    pub origin: String,
    /// What is expected to be there.
    pub opening: Opening,
    /// Who answers for a new anchor; [`Opening::Reanchor`] is refused without.
    pub warrant: Option<Warrant>,
    /// How often a grown journal gets a signed checkpoint.
    pub checkpoint_every: Duration,
    /// How often the whole journal is read again and its tree recomputed, in the background; the
    /// first time right after opening.
    pub verify_every: Duration,
    /// Opening verifies at least this many of the last records before it returns, and always all
    /// since the last checkpoint.
    pub verify_at_open: u64,
    /// Whether the anchor learns every head before its units are answered. Off, it learns only
    /// checkpoints: cheaper, and a rollback to a moment after the last checkpoint goes unseen.
    pub anchor_each_commit: bool,
    /// Most units in one transaction.
    pub batch_units: usize,
    /// A batch takes no further unit after this time.
    pub batch_time: Duration,
    /// Most units that wait; more are answered `store.busy`.
    pub queue: usize,
    /// A unit that takes longer is taken back.
    pub unit_timeout: Duration,
    /// Connections for reading.
    pub readers: u32,
    /// How far the clock may be behind the last record before commits are refused.
    pub clock_tolerance: Duration,
}

impl StoreConfig {
    /// The usual settings, for a store that exists.
    pub fn new(
        url: impl Into<String>,
        schema: Schema,
        anchor: impl Into<PathBuf>,
        origin: impl Into<String>,
    ) -> Self {
        Self {
            url: url.into(),
            schema,
            anchor: anchor.into(),
            origin: origin.into(),
            opening: Opening::Existing,
            warrant: None,
            checkpoint_every: Duration::from_secs(10),
            verify_every: Duration::from_secs(3600),
            verify_at_open: 50_000,
            anchor_each_commit: true,
            batch_units: 256,
            batch_time: Duration::from_millis(50),
            queue: 4096,
            unit_timeout: Duration::from_secs(30),
            readers: 8,
            clock_tolerance: Duration::from_secs(60),
        }
    }

    /// The same, to give the journal a new anchor for which these people answer.
    pub fn reanchored_by(mut self, warrant: Warrant) -> Self {
        self.opening = Opening::Reanchor;
        self.warrant = Some(warrant);
        self
    }

    /// The same, with another expectation.
    pub fn opening(mut self, opening: Opening) -> Self {
        self.opening = opening;
        self
    }
}
