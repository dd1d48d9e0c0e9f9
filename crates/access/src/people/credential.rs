//! What a person shows to sign in.

use super::rules;
use crate::signin::Stretch;
use crate::{Error, PersonId};
use gm::PublicKey;
use jiff::Timestamp;
use pki::name::is_line;
use std::fmt;
use std::str::FromStr;

/// What people call a key: 1 to 64 characters, all of which people can see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyLabel(String);

impl KeyLabel {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As it was kept: names from before a rule came stay what they are.
    pub(crate) const fn kept(text: String) -> Self {
        Self(text)
    }

    /// What the first key is called when nobody named it.
    pub(crate) fn first() -> Self {
        Self("首张证书".into())
    }
}

impl FromStr for KeyLabel {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        if is_line(text, 1..=64) { Ok(Self(text.into())) } else { Err(Error::KeyLabel) }
    }
}

impl fmt::Display for KeyLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A public key of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Whose.
    pub person: PersonId,
    /// One key is one person's for ever.
    pub public_key: PublicKey,
    /// What people call it.
    pub label: KeyLabel,
    /// Serial number of its certificate in hexadecimal, if we issued one.
    pub certificate: Option<String>,
    /// Whole seconds.
    pub created_at: Timestamp,
    /// The end of its certificate.
    pub expires_at: Option<Timestamp>,
    /// When it was ended before: the person left, or the certificate was revoked.
    pub ended_at: Option<Timestamp>,
}

impl Key {
    /// Whether it may be used now.
    pub fn is_live(&self, now: Timestamp) -> bool {
        rules::is_live(self, now)
    }
}

/// What a person can sign in with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The keys, the oldest first, ended ones too.
    pub keys: Vec<Key>,
    /// Whether there is a passphrase with one-time codes.
    pub has_passphrase: bool,
    /// Until when an invitation waits to be taken up.
    pub invited_until: Option<Timestamp>,
}

impl Credentials {
    /// How many there are that open a session now.
    pub fn live(&self, now: Timestamp) -> usize {
        let keys = self.keys.iter().filter(|key| key.is_live(now)).count();
        keys.saturating_add(usize::from(self.has_passphrase))
    }

    /// Whether one of them is a key.
    pub fn has_key(&self, now: Timestamp) -> bool {
        self.keys.iter().any(|key| key.is_live(now))
    }
}

/// A key that a person enrols.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    /// The public half; possession is shown with it.
    pub public_key: PublicKey,
    /// What people call it.
    pub label: KeyLabel,
    /// Serial number of its certificate in hexadecimal, if we issued one.
    pub certificate: Option<String>,
    /// The end of its certificate.
    pub expires_at: Option<Timestamp>,
}

/// A passphrase as stored, with its one-time codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Passphrase {
    pub(crate) person: PersonId,
    pub(crate) stretch: Stretch,
    pub(crate) salt: String,
    pub(crate) verifier: String,
    pub(crate) totp_blob: String,
    pub(crate) last_step: i64,
}
