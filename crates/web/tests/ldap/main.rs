//! The directory as clients meet it: OpenLDAP's programs, OpenSSL, raw octets, HTTP.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail loudly"
)]

#[path = "../../../app/tests/world/mod.rs"]
mod world;

#[path = "../door/mod.rs"]
mod door;

#[path = "../../../status/tests/verification/family.rs"]
#[allow(dead_code)]
mod family;

#[path = "../../../app/tests/cross/neighbour.rs"]
mod neighbour;

mod bind;
mod client;
mod cross;
mod filters;
mod hostile;
mod http;
mod limits;
mod tls;
