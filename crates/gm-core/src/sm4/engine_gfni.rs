//! Sixteen blocks in vectors of 512 bits, the S-box by the CPU's own arithmetic in GF(2⁸)
//! (AVX-512 F and BW, GFNI): an affine map, and an inversion with an affine map behind it.

use core::arch::x86_64::*;

use super::engine::engine;
use super::vector128::{SWAP, octets};

engine!("avx512f,avx512bw,gfni", __m512i, 16);

/// T·(A·x + c) into the field of AES, as the instruction wants the matrix: its rows from the
/// highest octet down.
pub(super) const INTO: i64 = 0x4c28_7db9_1a22_505d;
pub(super) const INTO_CONSTANT: i32 = 0x3e;
/// A·T⁻¹ and c.
pub(super) const OUT_OF: i64 = 0xf3ab_34a9_74a6_b589_u64 as i64;
pub(super) const OUT_OF_CONSTANT: i32 = 0xd3;

#[inline]
#[target_feature(enable = "avx512f,avx512bw,gfni")]
fn splat(word: u32) -> __m512i {
    _mm512_set1_epi32(word as i32)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,gfni")]
fn xor(a: __m512i, b: __m512i) -> __m512i {
    _mm512_xor_si512(a, b)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,gfni")]
fn low32(a: __m512i, b: __m512i) -> __m512i {
    _mm512_unpacklo_epi32(a, b)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,gfni")]
fn high32(a: __m512i, b: __m512i) -> __m512i {
    _mm512_unpackhi_epi32(a, b)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,gfni")]
fn low64(a: __m512i, b: __m512i) -> __m512i {
    _mm512_unpacklo_epi64(a, b)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,gfni")]
fn high64(a: __m512i, b: __m512i) -> __m512i {
    _mm512_unpackhi_epi64(a, b)
}

/// T = L ∘ S.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,gfni")]
fn transform(x: __m512i) -> __m512i {
    let x = _mm512_gf2p8affine_epi64_epi8::<INTO_CONSTANT>(x, _mm512_set1_epi64(INTO));
    let s = _mm512_gf2p8affineinv_epi64_epi8::<OUT_OF_CONSTANT>(x, _mm512_set1_epi64(OUT_OF));
    let near = xor(_mm512_rol_epi32::<2>(s), _mm512_rol_epi32::<10>(s));
    let far = xor(_mm512_rol_epi32::<18>(s), _mm512_rol_epi32::<24>(s));
    xor(s, xor(near, far))
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,gfni")]
fn swap() -> __m512i {
    let [low, high] = SWAP;
    _mm512_broadcast_i32x4(_mm_set_epi64x(high as i64, low as i64))
}

/// Vector i takes blocks i, i + 4, i + 8 and i + 12.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,gfni")]
fn load(blocks: &[[u8; 16]; 16]) -> [__m512i; 4] {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = blocks;
    [
        load_four([a, e, i, m]),
        load_four([b, f, j, n]),
        load_four([c, g, k, o]),
        load_four([d, h, l, p]),
    ]
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,gfni")]
fn load_four(blocks: [&[u8; 16]; 4]) -> __m512i {
    let [a, b, c, d] = blocks.map(|block| {
        let value = u128::from_le_bytes(*block);
        [value as i64, (value >> 64) as i64]
    });
    let vector = _mm512_set_epi64(d[1], d[0], c[1], c[0], b[1], b[0], a[1], a[0]);
    _mm512_shuffle_epi8(vector, swap())
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,gfni")]
fn store(rows: [__m512i; 4], blocks: &mut [[u8; 16]; 16]) {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = blocks;
    let [r0, r1, r2, r3] = rows;
    store_four(r0, [a, e, i, m]);
    store_four(r1, [b, f, j, n]);
    store_four(r2, [c, g, k, o]);
    store_four(r3, [d, h, l, p]);
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,gfni")]
fn store_four(row: __m512i, [a, b, c, d]: [&mut [u8; 16]; 4]) {
    let row = _mm512_shuffle_epi8(row, swap());
    *a = octets(_mm512_castsi512_si128(row));
    *b = octets(_mm512_extracti32x4_epi32(row, 1));
    *c = octets(_mm512_extracti32x4_epi32(row, 2));
    *d = octets(_mm512_extracti32x4_epi32(row, 3));
}
