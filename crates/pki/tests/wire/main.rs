//! Revocation lists, OCSP, key envelopes and messages, held against OpenSSL and against
//! whatever octets may come.

// Helpers outside #[test] functions fail the test by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod compare;
mod crl;
mod crl_judge;
mod crl_long;
mod envelope;
mod hostile;
mod message;
mod ocsp;
mod ocsp_judge;
mod openssl;
mod svs;
mod tsp;
mod tsp_judge;
mod world;
