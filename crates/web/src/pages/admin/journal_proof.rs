//! The proof that a record is in the journal, step by step, so that another program or a person
//! with a calculator of SM3 can repeat it (RFC 9162 §2.1.3 over SM3).

use tlog::Hash;

/// One step up the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The hash beside ours.
    pub sibling: Hash,
    /// Whether it stands at the left.
    pub is_left: bool,
    /// SM3(0x01 ‖ left ‖ right).
    pub result: Hash,
}

/// The way from a leaf to the root; `None` where the proof has another length than the tree asks for.
pub fn steps((leaf, seq, size): (&Hash, u64, u64), proof: &[Hash]) -> Option<Vec<Step>> {
    let (mut place, mut last) = (seq, size.checked_sub(1)?);
    if place > last {
        return None;
    }
    let (mut hash, mut steps) = (*leaf, Vec::new());
    for sibling in proof {
        if last == 0 {
            return None;
        }
        let is_left = place % 2 == 1 || place == last;
        hash = match is_left {
            true => Hash::node(sibling, &hash),
            false => Hash::node(&hash, sibling),
        };
        steps.push(Step { sibling: *sibling, is_left, result: hash });
        if is_left {
            // The right edge: levels without a sibling are passed over.
            while place % 2 == 0 && place != 0 {
                (place, last) = (place >> 1, last >> 1);
            }
        }
        (place, last) = (place >> 1, last >> 1);
    }
    (last == 0).then_some(steps)
}

/// Whether the steps end at a root.
pub fn ends_at(leaf: &Hash, steps: &[Step], root: &Hash) -> bool {
    steps.last().map_or(leaf, |step| &step.result) == root
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tree of RFC 9162 §2.1.1, written down as it is defined.
    fn root(leaves: &[Hash]) -> Hash {
        match leaves {
            [one] => *one,
            _ => {
                let half = leaves.len().next_power_of_two() / 2;
                let (left, right) = leaves.split_at(half);
                Hash::node(&root(left), &root(right))
            }
        }
    }

    fn path(leaves: &[Hash], at: usize) -> Vec<Hash> {
        if leaves.len() == 1 {
            return Vec::new();
        }
        let half = leaves.len().next_power_of_two() / 2;
        let (left, right) = leaves.split_at(half);
        let (mut below, beside) = match at < half {
            true => (path(left, at), root(right)),
            false => (path(right, at - half), root(left)),
        };
        below.push(beside);
        below
    }

    #[test]
    fn every_leaf_of_every_small_tree_leads_to_its_root() {
        for size in 1..40_u8 {
            let leaves: Vec<_> = (0..size).map(|n| Hash::leaf(&[n])).collect();
            let root = root(&leaves);
            for (at, leaf) in leaves.iter().enumerate() {
                let proof = path(&leaves, at);
                let place = (leaf, at as u64, u64::from(size));
                let way = steps(place, &proof).unwrap();
                assert!(ends_at(leaf, &way, &root), "{at} of {size}");
                if size > 1 {
                    assert!(steps(place, &proof[1..]).is_none(), "a step is missing");
                    let long = [&proof[..], &proof[..1]].concat();
                    assert!(steps(place, &long).is_none(), "a step too many");
                    assert!(!ends_at(&Hash::leaf(b"x"), &[], &root));
                }
            }
        }
        assert!(steps((&Hash::leaf(b""), 3, 3), &[]).is_none());
        assert!(steps((&Hash::leaf(b""), 0, 0), &[]).is_none());
    }
}
