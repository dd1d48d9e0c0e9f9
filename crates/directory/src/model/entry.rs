//! Entries of the tree.

use bytes::Bytes;

use super::attribute::AttributeType;
use super::dn::Dn;

/// How a certificate stands, as `certificateStatus` says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// In force.
    Good,
    /// 已暂停.
    Suspended,
    /// 已撤销.
    Revoked,
    /// Its time is over.
    Expired,
}

impl Standing {
    /// The value of the attribute.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Suspended => "suspended",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
        }
    }
}

/// What a certificate's key is for, as `certificateUsage` says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// Signing.
    Sign,
    /// Encryption.
    Encrypt,
}

impl Usage {
    /// The value of the attribute.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sign => "sign",
            Self::Encrypt => "enc",
        }
    }
}

/// An entry with what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub dn: Dn,
    attributes: Vec<(AttributeType, Vec<Bytes>)>,
}

impl Entry {
    /// An entry without attributes.
    #[must_use]
    pub const fn new(dn: Dn) -> Self {
        Self { dn, attributes: Vec::new() }
    }

    /// Adds a value.
    pub fn add(&mut self, attribute: AttributeType, value: impl Into<Bytes>) {
        let value = value.into();
        match self.attributes.iter_mut().find(|(known, _)| *known == attribute) {
            Some((_, values)) => values.push(value),
            None => self.attributes.push((attribute, vec![value])),
        }
    }

    /// Adds a text.
    pub fn add_text(&mut self, attribute: AttributeType, text: &str) {
        self.add(attribute, text.as_bytes().to_vec());
    }

    /// The values of an attribute; none when it has none.
    #[must_use]
    pub fn values(&self, attribute: AttributeType) -> &[Bytes] {
        let found = self.attributes.iter().find(|(known, _)| *known == attribute);
        found.map(|(_, values)| values.as_slice()).unwrap_or_default()
    }

    /// Every attribute with its values.
    pub fn attributes(&self) -> impl Iterator<Item = (AttributeType, &[Bytes])> {
        self.attributes.iter().map(|(attribute, values)| (*attribute, values.as_slice()))
    }
}
