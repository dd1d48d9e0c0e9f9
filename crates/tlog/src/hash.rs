//! Hashes of leaves and nodes (RFC 6962 §2.1): a leaf is hashed behind 0x00, a node behind 0x01, so that neither can
//! be passed off as the other.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sm3::{Digest as _, Sm3};

use crate::Error;

/// An SM3 value in the tree.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// The root of the tree without leaves: SM3 of nothing.
    pub fn empty_root() -> Self {
        Self(Sm3::digest([]).into())
    }

    /// The hash of a leaf.
    pub fn leaf(data: &[u8]) -> Self {
        let mut hasher = LeafHasher::default();
        hasher.update(data);
        hasher.finish()
    }

    /// The hash of the node above two.
    pub fn node(left: &Self, right: &Self) -> Self {
        let mut hasher = Sm3::new_with_prefix([0x01]);
        hasher.update(left.0);
        hasher.update(right.0);
        Self(hasher.finalize().into())
    }

    /// From exactly 32 octets.
    pub fn from_slice(octets: &[u8]) -> Result<Self, Error> {
        octets.try_into().map(Self).map_err(|_| Error::BadHash)
    }

    /// Standard base64, as checkpoints and proofs carry it.
    pub fn to_base64(&self) -> String {
        STANDARD.encode(self.0)
    }

    /// From standard base64 with padding.
    pub fn from_base64(text: &str) -> Result<Self, Error> {
        Self::from_slice(&STANDARD.decode(text).map_err(|_| Error::BadHash)?)
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

/// Lower-case hex.
impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

/// Hashes a leaf that comes in pieces.
#[derive(Clone)]
pub struct LeafHasher(Sm3);

impl LeafHasher {
    /// Adds a piece.
    pub fn update(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    /// The hash of all pieces in their order.
    pub fn finish(self) -> Hash {
        Hash(self.0.finalize().into())
    }
}

impl Default for LeafHasher {
    fn default() -> Self {
        Self(Sm3::new_with_prefix([0x00]))
    }
}
