//! For every CPU.

use std::hint::black_box;

use crate::field::Fe;
use crate::limbs::zero_mask;
use crate::point::Affine;

#[inline(always)]
pub(crate) fn pick<const N: usize>(row: &[Affine; N], magnitude: u32) -> Affine {
    let (mut x, mut y) = ([0; 4], [0; 4]);
    for (at, entry) in (1u32..).zip(row) {
        let keep = black_box(zero_mask(u64::from(at ^ magnitude)));
        for (to, limb) in x.iter_mut().zip(entry.x.montgomery()) {
            *to |= keep & limb;
        }
        for (to, limb) in y.iter_mut().zip(entry.y.montgomery()) {
            *to |= keep & limb;
        }
    }
    Affine { x: Fe::from_montgomery(x), y: Fe::from_montgomery(y) }
}
