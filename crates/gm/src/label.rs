//! The name of a key inside a device.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::KeyError;

/// `[a-z0-9][a-z0-9._-]{0,62}`: fits a file name, an HSM label and a configuration line.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyLabel(String);

impl KeyLabel {
    /// Checks the form.
    pub fn new(label: impl Into<String>) -> Result<Self, KeyError> {
        let label = label.into();
        let mut octets = label.bytes();
        let first = octets.next().is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        let rest =
            octets.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || b"._-".contains(&c));
        if !first || !rest || label.len() > 63 {
            return Err(KeyError::Label);
        }
        Ok(Self(label))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyLabel {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        Self::new(text)
    }
}

impl TryFrom<String> for KeyLabel {
    type Error = KeyError;

    fn try_from(text: String) -> Result<Self, KeyError> {
        Self::new(text)
    }
}

impl TryFrom<&str> for KeyLabel {
    type Error = KeyError;

    fn try_from(text: &str) -> Result<Self, KeyError> {
        Self::new(text)
    }
}

impl From<KeyLabel> for String {
    fn from(label: KeyLabel) -> Self {
        label.0
    }
}

impl fmt::Display for KeyLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
