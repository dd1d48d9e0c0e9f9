//! The weekly sample report (T-20): one for each week, drawn by a seed that nobody chose, telling of each certificate what
//! stood behind it. The draw is repeated and the signature judged by OpenSSL, from the journal and the file alone.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail loudly"
)]

#[allow(dead_code, reason = "other tests ask it more")]
#[path = "../legal_checks/openssl.rs"]
mod openssl;
#[path = "../holds/postgres.rs"]
mod postgres;
#[path = "../way/mod.rs"]
mod way;
#[path = "../world/mod.rs"]
mod world;

mod judge;
mod stories;
mod town;
