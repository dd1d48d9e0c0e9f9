//! Compression of eight messages in vectors of 256 bits, with the rotations and the logic of
//! three operands that AVX-512 F and VL add.

use core::arch::x86_64::*;

use super::compress::compression;
use super::lanes_x86::{load_state, load_words, store_state};
use super::{BlocksOf8, State8};

compression!(__m256i, #[inline] #[target_feature(enable = "avx2,avx512f,avx512vl")]);

#[inline]
#[target_feature(enable = "avx2,avx512f,avx512vl")]
fn splat(word: u32) -> __m256i {
    _mm256_set1_epi32(word as i32)
}

#[inline]
#[target_feature(enable = "avx2,avx512f,avx512vl")]
fn xor(a: __m256i, b: __m256i) -> __m256i {
    _mm256_xor_si256(a, b)
}

#[inline]
#[target_feature(enable = "avx2,avx512f,avx512vl")]
fn add(a: __m256i, b: __m256i) -> __m256i {
    _mm256_add_epi32(a, b)
}

#[inline]
#[target_feature(enable = "avx2,avx512f,avx512vl")]
fn rotate<const LEFT: i32, const RIGHT: i32>(word: __m256i) -> __m256i {
    _mm256_rol_epi32::<LEFT>(word)
}

/// The table of the majority of three bits.
#[inline]
#[target_feature(enable = "avx2,avx512f,avx512vl")]
fn majority(x: __m256i, y: __m256i, z: __m256i) -> __m256i {
    _mm256_ternarylogic_epi32::<0xe8>(x, y, z)
}

/// The table of y where x is set and z where it is not.
#[inline]
#[target_feature(enable = "avx2,avx512f,avx512vl")]
fn choice(x: __m256i, y: __m256i, z: __m256i) -> __m256i {
    _mm256_ternarylogic_epi32::<0xca>(x, y, z)
}

#[target_feature(enable = "avx2,avx512f,avx512vl")]
pub(crate) fn compress8(state: &mut State8, blocks: &BlocksOf8) {
    let mut registers = load_state(state);
    compress(&mut registers, load_words(blocks));
    store_state(registers, state);
}
