//! In vectors of 128 bits, which every x86-64 has.

use core::arch::x86_64::*;
use std::hint::black_box;

use crate::field::Fe;
use crate::point::Affine;

#[target_feature(enable = "sse2")]
pub(crate) fn pick<const N: usize>(row: &[Affine; N], magnitude: u32) -> Affine {
    let wanted = black_box(_mm_set1_epi32(magnitude as i32));
    let mut sums = [_mm_setzero_si128(); 4];
    for (at, entry) in (1i32..).zip(row) {
        let keep = _mm_cmpeq_epi32(wanted, _mm_set1_epi32(at));
        let ([x0, x1, x2, x3], [y0, y1, y2, y3]) = (*entry.x.montgomery(), *entry.y.montgomery());
        let parts = [pair(x0, x1), pair(x2, x3), pair(y0, y1), pair(y2, y3)];
        for (sum, part) in sums.iter_mut().zip(parts) {
            *sum = _mm_or_si128(*sum, _mm_and_si128(keep, part));
        }
    }
    let [a, b, c, d] = sums;
    Affine { x: limbs(a, b), y: limbs(c, d) }
}

#[inline]
#[target_feature(enable = "sse2")]
fn pair(low: u64, high: u64) -> __m128i {
    _mm_set_epi64x(high as i64, low as i64)
}

#[inline]
#[target_feature(enable = "sse2")]
pub(super) fn limbs(low: __m128i, high: __m128i) -> Fe {
    let first = |vector| _mm_cvtsi128_si64(vector) as u64;
    let second = |vector| _mm_cvtsi128_si64(_mm_unpackhi_epi64(vector, vector)) as u64;
    Fe::from_montgomery([first(low), second(low), first(high), second(high)])
}
