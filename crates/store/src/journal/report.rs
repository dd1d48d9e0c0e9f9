//! What a verification found.

use std::fmt;
use std::time::Duration;

use tlog::Hash;

use crate::Seq;

/// How much is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Head, anchor, and the records since the last verification.
    Tail,
    /// All records from the first.
    Full,
}

/// How far a verification is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Records read.
    pub done: u64,
    /// Records to read.
    pub total: u64,
}

/// What part of the journal is not what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FindingKind {
    /// The head in the database.
    Head,
    /// The anchor: its head or its checkpoint.
    Anchor,
    /// A checkpoint in the database.
    Checkpoint,
    /// The database has fewer records than the anchor remembers.
    RolledBack,
    /// A number without its record, or twice.
    Missing,
    /// A record whose octets do not lead to its hash, or whose columns contradict its octets.
    Edited,
    /// Records or nodes past the head.
    Inserted,
    /// A stored node of the tree.
    Node,
    /// The records lead to another root.
    Root,
    /// A row of a subject's own table: it contradicts its record, has none, or is gone.
    Row,
}

impl FindingKind {
    /// A stable word.
    pub fn code(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Anchor => "anchor",
            Self::Checkpoint => "checkpoint",
            Self::RolledBack => "rolled-back",
            Self::Missing => "missing",
            Self::Edited => "edited",
            Self::Inserted => "inserted",
            Self::Node => "node",
            Self::Root => "root",
            Self::Row => "row",
        }
    }
}

/// One thing found wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What kind.
    pub kind: FindingKind,
    /// At which record, if it is one.
    pub seq: Option<Seq>,
    /// For the operator (Chinese).
    pub detail: String,
}

impl Finding {
    pub(crate) fn no_head() -> Self {
        Self::new(FindingKind::Head, None, "数据库中的日志头缺失")
    }

    /// A row of a subject that does not agree with the record of this number.
    pub fn row(seq: Seq, detail: impl Into<String>) -> Self {
        Self { kind: FindingKind::Row, seq: Some(seq), detail: detail.into() }
    }

    pub(crate) fn new(kind: FindingKind, seq: Option<u64>, detail: impl Into<String>) -> Self {
        Self { kind, seq: seq.map(Seq), detail: detail.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.seq {
            Some(seq) => write!(f, "第 {seq} 号记录：{}", self.detail),
            None => f.write_str(&self.detail),
        }
    }
}

/// The result of a verification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalReport {
    /// How much was verified.
    pub scope: Scope,
    /// Size of the journal that was looked at.
    pub size: u64,
    /// Its root, if its head could be read.
    pub root: Option<Hash>,
    /// How many records were read and hashed anew.
    pub checked: u64,
    /// What is wrong; at most about a hundred.
    pub findings: Vec<Finding>,
    /// How long it took.
    pub took: Duration,
}

impl JournalReport {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }
}
