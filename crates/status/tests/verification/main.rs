//! Stories of the verification service: chains, status, signatures, our own records.

// Helpers outside #[test] functions fail the test by panicking.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod certificates;
#[allow(dead_code)]
mod family;
mod foreign;
mod known;
mod messages;
#[path = "../../../app/tests/holds/postgres.rs"]
mod postgres;
mod records;
mod remembered;
mod responder;
mod signatures;
#[path = "../suite/world.rs"]
#[allow(dead_code)]
mod world;
