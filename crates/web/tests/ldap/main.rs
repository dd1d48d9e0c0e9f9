//! The directory as clients meet it: OpenLDAP's programs, OpenSSL, raw octets, HTTP.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail loudly"
)]

mod bind;
mod client;
mod cross;
mod filters;
mod hostile;
mod http;
mod limits;
mod tls;
