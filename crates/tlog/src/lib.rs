//! A transparency log over SM3: the tree, its proofs, its tiles and its signed heads.
//!
//! The shapes are those of the public logs, with SM3 in place of SHA-256 and SM2 in place of Ed25519:
//!
//! | from | here |
//! | --- | --- |
//! | RFC 6962 §2.1, RFC 9162 §2.1: Merkle tree, inclusion and consistency proofs | [`struct@Hash`], [`CompactRange`], [`prove_inclusion`], [`verify_inclusion`], [`prove_consistency`], [`verify_consistency`] |
//! | C2SP tlog-tiles: tiles of height 8, their paths, entry bundles | [`tile`] |
//! | C2SP tlog-checkpoint: the text of a tree head | [`Checkpoint`] |
//! | C2SP signed-note: a text with signature lines | [`note`] |
//! | of our own: a log as a file with its proofs | [`export`] |
//!
//! With SM3 and SM2 these are a private profile: ordinary witnesses will not cosign such heads. What is private about
//! it stands in [`note`].
//!
//! Not here: what a leaf means, where hashes are stored, who signs. Nodes are read through [`HashReader`]; signatures
//! come from the caller.

mod checkpoint;
mod error;
pub mod export;
mod hash;
pub mod note;
mod proof;
mod range;
mod reader;
pub mod tile;

pub use checkpoint::Checkpoint;
pub use error::Error;
pub use hash::{Hash, LeafHasher};
pub use proof::{prove_consistency, prove_inclusion, verify_consistency, verify_inclusion};
pub use range::CompactRange;
pub use reader::{HashReader, MemoryTree, NodeId, NodeRecorder};
