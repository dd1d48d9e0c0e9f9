//! Proofs: of all that could be handed in, only the one right proof is accepted.
//! Input: size, index, a choice, and hashes that stand in for some of the right ones.
#![no_main]

use tlog::{Hash, MemoryTree};
use tlog::{prove_consistency, prove_inclusion, verify_consistency, verify_inclusion};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let [size, index, keep, rest @ ..] = octets else {
        return;
    };
    let (size, index) = (u64::from(*size % 80), u64::from(*index % 80));
    let mut tree = MemoryTree::default();
    let mut roots = vec![tree.root()];
    for leaf in 0..size {
        tree.append(Hash::leaf(&leaf.to_be_bytes()));
        roots.push(tree.root());
    }
    let root = tree.root();
    if let Ok(right) = prove_inclusion(index, size, &mut tree) {
        let leaf = Hash::leaf(&index.to_be_bytes());
        assert_eq!(verify_inclusion(&leaf, index, size, &right, &root), Ok(()));
        let other = bend(&right, *keep, rest);
        let accepted = verify_inclusion(&leaf, index, size, &other, &root).is_ok();
        assert_eq!(accepted, other == right);
    }
    if let (Ok(right), Some(old)) = (
        prove_consistency(index, size, &mut tree),
        root_of(&roots, index),
    ) {
        assert_eq!(
            verify_consistency((index, &old), (size, &root), &right),
            Ok(())
        );
        let other = bend(&right, *keep, rest);
        let accepted = verify_consistency((index, &old), (size, &root), &other).is_ok();
        assert_eq!(accepted, other == right);
    }
});

fn root_of(roots: &[Hash], size: u64) -> Option<Hash> {
    roots.get(usize::try_from(size).ok()?).copied()
}

/// Keeps some hashes of the proof, then puts others behind.
fn bend(right: &[Hash], keep: u8, octets: &[u8]) -> Vec<Hash> {
    let kept = right.iter().take(usize::from(keep % 10)).copied();
    let others = octets
        .chunks_exact(32)
        .filter_map(|part| Hash::from_slice(part).ok());
    kept.chain(others).collect()
}
