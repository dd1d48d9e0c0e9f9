//! Four blocks in vectors of 128 bits, the S-box by the CPU's AES round (SSSE3 and AES).
//!
//! Both S-boxes are affine images of an inversion in GF(2⁸), in two representations of the same
//! field: S = O·S_AES(I·x + i) + o. I and O are applied by halves of an octet through shuffles;
//! AESENCLAST with a key of zero is ShiftRows, taken back beforehand, and S_AES. (The method is
//! Saarinen's sm4ni; the maps are computed anew.)

use core::arch::x86_64::*;

use super::engine::engine;

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
/// Octets of a word in the other order.
pub(super) const SWAP: [u64; 2] = [0x0405_0607_0001_0203, 0x0c0d_0e0f_0809_0a0b];
/// Words turned left by 8, 16 and 24.
pub(super) const TURN: [[u64; 2]; 3] = [
    [0x0605_0407_0201_0003, 0x0e0d_0c0f_0a09_080b],
    [0x0504_0706_0100_0302, 0x0d0c_0f0e_0908_0b0a],
    [0x0407_0605_0003_0201, 0x0c0f_0e0d_080b_0a09],
];

#[inline]
#[target_feature(enable = "ssse3,aes")]
fn constant([low, high]: [u64; 2]) -> __m128i {
    _mm_set_epi64x(high as i64, low as i64)
}

#[inline]
#[target_feature(enable = "ssse3,aes")]
fn splat(word: u32) -> __m128i {
    _mm_set1_epi32(word as i32)
}

#[inline]
#[target_feature(enable = "ssse3,aes")]
fn xor(a: __m128i, b: __m128i) -> __m128i {
    _mm_xor_si128(a, b)
}

#[inline]
#[target_feature(enable = "ssse3,aes")]
fn low32(a: __m128i, b: __m128i) -> __m128i {
    _mm_unpacklo_epi32(a, b)
}

#[inline]
#[target_feature(enable = "ssse3,aes")]
fn high32(a: __m128i, b: __m128i) -> __m128i {
    _mm_unpackhi_epi32(a, b)
}

#[inline]
#[target_feature(enable = "ssse3,aes")]
fn low64(a: __m128i, b: __m128i) -> __m128i {
    _mm_unpacklo_epi64(a, b)
}

#[inline]
#[target_feature(enable = "ssse3,aes")]
fn high64(a: __m128i, b: __m128i) -> __m128i {
    _mm_unpackhi_epi64(a, b)
}

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
    let s = affine(_mm_aesenclast_si128(x, _mm_setzero_si128()), OUT_OF);
    let [turn8, turn16, turn24] = TURN;
    let t = xor(s, _mm_shuffle_epi8(s, constant(turn8)));
    let t = xor(t, _mm_shuffle_epi8(s, constant(turn16)));
    let t = _mm_or_si128(_mm_slli_epi32(t, 2), _mm_srli_epi32(t, 30));
    xor(xor(s, _mm_shuffle_epi8(s, constant(turn24))), t)
}

#[inline]
#[target_feature(enable = "ssse3,aes")]
fn load(blocks: &[[u8; 16]; 4]) -> [__m128i; 4] {
    let [a, b, c, d] = blocks;
    [load_one(a), load_one(b), load_one(c), load_one(d)]
}

#[inline]
#[target_feature(enable = "ssse3,aes")]
fn load_one(block: &[u8; 16]) -> __m128i {
    let value = u128::from_le_bytes(*block);
    let vector = _mm_set_epi64x((value >> 64) as i64, value as i64);
    _mm_shuffle_epi8(vector, constant(SWAP))
}

#[inline]
#[target_feature(enable = "ssse3,aes")]
fn store(rows: [__m128i; 4], blocks: &mut [[u8; 16]; 4]) {
    let ([r0, r1, r2, r3], [b0, b1, b2, b3]) = (rows, blocks);
    store_one(r0, b0);
    store_one(r1, b1);
    store_one(r2, b2);
    store_one(r3, b3);
}

#[inline]
#[target_feature(enable = "ssse3,aes")]
fn store_one(row: __m128i, block: &mut [u8; 16]) {
    *block = octets(_mm_shuffle_epi8(row, constant(SWAP)));
}

#[inline]
#[target_feature(enable = "sse2")]
pub(super) fn octets(vector: __m128i) -> [u8; 16] {
    let low = _mm_cvtsi128_si64(vector) as u64;
    let high = _mm_cvtsi128_si64(_mm_unpackhi_epi64(vector, vector)) as u64;
    (u128::from(high) << 64 | u128::from(low)).to_le_bytes()
}
