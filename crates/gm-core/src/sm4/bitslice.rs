//! The S-box of SM4 as a circuit, and the cipher over sixteen blocks of it: for every CPU.
//!
//! The S-box is S(x) = A·(A·x + c)⁻¹ + c over GF(2⁸) with x⁸+x⁷+x⁶+x⁵+x⁴+x²+1 (GB/T 32907 gives
//! its values; the form is Liu et al., "Analysis of the SMS4 block cipher", 2007). The inversion
//! is done in the tower GF(((2²)²)²), as Canright and Boyar–Peralta do for AES; the ways into the
//! tower and out of it are folded into A. 36 ANDs, no table.

/// Eight planes: plane i holds bit i of each octet.
type Planes = [u64; 8];
/// An element of GF(4) in all places: w² = w + 1.
type Gf4 = [u64; 2];
/// An element of GF(16): z² = z + w.
type Gf16 = [Gf4; 2];

/// Blocks that are encrypted together.
pub(super) const BLOCKS: usize = 16;

#[inline(always)]
fn add4([a1, a0]: Gf4, [b1, b0]: Gf4) -> Gf4 {
    [a1 ^ b1, a0 ^ b0]
}

#[inline(always)]
fn mul4([a1, a0]: Gf4, [b1, b0]: Gf4) -> Gf4 {
    let low = a0 & b0;
    [((a1 ^ a0) & (b1 ^ b0)) ^ low, low ^ (a1 & b1)]
}

/// a², which is also a⁻¹.
#[inline(always)]
fn square4([a1, a0]: Gf4) -> Gf4 {
    [a1, a1 ^ a0]
}

/// w·a.
#[inline(always)]
fn times_w([a1, a0]: Gf4) -> Gf4 {
    [a1 ^ a0, a1]
}

#[inline(always)]
fn add16([a1, a0]: Gf16, [b1, b0]: Gf16) -> Gf16 {
    [add4(a1, b1), add4(a0, b0)]
}

#[inline(always)]
fn mul16([a1, a0]: Gf16, [b1, b0]: Gf16) -> Gf16 {
    let low = mul4(a0, b0);
    let middle = mul4(add4(a1, a0), add4(b1, b0));
    [add4(middle, low), add4(low, times_w(mul4(a1, b1)))]
}

#[inline(always)]
fn square16([a1, a0]: Gf16) -> Gf16 {
    let high = square4(a1);
    [high, add4(square4(a0), times_w(high))]
}

/// ν·a with ν = w·z + 1.
#[inline(always)]
fn times_nu([a1, a0]: Gf16) -> Gf16 {
    let high = times_w(times_w(a1));
    [add4(high, times_w(a0)), add4(a0, high)]
}

#[inline(always)]
fn invert16([a1, a0]: Gf16) -> Gf16 {
    let norm = add4(times_w(square4(a1)), mul4(a0, add4(a1, a0)));
    let inverse = square4(norm);
    [mul4(a1, inverse), mul4(add4(a1, a0), inverse)]
}

/// S of every octet.
#[inline(always)]
pub(super) fn sbox(x: Planes) -> Planes {
    let [high, low] = into_tower(x);
    // y² = y + ν: the norm is ν·h² + l·(h + l).
    let sum = add16(high, low);
    let norm = add16(times_nu(square16(high)), mul16(low, sum));
    let inverse = invert16(norm);
    out_of_tower([mul16(high, inverse), mul16(sum, inverse)])
}

/// T(A·x + c).
#[inline(always)]
fn into_tower([x0, x1, x2, x3, x4, x5, x6, x7]: Planes) -> [Gf16; 2] {
    let t0 = x0 ^ x6;
    let t1 = x1 ^ x2;
    let t2 = x4 ^ x5;
    let t3 = t0 ^ t1;
    let t4 = x1 ^ t2;
    let t5 = x2 ^ x7;
    let t6 = x3 ^ t2;
    let t7 = x4 ^ t3;
    let t8 = x5 ^ t3;
    let t9 = t0 ^ t2;
    let t10 = t3 ^ t6;
    [[[!t10, !t5], [!x6, t7]], [[t8, !x5], [t4, t9]]]
}

/// A·T⁻¹(x) + c.
#[inline(always)]
fn out_of_tower([[[x7, x6], [x5, x4]], [[x3, x2], [x1, x0]]]: [Gf16; 2]) -> Planes {
    let t0 = x0 ^ x4;
    let t1 = x1 ^ x3;
    let t2 = x6 ^ x7;
    let t3 = x0 ^ x2;
    let t4 = x0 ^ t2;
    let t5 = x1 ^ x2;
    let t6 = x1 ^ x5;
    let t7 = x2 ^ t0;
    let t8 = x4 ^ t5;
    let t9 = x5 ^ t1;
    let t10 = x6 ^ t0;
    let t11 = x7 ^ t1;
    let t12 = t0 ^ t6;
    let t13 = t1 ^ t2;
    let t14 = t7 ^ t13;
    [!t3, !t10, t8, t4, !t9, t11, !t12, !t14]
}

/// S of the four octets of a word, for the key schedule.
pub(super) fn sbox_word(word: u32) -> u32 {
    let mut shift = 0u32;
    let planes = [(); 8].map(|()| {
        let plane = u64::from(word >> shift & 0x0101_0101);
        shift += 1;
        plane
    });
    sbox(planes).iter().rev().fold(0, |word, plane| word << 1 | (*plane as u32 & 0x0101_0101))
}

