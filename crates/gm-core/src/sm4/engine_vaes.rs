//! Eight blocks in vectors of 256 bits, the S-box as in `engine_aes` (AVX2 and VAES).

use core::arch::x86_64::*;

use super::engine::engine;
use super::engine_aes::{INTO, OUT_OF, UNSHIFT};
use super::vector128::{SWAP, TURN, octets};

engine!("avx2,vaes", __m256i, 8);

#[inline]
#[target_feature(enable = "avx2,vaes")]
fn constant([low, high]: [u64; 2]) -> __m256i {
    _mm256_set_epi64x(high as i64, low as i64, high as i64, low as i64)
}

#[inline]
#[target_feature(enable = "avx2,vaes")]
fn splat(word: u32) -> __m256i {
    _mm256_set1_epi32(word as i32)
}

#[inline]
#[target_feature(enable = "avx2,vaes")]
fn xor(a: __m256i, b: __m256i) -> __m256i {
    _mm256_xor_si256(a, b)
}

#[inline]
#[target_feature(enable = "avx2,vaes")]
fn low32(a: __m256i, b: __m256i) -> __m256i {
    _mm256_unpacklo_epi32(a, b)
}

#[inline]
#[target_feature(enable = "avx2,vaes")]
fn high32(a: __m256i, b: __m256i) -> __m256i {
    _mm256_unpackhi_epi32(a, b)
}

#[inline]
#[target_feature(enable = "avx2,vaes")]
fn low64(a: __m256i, b: __m256i) -> __m256i {
    _mm256_unpacklo_epi64(a, b)
}

#[inline]
#[target_feature(enable = "avx2,vaes")]
fn high64(a: __m256i, b: __m256i) -> __m256i {
    _mm256_unpackhi_epi64(a, b)
}

/// An affine map of each octet.
#[inline]
#[target_feature(enable = "avx2,vaes")]
fn affine(x: __m256i, [lower, upper]: [[u64; 2]; 2]) -> __m256i {
    let half = _mm256_set1_epi8(0x0f);
    let low = _mm256_shuffle_epi8(constant(lower), _mm256_and_si256(x, half));
    let high = _mm256_and_si256(_mm256_srli_epi64(x, 4), half);
    xor(low, _mm256_shuffle_epi8(constant(upper), high))
}

/// T = L ∘ S.
#[inline]
#[target_feature(enable = "avx2,vaes")]
fn transform(x: __m256i) -> __m256i {
    let x = _mm256_shuffle_epi8(affine(x, INTO), constant(UNSHIFT));
    let s = affine(_mm256_aesenclast_epi128(x, _mm256_setzero_si256()), OUT_OF);
    let [turn8, turn16, turn24] = TURN;
    let t = xor(s, _mm256_shuffle_epi8(s, constant(turn8)));
    let t = xor(t, _mm256_shuffle_epi8(s, constant(turn16)));
    let t = _mm256_or_si256(_mm256_slli_epi32(t, 2), _mm256_srli_epi32(t, 30));
    xor(xor(s, _mm256_shuffle_epi8(s, constant(turn24))), t)
}

/// Each vector takes two blocks that are four apart, so that the transposition within halves
/// keeps the blocks of a half together.
#[inline]
#[target_feature(enable = "avx2,vaes")]
fn load(blocks: &[[u8; 16]; 8]) -> [__m256i; 4] {
    let [a, b, c, d, e, f, g, h] = blocks;
    [load_two(a, e), load_two(b, f), load_two(c, g), load_two(d, h)]
}

#[inline]
#[target_feature(enable = "avx2,vaes")]
fn load_two(low: &[u8; 16], high: &[u8; 16]) -> __m256i {
    let (low, high) = (u128::from_le_bytes(*low), u128::from_le_bytes(*high));
    let vector =
        _mm256_set_epi64x((high >> 64) as i64, high as i64, (low >> 64) as i64, low as i64);
    _mm256_shuffle_epi8(vector, constant(SWAP))
}

#[inline]
#[target_feature(enable = "avx2,vaes")]
fn store(rows: [__m256i; 4], blocks: &mut [[u8; 16]; 8]) {
    let [a, b, c, d, e, f, g, h] = blocks;
    let [r0, r1, r2, r3] = rows;
    store_two(r0, a, e);
    store_two(r1, b, f);
    store_two(r2, c, g);
    store_two(r3, d, h);
}

#[inline]
#[target_feature(enable = "avx2,vaes")]
fn store_two(row: __m256i, low: &mut [u8; 16], high: &mut [u8; 16]) {
    let row = _mm256_shuffle_epi8(row, constant(SWAP));
    *low = octets(_mm256_castsi256_si128(row));
    *high = octets(_mm256_extracti128_si256(row, 1));
}
