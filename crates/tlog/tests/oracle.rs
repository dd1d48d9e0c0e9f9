//! The tree against two others: `ct-merkle` over SM3, and the definition of RFC 6962 §2.1 written
//! down as a recursion.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use sm3::{Digest as _, Sm3};
use tlog::tile::{Tile, TileSet};
use tlog::{
    CompactRange, Error, Hash, HashReader as _, MemoryTree, NodeRecorder, prove_consistency,
    prove_inclusion, verify_consistency, verify_inclusion,
};

const SIZES: u64 = 300;

fn leaf(n: u64) -> Vec<u8> {
    format!("leaf {n}").into_bytes()
}

/// MTH of RFC 6962 §2.1, word for word.
fn mth(leaves: &[Vec<u8>]) -> [u8; 32] {
    match leaves {
        [] => Sm3::digest([]).into(),
        [one] => Sm3::new().chain_update([0]).chain_update(one).finalize().into(),
        _ => {
            let k = (1..).map(|n| 1 << n).find(|k| k * 2 >= leaves.len()).unwrap_or(1);
            let k = if leaves.len() == 2 { 1 } else { k };
            let (left, right) = leaves.split_at(k);
            Sm3::new()
                .chain_update([1])
                .chain_update(mth(left))
                .chain_update(mth(right))
                .finalize()
                .into()
        }
    }
}

/// A tree, and its roots of all sizes up to `size`.
fn grow(size: u64) -> (MemoryTree, Vec<Hash>) {
    let mut ours = MemoryTree::default();
    let mut roots = vec![ours.root()];
    for n in 0..size {
        ours.append(Hash::leaf(&leaf(n)));
        roots.push(ours.root());
    }
    (ours, roots)
}

fn bytes(proof: &[Hash]) -> Vec<u8> {
    proof.iter().flat_map(|hash| hash.0).collect()
}

#[test]
fn roots_of_every_size_match_the_definition_and_the_oracle() {
    let mut oracle = MemoryBackedTree::<Sm3, Vec<u8>>::new();
    let mut range = CompactRange::new();
    let mut leaves = Vec::new();
    for n in 0..=SIZES {
        assert_eq!(range.root().0, mth(&leaves), "size {n}");
        assert_eq!(range.root().0.as_slice(), oracle.root().as_bytes().as_slice(), "size {n}");
        assert_eq!(range.size(), n);
        assert_eq!(CompactRange::from_bytes(n, &range.to_bytes()).unwrap(), range);
        assert!(
            CompactRange::from_bytes(n + 1, &range.to_bytes()).is_err()
                || (n + 1).count_ones() == n.count_ones()
        );
        range.append(Hash::leaf(&leaf(n)));
        oracle.push(leaf(n));
        leaves.push(leaf(n));
    }
}

#[test]
fn inclusion_proofs_of_every_leaf_in_every_size_match_the_oracle() {
    let mut oracle = MemoryBackedTree::<Sm3, Vec<u8>>::new();
    let mut ours = MemoryTree::default();
    for size in 1..=SIZES {
        ours.append(Hash::leaf(&leaf(size - 1)));
        oracle.push(leaf(size - 1));
        let root = ours.root();
        // Every leaf of small trees; of larger ones both ends and the middle.
        let some = |n: &u64| size <= 130 || *n < 3 || size - *n < 4 || n.abs_diff(size / 2) < 3;
        for index in (0..size).filter(some) {
            let proof = prove_inclusion(index, size, &mut ours).unwrap();
            assert_eq!(bytes(&proof), oracle.prove_inclusion(index as usize).as_bytes());
            let own = Hash::leaf(&leaf(index));
            verify_inclusion(&own, index, size, &proof, &root).unwrap();
            let other = Hash::leaf(b"another");
            assert_eq!(
                verify_inclusion(&other, index, size, &proof, &root),
                Err(Error::ProofMismatch)
            );
        }
    }
}

#[test]
fn consistency_proofs_of_all_pairs_match_the_oracle() {
    let (_, roots) = grow(130);
    let mut ours = MemoryTree::default();
    let mut oracle = MemoryBackedTree::<Sm3, Vec<u8>>::new();
    for new in 1..=130u64 {
        ours.append(Hash::leaf(&leaf(new - 1)));
        oracle.push(leaf(new - 1));
        for old in 1..new {
            let proof = prove_consistency(old, new, &mut ours).unwrap();
            let theirs = oracle.prove_consistency((new - old) as usize);
            assert_eq!(bytes(&proof), theirs.as_bytes(), "{old} in {new}");
            let (a, b) = (&roots[old as usize], &roots[new as usize]);
            verify_consistency((old, a), (new, b), &proof).unwrap();
            assert!(verify_consistency((old, b), (new, b), &proof).is_err(), "{old} in {new}");
            assert!(verify_consistency((old, a), (new, a), &proof).is_err(), "{old} in {new}");
        }
    }
}

