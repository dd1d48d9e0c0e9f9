//! The journal: its head, its anchor, its tree, its verification, and reading it.

mod append;
mod audit;
mod checkpoint;
mod export;
mod guard;
mod head;
mod note;
mod open;
mod query;
mod report;
mod scan;
mod survey;
mod tree;
mod verify;

pub(crate) use append::append;
pub use audit::{AUDITED, AuditMark, FINDING_MAX, NewAuditMark, Verdict, check_range, next_first};
pub use checkpoint::SignedCheckpoint;
pub(crate) use checkpoint::{checkpoint, latest};
pub use export::ExportSummary;
pub(crate) use export::export;
pub(crate) use guard::{AnchorSeen, advance, anchored_size, check};
pub(crate) use head::{Head, HeadRow, size};
pub(crate) use open::{Verified, settle};
pub use query::{Filter, Page, Stored};
pub(crate) use query::{count, records};
pub use report::{Finding, FindingKind, JournalReport, Progress, Scope};
pub use survey::DayTotal;
pub use tree::{Consistency, Inclusion};
pub(crate) use tree::{entries, is_reached, prove_consistency, prove_inclusion, tile};
pub(crate) use verify::{follow, verify};
