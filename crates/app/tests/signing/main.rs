//! Keys of applications and their certificates, from the order to the end: on SQLite and, where
//! `YINXIN_TEST_PG_URL` says so, on PostgreSQL.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

mod desk;
mod devices;
mod doubt;
mod ending;
mod quotas;
mod renewal;
