//! Stories of the registration, on SQLite and, where `YINXIN_TEST_PG_URL` says so, on PostgreSQL.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod certificate;
mod door;
mod listing;
mod material;
mod office;
mod order;
mod privacy;
mod services;
mod signing;
mod supplement;
mod walk;
mod way;
mod world;
