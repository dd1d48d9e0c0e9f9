//! Stories of the directory over a store with the CA's tables, on SQLite and, where
//! `YINXIN_TEST_PG_URL` names a server, on PostgreSQL.

// Helpers outside #[test] functions fail the test by panicking.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod index;
mod pages;
mod privacy;
mod search;
mod tree;
mod world;
