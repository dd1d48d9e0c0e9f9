//! The weekly sample report (T-20): one for each week, drawn by a seed that nobody chose, telling of each certificate what
//! stood behind it. The draw is repeated and the signature judged by OpenSSL, from the journal and the file alone.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail loudly"
)]

mod judge;
mod stories;
mod town;
