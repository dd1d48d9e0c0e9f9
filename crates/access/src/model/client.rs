//! API clients: programs that may ask.

use super::{ClientId, Roles};
use crate::Error;
use gm::PublicKey;
use jiff::Timestamp;
use pki::name::is_line;
use std::fmt;
use std::str::FromStr;

/// What people call a client: 1 to 64 characters, all of which people can see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientName(String);

impl ClientName {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As it was kept: names from before a rule came stay what they are.
    pub(crate) const fn kept(text: String) -> Self {
        Self(text)
    }
}

impl FromStr for ClientName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        if is_line(text, 1..=64) { Ok(Self(text.into())) } else { Err(Error::Name) }
    }
}

impl fmt::Display for ClientName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A program that may ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Never used again.
    pub id: ClientId,
    /// What people call it; unique.
    pub name: ClientName,
    /// Its requests verify under this key, with the default user ID.
    pub public_key: PublicKey,
    /// What it is allowed as.
    pub roles: Roles,
    /// Whole seconds.
    pub created_at: Timestamp,
    /// Since when it is not let in any more.
    pub disabled_at: Option<Timestamp>,
}

/// What is needed to create a client.
#[derive(Debug, Clone)]
pub struct NewClient {
    /// What people call it; unique.
    pub name: ClientName,
    /// Its key; unique, also among disabled clients.
    pub public_key: PublicKey,
    /// What it is allowed as.
    pub roles: Roles,
}
