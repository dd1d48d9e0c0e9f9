//! Where everything is kept: one SQL schema on SQLite and PostgreSQL, group commit, the journal with
//! its anchor, and sealed blobs.
//!
//! # The way of a write
//!
//! A *unit* is a closure over [`Tx`]; [`Store::commit`] hands it to the one writer task. The writer
//! collects the units that wait, runs each in a savepoint of one transaction, adds the journal
//! records they appended, and commits once. Only after that commit, and after the anchor outside the
//! database knows the new head, does any of them get its answer. A unit that fails or panics takes
//! back only itself; a commit that fails fails all of its units.
//!
//! ```no_run
//! # use store::{Actor, Record, Store};
//! # async fn example(store: Store) -> Result<(), store::Error> {
//! let seq = store
//!     .commit(move |tx| {
//!         Box::pin(async move {
//!             sqlx::query("UPDATE certificate SET status = $1 WHERE id = $2")
//!                 .bind("revoked")
//!                 .bind(7_i64)
//!                 .execute(tx.conn())
//!                 .await?;
//!             let body = serde_json::json!({ "reason": 1 });
//!             tx.append(Record::new("certificate.revoked", Actor::system(), "ca/0a1b", body)).await
//!         })
//!     })
//!     .await?;
//! # let _ = seq; Ok(()) }
//! ```
//!
//! # What the journal proves
//!
//! Every record is a leaf of a Merkle tree over SM3. Its head is sealed with a key of the device and
//! kept twice: in the database and, after every commit, in the [anchor] outside of it.
//! Whoever can write only to the database cannot roll it back, cut it, edit it or extend it without
//! being noticed: at start, at the next commit, or by the scan in the background. Then
//! [`Store::standing`] is [`Standing::Halted`]: commits are refused, reads go on. Who can roll back
//! the database *and* the anchor to the same older moment is seen only by a witness that keeps
//! checkpoints elsewhere.
//!
//! Rows of the subjects' own tables are not leaves. They are derived from records: a subject
//! compares its rows with the records it wrote ([`Store::records`]), and what does not agree halts
//! the store as well ([`Store::halt`]).
//!
//! # Rules for SQL
//!
//! One text serves both engines; `migrations/README.md` says how to write tables. sqlx's `Any` driver
//! has these traps: bind `&str`, `String`, `i64`, `&[u8]`, `Vec<u8>` or `Option` of them, never
//! `Arc<str>` or `Cow` (SQLite panics); read no BOOLEAN (SQLite) and no NUMERIC (PostgreSQL): `SUM`
//! of integers needs `CAST(… AS BIGINT)`; `last_insert_id` does not exist, use `RETURNING`; NULL needs
//! a typed `None::<T>`; a failed statement in a unit dooms the unit on PostgreSQL, so ask with
//! `ON CONFLICT … DO NOTHING` instead of trying and catching.
//!
//! Not here: rules of any subject.

pub mod anchor;
mod blob;
mod canonical;
mod clock;
mod config;
mod core;
mod engine;
mod error;
pub mod fault;
mod generated;
mod index;
mod journal;
mod keys;
mod migrations;
mod presence;
mod reader;
mod record;
mod standing;
mod store;
mod tx;
mod warrant;
mod writer;

pub use blob::{BlobRef, SealedBlob};
pub use canonical::to_canonical;
pub use clock::{Clock, FixedClock, SystemClock};
pub use config::{Opening, Schema, StoreConfig};
pub use engine::Engine;
pub use error::{Error, ErrorKind};
pub use journal::{
    AUDITED, AuditMark, Consistency, DayTotal, ExportSummary, FINDING_MAX, Filter, Finding,
    FindingKind, Inclusion, JournalReport, NewAuditMark, Page, Progress, Scope, SignedCheckpoint,
    Stored, Verdict, check_range, next_first,
};
pub use keys::{ANCHOR_MAC, INDEX, JOURNAL, SEAL};
pub use reader::Reader;
pub use record::{Actor, Record, Seq};
pub use standing::Standing;
pub use store::Store;
pub use tx::Tx;
pub use warrant::Warrant;
