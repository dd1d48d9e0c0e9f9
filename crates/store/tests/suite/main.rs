//! The storage tests: every story runs on SQLite and on PostgreSQL.
//!
//! PostgreSQL is found through `YINXIN_TEST_PG_URL` (a user that may create databases; see
//! `scripts/pg-start`). Each test makes a database of its own and drops it. Without the variable the
//! PostgreSQL half prints that it was skipped.

// Helpers outside #[test] functions fail the test by panicking.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

mod audit;
mod bench;
mod blobs;
mod commits;
mod crashes;
mod journal;
mod nodes;
mod readers;
mod schema;
mod tampering;
mod upgrades;
