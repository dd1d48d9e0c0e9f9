//! Where proofs get their nodes from.

use std::collections::BTreeSet;

use crate::{Error, Hash};

/// The root of the leaves `index << level .. (index + 1) << level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId {
    /// Height above the leaves, 0 to 63.
    pub level: u8,
    /// Position in that height, from the left.
    pub index: u64,
}

/// Reads nodes of perfect subtrees.
pub trait HashReader {
    /// The node, or [`Error::MissingNode`].
    fn node(&mut self, id: NodeId) -> Result<Hash, Error>;
}

/// A whole tree in memory: for tests and small logs.
#[derive(Debug, Clone, Default)]
pub struct MemoryTree {
    range: crate::CompactRange,
    levels: Vec<Vec<Hash>>,
}

impl MemoryTree {
    /// Appends a leaf.
    pub fn append(&mut self, leaf: Hash) {
        let levels = &mut self.levels;
        push(levels, 0, leaf);
        self.range.append_seen(leaf, |level, _, hash| push(levels, level.into(), hash));
    }

    /// How many leaves.
    pub fn size(&self) -> u64 {
        self.range.size()
    }

    /// The root.
    pub fn root(&self) -> Hash {
        self.range.root()
    }
}

/// Perfect subtrees of one height are completed from left to right, so pushing keeps positions.
fn push(levels: &mut Vec<Vec<Hash>>, level: usize, hash: Hash) {
    if levels.len() <= level {
        levels.resize_with(level + 1, Vec::new);
    }
    if let Some(row) = levels.get_mut(level) {
        row.push(hash);
    }
}

impl HashReader for MemoryTree {
    fn node(&mut self, id: NodeId) -> Result<Hash, Error> {
        usize::try_from(id.index)
            .ok()
            .and_then(|index| self.levels.get(usize::from(id.level))?.get(index))
            .copied()
            .ok_or(Error::MissingNode { level: id.level, index: id.index })
    }
}

/// Notes which nodes a proof needs, so that a caller with slow or asynchronous storage can fetch
/// them all at once: prove with this first, fetch, then prove with what was fetched.
#[derive(Debug, Clone, Default)]
pub struct NodeRecorder {
    /// The nodes asked for.
    pub nodes: BTreeSet<NodeId>,
}

impl HashReader for NodeRecorder {
    fn node(&mut self, id: NodeId) -> Result<Hash, Error> {
        self.nodes.insert(id);
        Ok(Hash([0; 32]))
    }
}
