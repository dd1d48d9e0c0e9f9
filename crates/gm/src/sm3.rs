//! SM3 (GB/T 32905, GM/T 0004) and HMAC-SM3.

use std::fmt;

use gm_core::sm3 as core;

/// An SM3 value of 32 octets.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The octets.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Lower-case hexadecimal, 64 characters.
    pub fn to_hex(&self) -> String {
        hex::encode(self.0)
    }

    /// Reads 64 hexadecimal characters.
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut out = [0; 32];
        hex::decode_to_slice(text, &mut out).ok()?;
        Some(Self(out))
    }
}

impl AsRef<[u8]> for Digest {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// SM3 of `data`.
pub fn hash(data: &[u8]) -> Digest {
    hash_parts(&[data])
}

/// SM3 of the parts, one after the other, without separators.
pub fn hash_parts(parts: &[&[u8]]) -> Digest {
    Digest(core::hash_parts(parts))
}

/// SM3 of data that arrives in pieces.
#[derive(Clone, Default)]
pub struct Hasher(core::Hasher);

impl Hasher {
    /// An empty message.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends to the message.
    pub fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    /// The digest of all that was appended.
    pub fn finish(self) -> Digest {
        Digest(self.0.finish())
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hasher")
    }
}

/// HMAC-SM3 (GB/T 15852.2, RFC 2104 construction) for keys of any length.
pub fn hmac(key: &[u8], data: &[u8]) -> Digest {
    hmac_parts(key, &[data])
}

/// HMAC-SM3 over parts without separators.
pub(crate) fn hmac_parts(key: &[u8], parts: &[&[u8]]) -> Digest {
    Digest(core::HmacKey::new(key).mac(parts))
}
