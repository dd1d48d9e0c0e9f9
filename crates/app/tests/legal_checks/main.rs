//! The checks of the law, as an inspector makes them: each judges the outcome, from the exported journal and
//! the bytes of certificates alone, of an institution at whose desk, office and batch real services have
//! issued. Of each check a counter-case: the same export, tampered with, fails. What the export cannot show
//! is unknown, and never passed (Invariant 11).
//!
//! The journal is read as it was exported; certificates and lists are read by OpenSSL.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests fail loudly"
)]

mod certificates;
mod devices;
mod export;
mod offices;
mod order;
mod products;
mod town;
