//! The distinguishing identifier of an SM2 user (GB/T 32918.2 §5.5).

use crate::KeyError;

/// An SM2 user ID. Certificates use the default `1234567812345678` (GM/T 0009 §10).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UserId(Vec<u8>);

impl UserId {
    /// Takes any octets; at most 8191 of them, since ENTL counts bits in 16 bits.
    pub fn new(id: impl Into<Vec<u8>>) -> Result<Self, KeyError> {
        let id = id.into();
        if id.len() > 8191 {
            return Err(KeyError::UserId);
        }
        Ok(Self(id))
    }

    /// The octets.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// ENTL: the length in bits, big-endian.
    pub(crate) fn entl(&self) -> [u8; 2] {
        u16::try_from(self.0.len() * 8).unwrap_or(u16::MAX).to_be_bytes()
    }
}

impl Default for UserId {
    fn default() -> Self {
        Self(b"1234567812345678".to_vec())
    }
}
