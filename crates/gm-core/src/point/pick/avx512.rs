//! In vectors of 512 bits (AVX-512 F): an entry is one of them.

use core::arch::x86_64::*;
use std::hint::black_box;

use super::sse2::limbs;
use crate::point::Affine;

#[target_feature(enable = "avx512f")]
pub(crate) fn pick<const N: usize>(row: &[Affine; N], magnitude: u32) -> Affine {
    let wanted = black_box(_mm512_set1_epi64(i64::from(magnitude)));
    let mut sum = _mm512_setzero_si512();
    for (at, entry) in (1i64..).zip(row) {
        let keep = _mm512_cmpeq_epi64_mask(wanted, _mm512_set1_epi64(at));
        sum = _mm512_mask_or_epi64(sum, keep, sum, vector(entry));
    }
    Affine {
        x: limbs(_mm512_castsi512_si128(sum), _mm512_extracti32x4_epi32::<1>(sum)),
        y: limbs(_mm512_extracti32x4_epi32::<2>(sum), _mm512_extracti32x4_epi32::<3>(sum)),
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn vector(entry: &Affine) -> __m512i {
    let [a, b, c, d] = entry.x.montgomery().map(|limb| limb as i64);
    let [e, f, g, h] = entry.y.montgomery().map(|limb| limb as i64);
    _mm512_set_epi64(h, g, f, e, d, c, b, a)
}
