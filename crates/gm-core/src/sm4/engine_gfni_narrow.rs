//! Four blocks in vectors of 128 bits, the S-box as in `engine_gfni` (SSSE3 and GFNI): for single
//! blocks, where one waits for the other.

use core::arch::x86_64::*;

use super::engine::engine;
use super::engine_gfni::{INTO, INTO_CONSTANT, OUT_OF, OUT_OF_CONSTANT};
use super::vector128::{high32, high64, linear, load, low32, low64, splat, store, xor};

engine!("ssse3,gfni", __m128i, 4);

/// T = L ∘ S.
#[inline]
#[target_feature(enable = "ssse3,gfni")]
fn transform(x: __m128i) -> __m128i {
    let x = _mm_gf2p8affine_epi64_epi8::<INTO_CONSTANT>(x, _mm_set1_epi64x(INTO));
    linear(_mm_gf2p8affineinv_epi64_epi8::<OUT_OF_CONSTANT>(x, _mm_set1_epi64x(OUT_OF)))
}
