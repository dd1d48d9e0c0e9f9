//! Compression of eight messages in vectors of 256 bits (AVX2).

use core::arch::x86_64::*;

use super::compress::compression;
use super::lanes_x86::{load_state, load_words, store_state};
use super::{BlocksOf8, State8};

compression!(__m256i, #[inline] #[target_feature(enable = "avx2")]);

#[inline]
#[target_feature(enable = "avx2")]
fn splat(word: u32) -> __m256i {
    _mm256_set1_epi32(word as i32)
}

#[inline]
#[target_feature(enable = "avx2")]
fn xor(a: __m256i, b: __m256i) -> __m256i {
    _mm256_xor_si256(a, b)
}

#[inline]
#[target_feature(enable = "avx2")]
fn add(a: __m256i, b: __m256i) -> __m256i {
    _mm256_add_epi32(a, b)
}

#[inline]
#[target_feature(enable = "avx2")]
fn rotate<const LEFT: i32, const RIGHT: i32>(word: __m256i) -> __m256i {
    _mm256_or_si256(_mm256_slli_epi32::<LEFT>(word), _mm256_srli_epi32::<RIGHT>(word))
}

#[inline]
#[target_feature(enable = "avx2")]
fn majority(x: __m256i, y: __m256i, z: __m256i) -> __m256i {
    let both = _mm256_and_si256(x, y);
    _mm256_or_si256(both, _mm256_and_si256(_mm256_or_si256(x, y), z))
}

#[inline]
#[target_feature(enable = "avx2")]
fn choice(x: __m256i, y: __m256i, z: __m256i) -> __m256i {
    xor(_mm256_and_si256(xor(y, z), x), z)
}

#[target_feature(enable = "avx2")]
pub(crate) fn compress8(state: &mut State8, blocks: &BlocksOf8) {
    let mut registers = load_state(state);
    compress(&mut registers, load_words(blocks));
    store_state(registers, state);
}
