//! In vectors of 256 bits (AVX2).

use core::arch::x86_64::*;
use std::hint::black_box;

use super::sse2::limbs;
use crate::field::Fe;
use crate::point::Affine;

#[target_feature(enable = "avx2")]
pub(crate) fn pick<const N: usize>(row: &[Affine; N], magnitude: u32) -> Affine {
    let wanted = black_box(_mm256_set1_epi32(magnitude as i32));
    let (mut x, mut y) = (_mm256_setzero_si256(), _mm256_setzero_si256());
    for (at, entry) in (1i32..).zip(row) {
        let keep = _mm256_cmpeq_epi32(wanted, _mm256_set1_epi32(at));
        x = _mm256_or_si256(x, _mm256_and_si256(keep, vector(&entry.x)));
        y = _mm256_or_si256(y, _mm256_and_si256(keep, vector(&entry.y)));
    }
    Affine { x: element(x), y: element(y) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn vector(element: &Fe) -> __m256i {
    let [a, b, c, d] = element.montgomery().map(|limb| limb as i64);
    _mm256_set_epi64x(d, c, b, a)
}

#[inline]
#[target_feature(enable = "avx2")]
fn element(vector: __m256i) -> Fe {
    limbs(_mm256_castsi256_si128(vector), _mm256_extracti128_si256::<1>(vector))
}
