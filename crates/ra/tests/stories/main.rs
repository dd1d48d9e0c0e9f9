//! Stories of the registration, on SQLite and, where `YINXIN_TEST_PG_URL` says so, on PostgreSQL.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod batch;
mod certificate;
mod comparison;
mod door;
mod evidence;
mod figures;
mod listing;
mod material;
mod office;
mod order;
mod privacy;
mod reach;
mod revocation;
mod services;
mod signing;
mod stop;
mod supplement;
mod walk;
mod way;
mod world;
