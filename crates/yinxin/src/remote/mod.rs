//! Commands over the REST door, as an API client: requests are signed with the client's key.

pub mod cert;
pub mod client;
pub mod crl;
mod door;
pub mod journal;

pub use door::{Door, DoorArgs};
