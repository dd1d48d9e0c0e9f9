//! Commands over the REST door, as an API client: requests are signed with the client's key.

pub mod cert;
pub mod client;
pub mod crl;
pub mod directory;
mod door;
pub mod journal;
pub mod session;

pub use door::{Door, DoorArgs};

use serde_json::Value;

/// A field of an answer; null where there is none.
pub fn field<'a>(value: &'a Value, name: &str) -> &'a Value {
    value.get(name).unwrap_or(&Value::Null)
}

/// A text of an answer; empty where there is none.
pub fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    field(value, name).as_str().unwrap_or_default()
}
