//! Stories of letters, on SQLite and, where `YINXIN_TEST_PG_URL` says so, on PostgreSQL.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod issue;
mod openssl;
mod verify;
mod world;