/// Sixteen words of as many blocks, as planes: octet p of each word in bits 16p..16p + 16.
#[inline(always)]
fn slice(words: &[u32; BLOCKS]) -> Planes {
    let mut pairs = [0; 8];
    for (pair, [a, b]) in pairs.iter_mut().zip(words.as_chunks::<2>().0) {
        *pair = spread(*a) | spread(*b) << 8;
    }
    transpose(pairs)
}

#[inline(always)]
fn unslice(planes: Planes) -> [u32; BLOCKS] {
    let mut words = [0; BLOCKS];
    for ([a, b], pair) in words.as_chunks_mut::<2>().0.iter_mut().zip(transpose(planes)) {
        (*a, *b) = (gather(pair), gather(pair >> 8));
    }
    words
}

/// The octets of a word, each followed by an empty one.
#[inline(always)]
fn spread(word: u32) -> u64 {
    let wide = u64::from(word);
    let wide = (wide | wide << 16) & 0x0000_ffff_0000_ffff;
    (wide | wide << 8) & 0x00ff_00ff_00ff_00ff
}

#[inline(always)]
fn gather(wide: u64) -> u32 {
    let wide = wide & 0x00ff_00ff_00ff_00ff;
    let wide = (wide | wide >> 8) & 0x0000_ffff_0000_ffff;
    (wide | wide >> 16) as u32
}

/// Exchanges the number of the word with the number of the bit in its octet.
#[inline(always)]
fn transpose([a, b, c, d, e, f, g, h]: Planes) -> Planes {
    const M1: u64 = 0x5555_5555_5555_5555;
    const M2: u64 = 0x3333_3333_3333_3333;
    const M4: u64 = 0x0f0f_0f0f_0f0f_0f0f;
    let ((a, b), (c, d)) = (swap::<1>(a, b, M1), swap::<1>(c, d, M1));
    let ((e, f), (g, h)) = (swap::<1>(e, f, M1), swap::<1>(g, h, M1));
    let ((a, c), (b, d)) = (swap::<2>(a, c, M2), swap::<2>(b, d, M2));
    let ((e, g), (f, h)) = (swap::<2>(e, g, M2), swap::<2>(f, h, M2));
    let ((a, e), (b, f)) = (swap::<4>(a, e, M4), swap::<4>(b, f, M4));
    let ((c, g), (d, h)) = (swap::<4>(c, g, M4), swap::<4>(d, h, M4));
    [a, b, c, d, e, f, g, h]
}

/// Exchanges the upper bits of a with the lower ones of b.
#[inline(always)]
fn swap<const BY: u32>(a: u64, b: u64, mask: u64) -> (u64, u64) {
    let moved = (a >> BY ^ b) & mask;
    (a ^ moved << BY, b ^ moved)
}

#[inline(always)]
fn xor(a: Planes, b: Planes) -> Planes {
    let mut sum = a;
    sum.iter_mut().zip(b).for_each(|(a, b)| *a ^= b);
    sum
}

/// Every word turned left by so many octets.
#[inline(always)]
fn turn<const OCTETS: u32>(planes: Planes) -> Planes {
    planes.map(|plane| plane.rotate_left(16 * OCTETS))
}

/// L(b) = b ⊕ b⋘2 ⊕ b⋘10 ⊕ b⋘18 ⊕ b⋘24 = b ⊕ b⋘24 ⊕ (b ⊕ b⋘8 ⊕ b⋘16)⋘2.
#[inline(always)]
fn linear(b: Planes) -> Planes {
    let [p0, p1, p2, p3, p4, p5, p6, p7] = xor(xor(b, turn::<1>(b)), turn::<2>(b));
    let turned = [p6.rotate_left(16), p7.rotate_left(16), p0, p1, p2, p3, p4, p5];
    xor(xor(b, turn::<3>(b)), turned)
}

/// A round key in every place.
fn key_planes(key: u32) -> Planes {
    slice(&[key; BLOCKS])
}

/// Round keys as planes, once for many blocks. Wiped when dropped.
pub(super) struct SlicedKeys(zeroize::Zeroizing<[Planes; 32]>);

impl SlicedKeys {
    pub(super) fn new(keys: &[u32; 32]) -> Self {
        Self(zeroize::Zeroizing::new(keys.map(key_planes)))
    }

    /// Sixteen blocks in place.
    pub(super) fn encrypt(&self, blocks: &mut [[u8; 16]; BLOCKS]) {
        let [mut x0, mut x1, mut x2, mut x3] = [0, 1, 2, 3].map(|at| {
            let word = |block: &[u8; 16]| {
                block.as_chunks::<4>().0.get(at).map_or(0, |octets| u32::from_be_bytes(*octets))
            };
            slice(&blocks.each_ref().map(word))
        });
        for key in self.0.iter() {
            let input = xor(xor(x1, x2), xor(x3, *key));
            let next = xor(x0, linear(sbox(input)));
            (x0, x1, x2, x3) = (x1, x2, x3, next);
        }
        // The reverse transformation R.
        for (at, planes) in [x3, x2, x1, x0].into_iter().enumerate() {
            for (block, word) in blocks.iter_mut().zip(unslice(planes)) {
                if let Some(to) = block.as_chunks_mut::<4>().0.get_mut(at) {
                    *to = word.to_be_bytes();
                }
            }
        }
    }
}
