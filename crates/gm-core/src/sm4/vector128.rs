//! Vectors of 128 bits: what the engines on them share (SSSE3).

use core::arch::x86_64::*;

/// Octets of a word in the other order.
pub(super) const SWAP: [u64; 2] = [0x0405_0607_0001_0203, 0x0c0d_0e0f_0809_0a0b];
/// Words turned left by 8, 16 and 24.
pub(super) const TURN: [[u64; 2]; 3] = [
    [0x0605_0407_0201_0003, 0x0e0d_0c0f_0a09_080b],
    [0x0504_0706_0100_0302, 0x0d0c_0f0e_0908_0b0a],
    [0x0407_0605_0003_0201, 0x0c0f_0e0d_080b_0a09],
];

#[inline]
#[target_feature(enable = "ssse3")]
pub(super) fn constant([low, high]: [u64; 2]) -> __m128i {
    _mm_set_epi64x(high as i64, low as i64)
}

#[inline]
#[target_feature(enable = "ssse3")]
pub(super) fn splat(word: u32) -> __m128i {
    _mm_set1_epi32(word as i32)
}

#[inline]
#[target_feature(enable = "ssse3")]
pub(super) fn xor(a: __m128i, b: __m128i) -> __m128i {
    _mm_xor_si128(a, b)
}

#[inline]
#[target_feature(enable = "ssse3")]
pub(super) fn low32(a: __m128i, b: __m128i) -> __m128i {
    _mm_unpacklo_epi32(a, b)
}

#[inline]
#[target_feature(enable = "ssse3")]
pub(super) fn high32(a: __m128i, b: __m128i) -> __m128i {
    _mm_unpackhi_epi32(a, b)
}

#[inline]
#[target_feature(enable = "ssse3")]
pub(super) fn low64(a: __m128i, b: __m128i) -> __m128i {
    _mm_unpacklo_epi64(a, b)
}

#[inline]
#[target_feature(enable = "ssse3")]
pub(super) fn high64(a: __m128i, b: __m128i) -> __m128i {
    _mm_unpackhi_epi64(a, b)
}

/// L(s) = s ⊕ s⋘24 ⊕ (s ⊕ s⋘8 ⊕ s⋘16)⋘2.
#[inline]
#[target_feature(enable = "ssse3")]
pub(super) fn linear(s: __m128i) -> __m128i {
    let [turn8, turn16, turn24] = TURN;
    let t = xor(s, _mm_shuffle_epi8(s, constant(turn8)));
    let t = xor(t, _mm_shuffle_epi8(s, constant(turn16)));
    let t = _mm_or_si128(_mm_slli_epi32(t, 2), _mm_srli_epi32(t, 30));
    xor(xor(s, _mm_shuffle_epi8(s, constant(turn24))), t)
}

#[inline]
#[target_feature(enable = "ssse3")]
pub(super) fn load(blocks: &[[u8; 16]; 4]) -> [__m128i; 4] {
    let [a, b, c, d] = blocks;
    [load_one(a), load_one(b), load_one(c), load_one(d)]
}

#[inline]
#[target_feature(enable = "ssse3")]
fn load_one(block: &[u8; 16]) -> __m128i {
    let value = u128::from_le_bytes(*block);
    let vector = _mm_set_epi64x((value >> 64) as i64, value as i64);
    _mm_shuffle_epi8(vector, constant(SWAP))
}

#[inline]
#[target_feature(enable = "ssse3")]
pub(super) fn store(rows: [__m128i; 4], blocks: &mut [[u8; 16]; 4]) {
    let ([r0, r1, r2, r3], [b0, b1, b2, b3]) = (rows, blocks);
    store_one(r0, b0);
    store_one(r1, b1);
    store_one(r2, b2);
    store_one(r3, b3);
}

#[inline]
#[target_feature(enable = "ssse3")]
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
