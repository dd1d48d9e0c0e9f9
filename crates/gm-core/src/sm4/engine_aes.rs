//! Four blocks in vectors of 128 bits, the S-box by the CPU's AES round (SSSE3 and AES).
//!
//! Both S-boxes are affine images of an inversion in GF(2⁸), in two representations of the same
//! field: S = O·S_AES(I·x + i) + o. I and O are applied by halves of an octet through shuffles;
//! AESENCLAST with a key of zero is ShiftRows, taken back beforehand, and S_AES. (The method is
//! Saarinen's sm4ni; the maps are computed anew.)

use core::arch::x86_64::*;

use super::engine::engine;
use super::vector128::{constant, high32, high64, linear, load, low32, low64, splat, store, xor};

engine!("ssse3,aes", __m128i, 4);

/// I·x + i for the lower half, I·x for the upper half of an octet.
pub(super) const INTO: [[u64; 2]; 2] = [
    [0x078b_37bb_820e_b23e, 0x9814_a824_1d91_2da1],
    [0x37eb_19c5_f22e_dc00, 0x3fe3_11cd_fa26_d408],
];
/// O·x + o for the lower half, O·x for the upper half.
pub(super) const OUT_OF: [[u64; 2]; 2] = [
    [0x2098_ea52_1ea6_d46c, 0x47ff_8d35_79c1_b30b],
    [0x2dcd_7d9d_b050_e000, 0xed0d_bd5d_7090_20c0],
];
/// ShiftRows taken back.
pub(super) const UNSHIFT: [u64; 2] = [0x0b0e_0104_070a_0d00, 0x0306_090c_0f02_0508];
/// An affine map of each octet.
#[inline]
#[target_feature(enable = "ssse3,aes")]
fn affine(x: __m128i, [lower, upper]: [[u64; 2]; 2]) -> __m128i {
    let half = _mm_set1_epi8(0x0f);
    let low = _mm_shuffle_epi8(constant(lower), _mm_and_si128(x, half));
    let high = _mm_and_si128(_mm_srli_epi64(x, 4), half);
    xor(low, _mm_shuffle_epi8(constant(upper), high))
}

/// T = L ∘ S.
#[inline]
#[target_feature(enable = "ssse3,aes")]
fn transform(x: __m128i) -> __m128i {
    let x = _mm_shuffle_epi8(affine(x, INTO), constant(UNSHIFT));
    linear(affine(_mm_aesenclast_si128(x, _mm_setzero_si128()), OUT_OF))
}
