//! The nonce that binds an answer to its question (RFC 9654).

use super::Defect;
use crate::Error;
use crate::strict::{Reader, Tlv, Writer};

/// A nonce: 1 to 128 octets. Clients should send 32.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nonce(Vec<u8>);

impl Nonce {
    /// Takes the octets of a nonce.
    ///
    /// # Errors
    /// When there are none, or more than 128.
    pub fn new(octets: impl Into<Vec<u8>>) -> Result<Self, Error> {
        let octets = octets.into();
        if (1..=128).contains(&octets.len()) { Ok(Self(octets)) } else { Err(Defect::Nonce.into()) }
    }

    /// Its octets.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Reads the value of the extension: an OCTET STRING within the OCTET STRING.
    pub(super) fn read(value: &Tlv<'_>) -> Result<Self, Error> {
        let mut reader: Reader<'_> = value.reader();
        let octets = reader.octet_string()?;
        reader.finish()?;
        Self::new(octets)
    }

    pub(super) fn write(&self, w: &mut Writer) {
        w.octet_string(&self.0);
    }
}
