//! Products of polynomials by the CPU's carry-less multiplier (PCLMULQDQ), eight blocks to one
//! reduction.

use core::arch::x86_64::*;

use super::{POWERS, Powers, reduce};
use crate::sm4::Block;

/// Sums of products, by Karatsuba: low, high, and those of the halves' sums.
#[derive(Clone, Copy)]
struct Sums {
    low: __m128i,
    high: __m128i,
    middle: __m128i,
}

/// ((sum ⊕ X₁)·H ⊕ X₂)·H and so on.
#[target_feature(enable = "ssse3,pclmulqdq")]
pub(crate) fn ghash(sum: u128, powers: &Powers, blocks: &[Block]) -> u128 {
    let (groups, rest) = blocks.as_chunks::<POWERS>();
    let sum = groups.iter().fold(sum, |sum, group| hash(sum, powers, group));
    let last = powers.get(POWERS - rest.len()..).unwrap_or_default();
    if rest.is_empty() { sum } else { hash(sum, last, rest) }
}

/// The blocks of one group, each times its power; one reduction.
#[inline]
#[target_feature(enable = "ssse3,pclmulqdq")]
fn hash(sum: u128, powers: &[u128], blocks: &[Block]) -> u128 {
    let zero = _mm_setzero_si128();
    let mut sums = Sums { low: zero, high: zero, middle: zero };
    let mut before = vector(sum);
    for (power, block) in powers.iter().zip(blocks) {
        sums = accumulate(sums, _mm_xor_si128(before, load(block)), vector(*power));
        before = zero;
    }
    let (low, high) = (integer(sums.low), integer(sums.high));
    let middle = integer(sums.middle) ^ low ^ high;
    reduce(low ^ middle << 64, high ^ middle >> 64)
}

#[inline]
#[target_feature(enable = "ssse3,pclmulqdq")]
fn accumulate(sums: Sums, a: __m128i, b: __m128i) -> Sums {
    let low = _mm_clmulepi64_si128::<0x00>(a, b);
    let high = _mm_clmulepi64_si128::<0x11>(a, b);
    let a = _mm_xor_si128(a, _mm_shuffle_epi32::<0b01_00_11_10>(a));
    let b = _mm_xor_si128(b, _mm_shuffle_epi32::<0b01_00_11_10>(b));
    let middle = _mm_clmulepi64_si128::<0x00>(a, b);
    Sums {
        low: _mm_xor_si128(sums.low, low),
        high: _mm_xor_si128(sums.high, high),
        middle: _mm_xor_si128(sums.middle, middle),
    }
}

#[inline]
#[target_feature(enable = "ssse3,pclmulqdq")]
fn vector(value: u128) -> __m128i {
    _mm_set_epi64x((value >> 64) as i64, value as i64)
}

/// The block with its first octet highest.
#[inline]
#[target_feature(enable = "ssse3,pclmulqdq")]
fn load(block: &Block) -> __m128i {
    let mirror = _mm_set_epi64x(0x0001_0203_0405_0607, 0x0809_0a0b_0c0d_0e0f);
    _mm_shuffle_epi8(vector(u128::from_le_bytes(*block)), mirror)
}

#[inline]
#[target_feature(enable = "ssse3,pclmulqdq")]
fn integer(vector: __m128i) -> u128 {
    let low = _mm_cvtsi128_si64(vector) as u64;
    let high = _mm_cvtsi128_si64(_mm_unpackhi_epi64(vector, vector)) as u64;
    u128::from(high) << 64 | u128::from(low)
}
