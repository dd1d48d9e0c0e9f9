//! Stories of the status services over a store with the CA's tables.

// Helpers outside #[test] functions fail the test by panicking.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod caching;
mod changes;
mod issuers;
mod lists;
mod outages;
mod places;
mod prepared;
mod questions;
mod responders;
mod timestamp;
mod unissued;
mod world;
