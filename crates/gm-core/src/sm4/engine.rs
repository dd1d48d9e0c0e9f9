//! The cipher over vectors: one word of several blocks in each. What differs between the vectors
//! of a CPU is in `engine_*`; what is the same is here.

/// Makes `encrypt`: `GROUPS` groups of `$blocks` blocks, in place. The invoking module has the
/// operations on its vector.
macro_rules! engine {
    ($features:literal, $vector:ty, $blocks:literal) => {
        /// Blocks of a group: a vector for each of their four words.
        pub(crate) const GROUP: usize = $blocks;

        /// Rows to columns within each four blocks, and back.
        #[inline]
        #[target_feature(enable = $features)]
        fn transpose([a, b, c, d]: [$vector; 4]) -> [$vector; 4] {
            let (ab, cd) = (low32(a, b), low32(c, d));
            let (ab_high, cd_high) = (high32(a, b), high32(c, d));
            [low64(ab, cd), high64(ab, cd), low64(ab_high, cd_high), high64(ab_high, cd_high)]
        }

        /// One round of all groups: x0 ⊕ T(x1 ⊕ x2 ⊕ x3 ⊕ rk), and the words move by one place.
        #[inline]
        #[target_feature(enable = $features)]
        fn round<const GROUPS: usize>(state: &mut [[$vector; 4]; GROUPS], key: $vector) {
            for group in state {
                let [x0, x1, x2, x3] = *group;
                let input = xor(xor(x1, x2), xor(x3, key));
                *group = [x1, x2, x3, xor(x0, transform(input))];
            }
        }

        /// Encrypts in place.
        #[target_feature(enable = $features)]
        pub(crate) fn encrypt<const GROUPS: usize>(
            keys: &[u32; 32],
            blocks: &mut [[[u8; 16]; GROUP]; GROUPS],
        ) {
            let mut state = [[splat(0); 4]; GROUPS];
            for (group, blocks) in state.iter_mut().zip(blocks.iter()) {
                *group = transpose(load(blocks));
            }
            for key in keys {
                round(&mut state, splat(*key));
            }
            for ([x0, x1, x2, x3], blocks) in state.into_iter().zip(blocks) {
                store(transpose([x3, x2, x1, x0]), blocks);
            }
        }
    };
}

pub(super) use engine;
