//! Blocks and states of eight messages into vectors of 256 bits and back (AVX2).

use core::arch::x86_64::*;

use super::{BlocksOf8, State8};

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn load_state(state: &State8) -> [__m256i; 8] {
    let [a, b, c, d, e, f, g, h] = state;
    [lanes(a), lanes(b), lanes(c), lanes(d), lanes(e), lanes(f), lanes(g), lanes(h)]
}

#[inline]
#[target_feature(enable = "avx2")]
fn lanes(words: &[u32; 8]) -> __m256i {
    let [a, b, c, d, e, f, g, h] = words.map(|word| word as i32);
    _mm256_set_epi32(h, g, f, e, d, c, b, a)
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn store_state(registers: [__m256i; 8], state: &mut State8) {
    for (to, register) in state.iter_mut().zip(registers) {
        let low = _mm256_castsi256_si128(register);
        let high = _mm256_extracti128_si256::<1>(register);
        let quarters = [
            _mm_cvtsi128_si64(low),
            _mm_cvtsi128_si64(_mm_unpackhi_epi64(low, low)),
            _mm_cvtsi128_si64(high),
            _mm_cvtsi128_si64(_mm_unpackhi_epi64(high, high)),
        ];
        for ([even, odd], quarter) in to.as_chunks_mut::<2>().0.iter_mut().zip(quarters) {
            (*even, *odd) = (quarter as u32, (quarter >> 32) as u32);
        }
    }
}

/// The sixteen words of each block, word by word.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn load_words(blocks: &BlocksOf8) -> [__m256i; 16] {
    let [a, b, c, d, e, f, g, h] = blocks.each_ref().map(|block| block.as_chunks::<32>().0);
    let mut words = [_mm256_setzero_si256(); 16];
    let halves = a.iter().zip(b).zip(c).zip(d).zip(e).zip(f).zip(g).zip(h);
    for (to, half) in words.as_chunks_mut::<8>().0.iter_mut().zip(halves) {
        let (((((((a, b), c), d), e), f), g), h) = half;
        *to = transpose([row(a), row(b), row(c), row(d), row(e), row(f), row(g), row(h)]);
    }
    words
}

/// Eight words of one block, from big-endian octets.
#[inline]
#[target_feature(enable = "avx2")]
fn row(octets: &[u8; 32]) -> __m256i {
    let [mut a, mut b, mut c, mut d] = [0; 4];
    if let [p, q, r, s] = octets.as_chunks::<8>().0 {
        (a, b, c, d) = (
            i64::from_le_bytes(*p),
            i64::from_le_bytes(*q),
            i64::from_le_bytes(*r),
            i64::from_le_bytes(*s),
        );
    }
    let (high, low) = (0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203);
    _mm256_shuffle_epi8(_mm256_set_epi64x(d, c, b, a), _mm256_set_epi64x(high, low, high, low))
}

/// Rows to columns: by words, by pairs, by halves.
#[inline]
#[target_feature(enable = "avx2")]
fn transpose([a, b, c, d, e, f, g, h]: [__m256i; 8]) -> [__m256i; 8] {
    let [p0, p1, p2, p3] = transpose4([a, b, c, d]);
    let [q0, q1, q2, q3] = transpose4([e, f, g, h]);
    [
        _mm256_permute2x128_si256::<0x20>(p0, q0),
        _mm256_permute2x128_si256::<0x20>(p1, q1),
        _mm256_permute2x128_si256::<0x20>(p2, q2),
        _mm256_permute2x128_si256::<0x20>(p3, q3),
        _mm256_permute2x128_si256::<0x31>(p0, q0),
        _mm256_permute2x128_si256::<0x31>(p1, q1),
        _mm256_permute2x128_si256::<0x31>(p2, q2),
        _mm256_permute2x128_si256::<0x31>(p3, q3),
    ]
}

/// Columns of four rows within each half.
#[inline]
#[target_feature(enable = "avx2")]
fn transpose4([a, b, c, d]: [__m256i; 4]) -> [__m256i; 4] {
    let (ab, cd) = (_mm256_unpacklo_epi32(a, b), _mm256_unpacklo_epi32(c, d));
    let (ab_high, cd_high) = (_mm256_unpackhi_epi32(a, b), _mm256_unpackhi_epi32(c, d));
    [
        _mm256_unpacklo_epi64(ab, cd),
        _mm256_unpackhi_epi64(ab, cd),
        _mm256_unpacklo_epi64(ab_high, cd_high),
        _mm256_unpackhi_epi64(ab_high, cd_high),
    ]
}
