//! The frontier of a growing tree: the roots of its perfect subtrees, largest first. It is all that is needed to
//! append leaves and to know the root: at most 64 hashes for any size.

use crate::{Error, Hash};

/// A tree of `size` leaves, folded to its perfect subtrees.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CompactRange {
    size: u64,
    /// One hash per set bit of `size`, highest bit first.
    hashes: Vec<Hash>,
}

impl CompactRange {
    /// The tree without leaves.
    pub fn new() -> Self {
        Self::default()
    }

    /// From stored parts; the number of hashes must fit the size.
    pub fn from_parts(size: u64, hashes: Vec<Hash>) -> Result<Self, Error> {
        if u32::try_from(hashes.len()) != Ok(size.count_ones()) {
            return Err(Error::BadFrontier);
        }
        Ok(Self { size, hashes })
    }

    /// From [`CompactRange::to_bytes`].
    pub fn from_bytes(size: u64, octets: &[u8]) -> Result<Self, Error> {
        let (hashes, rest) = octets.as_chunks::<32>();
        if !rest.is_empty() {
            return Err(Error::BadFrontier);
        }
        Self::from_parts(size, hashes.iter().copied().map(Hash).collect())
    }

    /// The hashes, one after the other.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.hashes.iter().flat_map(|hash| hash.0).collect()
    }

    /// How many leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The perfect subtrees, largest first.
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// Appends a leaf.
    pub fn append(&mut self, leaf: Hash) {
        self.append_seen(leaf, |_, _, _| ());
    }

    /// Appends a leaf and shows every perfect subtree that it completes: height above the leaves, position in that
    /// height, hash. The leaf itself is not shown.
    pub fn append_seen(&mut self, leaf: Hash, mut seen: impl FnMut(u8, u64, Hash)) {
        let mut hash = leaf;
        let mut position = self.size;
        let mut level = 0;
        while position & 1 == 1 {
            let Some(left) = self.hashes.pop() else { break };
            hash = Hash::node(&left, &hash);
            position >>= 1;
            level += 1;
            seen(level, position, hash);
        }
        self.hashes.push(hash);
        self.size += 1;
    }

    /// The root (RFC 6962 §2.1 MTH): smaller subtrees hang to the right of larger ones.
    pub fn root(&self) -> Hash {
        self.hashes
            .iter()
            .rev()
            .copied()
            .reduce(|right, left| Hash::node(&left, &right))
            .unwrap_or_else(Hash::empty_root)
    }
}