#[test]
fn the_empty_and_the_same_tree_need_an_empty_proof() {
    let (mut ours, roots) = grow(9);
    let (zero, nine) = (&roots[0], &roots[9]);
    assert!(prove_consistency(0, 9, &mut ours).unwrap().is_empty());
    assert!(prove_consistency(9, 9, &mut ours).unwrap().is_empty());
    verify_consistency((0, zero), (9, nine), &[]).unwrap();
    verify_consistency((9, nine), (9, nine), &[]).unwrap();
    assert!(verify_consistency((0, nine), (9, nine), &[]).is_err());
    assert!(verify_consistency((9, zero), (9, nine), &[]).is_err());
    assert!(verify_consistency((0, zero), (9, nine), &[*nine]).is_err());
    assert_eq!(prove_consistency(10, 9, &mut ours), Err(Error::OutOfRange));
    assert_eq!(verify_consistency((10, nine), (9, nine), &[]), Err(Error::OutOfRange));
    assert_eq!(prove_inclusion(9, 9, &mut ours), Err(Error::OutOfRange));
}

#[test]
fn a_proof_that_is_longer_shorter_or_bent_is_refused() {
    let (mut ours, roots) = grow(77);
    let own = Hash::leaf(&leaf(33));
    let inclusion = prove_inclusion(33, 77, &mut ours).unwrap();
    let consistency = prove_consistency(33, 77, &mut ours).unwrap();
    let (a, b) = (&roots[33], &roots[77]);
    let holds = |p: &[Hash]| verify_inclusion(&own, 33, 77, p, b).is_ok();
    let grows = |p: &[Hash]| verify_consistency((33, a), (77, b), p).is_ok();
    assert!(holds(&inclusion) && grows(&consistency));
    for (proof, check) in [(&inclusion, &holds as &dyn Fn(&[Hash]) -> bool), (&consistency, &grows)]
    {
        assert!(!check(&proof[1..]) && !check(&proof[..proof.len() - 1]) && !check(&[]));
        assert!(!check(&[proof.as_slice(), &[*a]].concat()));
        for place in 0..proof.len() {
            let mut bent = proof.clone();
            bent[place].0[7] ^= 1;
            assert!(!check(&bent), "place {place}");
        }
    }
    for index in (0..77).filter(|index| *index != 33) {
        assert!(verify_inclusion(&own, index, 77, &inclusion, b).is_err());
    }
}

#[test]
fn a_leaf_cannot_be_passed_off_as_a_node() {
    let (left, right) = (Hash::leaf(b"a"), Hash::leaf(b"b"));
    let node = Hash::node(&left, &right);
    assert_ne!(Hash::leaf(&[left.0, right.0].concat()), node);
}

#[test]
fn proofs_from_tiles_are_the_same_as_from_the_whole_tree() {
    let size = 70_000;
    let mut tree = MemoryTree::default();
    (0..size).for_each(|n| tree.append(Hash::leaf(&leaf(n))));
    let cut = |tile: Tile, tree: &mut MemoryTree| -> Vec<Hash> {
        let level = tile.level() * 8;
        tile.entries().map(|index| tree.node(tlog::NodeId { level, index }).unwrap()).collect()
    };
    for (old, index) in [
        (1, 0),
        (255, 254),
        (256, 255),
        (257, 256),
        (65_536, 65_535),
        (65_537, 3),
        (69_999, 69_998),
    ] {
        let mut needed = NodeRecorder::default();
        prove_inclusion(index, size, &mut needed).unwrap();
        prove_consistency(old, size, &mut needed).unwrap();
        let mut tiles = TileSet::default();
        for node in &needed.nodes {
            let tile = Tile::holding(*node, size).unwrap();
            let path = tile.to_string();
            assert_eq!(path.parse::<Tile>().unwrap(), tile, "{path}");
            let octets = tlog::tile::to_bytes(&cut(tile, &mut tree));
            tiles.insert(tile, tlog::tile::from_bytes(&octets, tile.width()).unwrap()).unwrap();
        }
        assert!(tiles.len() <= 6, "{} tiles", tiles.len());
        assert_eq!(
            prove_inclusion(index, size, &mut tiles),
            prove_inclusion(index, size, &mut tree)
        );
        assert_eq!(
            prove_consistency(old, size, &mut tiles),
            prove_consistency(old, size, &mut tree)
        );
    }
}
