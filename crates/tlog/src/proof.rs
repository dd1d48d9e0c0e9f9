//! Inclusion and consistency proofs: made as RFC 6962 §2.1.1 and §2.1.2 define them, checked by
//! the loops of RFC 9162 §2.1.3.2 and §2.1.4.2.

use std::ops::Range;

use crate::{Error, Hash, HashReader, NodeId};

/// The proof that leaf `index` is in the tree of `size` leaves.
pub fn prove_inclusion(
    index: u64,
    size: u64,
    nodes: &mut impl HashReader,
) -> Result<Vec<Hash>, Error> {
    if index >= size {
        return Err(Error::OutOfRange);
    }
    let mut proof = Vec::new();
    let mut rest = 0..size;
    // From the root down to the leaf; the proof lists siblings from the leaf up.
    while rest.end - rest.start > 1 {
        let (left, right) = split(&rest);
        let (inside, beside) = if index < left.end { (left, right) } else { (right, left) };
        proof.push(root_of(&beside, nodes)?);
        rest = inside;
    }
    proof.reverse();
    Ok(proof)
}

/// The proof that the tree of `old` leaves is a prefix of the tree of `new` leaves. Empty when
/// both are the same or the old one has no leaves.
pub fn prove_consistency(
    old: u64,
    new: u64,
    nodes: &mut impl HashReader,
) -> Result<Vec<Hash>, Error> {
    if old > new {
        return Err(Error::OutOfRange);
    }
    if old == 0 || old == new {
        return Ok(Vec::new());
    }
    let mut proof = Vec::new();
    let mut rest = 0..new;
    while rest.end != old {
        let (left, right) = split(&rest);
        let (inside, beside) = if old <= left.end { (left, right) } else { (right, left) };
        proof.push(root_of(&beside, nodes)?);
        rest = inside;
    }
    // The verifier knows the old root already if the old tree is one perfect subtree from the left.
    if rest.start != 0 {
        proof.push(root_of(&rest, nodes)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Checks that `leaf` stands at `index` of the tree with this `root` and `size`.
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), Error> {
    let last = size.checked_sub(1).filter(|last| index <= *last).ok_or(Error::OutOfRange)?;
    let mut climb = Climb { node: index, last };
    let mut hash = *leaf;
    for sibling in proof {
        hash = match climb.step()? {
            Side::Left => Hash::node(sibling, &hash),
            Side::Right => Hash::node(&hash, sibling),
        };
    }
    climb.at_root()?;
    equal(&hash, root)
}

/// Checks that the tree (`old`, `old_root`) is a prefix of the tree (`new`, `new_root`).
pub fn verify_consistency(
    (old, old_root): (u64, &Hash),
    (new, new_root): (u64, &Hash),
    proof: &[Hash],
) -> Result<(), Error> {
    if old > new {
        return Err(Error::OutOfRange);
    }
    if old == 0 || old == new {
        let expected = if old == 0 { &Hash::empty_root() } else { new_root };
        return if proof.is_empty() {
            equal(old_root, expected)
        } else {
            Err(Error::ProofMismatch)
        };
    }
    let (seed, rest) = if old.is_power_of_two() {
        (old_root, proof)
    } else {
        proof.split_first().ok_or(Error::ProofMismatch)?
    };
    let shift = (old - 1).trailing_ones();
    let mut climb = Climb { node: (old - 1) >> shift, last: (new - 1) >> shift };
    let (mut old_hash, mut new_hash) = (*seed, *seed);
    for sibling in rest {
        match climb.step()? {
            Side::Left => {
                old_hash = Hash::node(sibling, &old_hash);
                new_hash = Hash::node(sibling, &new_hash);
            }
            Side::Right => new_hash = Hash::node(&new_hash, sibling),
        }
    }
    climb.at_root()?;
    equal(&old_hash, old_root)?;
    equal(&new_hash, new_root)
}

/// On which side the next hash of a proof stands.
enum Side {
    Left,
    Right,
}

/// The way from a node up to the root: `fn` and `sn` of RFC 9162.
struct Climb {
    node: u64,
    last: u64,
}

impl Climb {
    fn step(&mut self) -> Result<Side, Error> {
        if self.last == 0 {
            return Err(Error::ProofMismatch);
        }
        let side = if self.node & 1 == 1 || self.node == self.last {
            // Levels at which this node has no sibling are skipped.
            let skip = if self.node == 0 { 0 } else { self.node.trailing_zeros() };
            self.up(skip);
            Side::Left
        } else {
            Side::Right
        };
        self.up(1);
        Ok(side)
    }

    fn up(&mut self, levels: u32) {
        self.node >>= levels;
        self.last >>= levels;
    }

    fn at_root(&self) -> Result<(), Error> {
        if self.last == 0 { Ok(()) } else { Err(Error::ProofMismatch) }
    }
}

fn equal(found: &Hash, expected: &Hash) -> Result<(), Error> {
    if found == expected { Ok(()) } else { Err(Error::ProofMismatch) }
}

/// Splits at the largest power of two below the length (RFC 6962 §2.1); the length is at least 2.
fn split(leaves: &Range<u64>) -> (Range<u64>, Range<u64>) {
    let left = 1 << (leaves.end - leaves.start - 1).ilog2();
    let middle = leaves.start + left;
    (leaves.start..middle, middle..leaves.end)
}

/// The root over a range that starts where a perfect subtree of its size may start.
fn root_of(leaves: &Range<u64>, nodes: &mut impl HashReader) -> Result<Hash, Error> {
    let length = leaves.end - leaves.start;
    if length.is_power_of_two() {
        let level = length.trailing_zeros();
        let index = leaves.start >> level;
        return nodes.node(NodeId { level: u8::try_from(level).unwrap_or(u8::MAX), index });
    }
    let (left, right) = split(leaves);
    let left = root_of(&left, nodes)?;
    Ok(Hash::node(&left, &root_of(&right, nodes)?))
}
