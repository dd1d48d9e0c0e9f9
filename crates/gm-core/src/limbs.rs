//! Integers of 256 bits in four limbs of 64, lowest first. Nothing here branches on a value.

/// Four limbs, lowest first.
pub(crate) type Limbs = [u64; 4];

/// All ones if `bit`, else zero.
#[inline(always)]
pub(crate) fn mask(bit: bool) -> u64 {
    (bit as u64).wrapping_neg()
}

/// All ones if the word is zero, else zero.
#[inline(always)]
pub(crate) fn zero_mask(word: u64) -> u64 {
    ((word | word.wrapping_neg()) >> 63).wrapping_sub(1)
}

/// All ones if `a` is zero, else zero.
#[inline(always)]
pub(crate) fn is_zero([a0, a1, a2, a3]: &Limbs) -> u64 {
    zero_mask(*a0 | *a1 | *a2 | *a3)
}

/// `a` where the mask is ones, `b` where it is zero.
#[inline(always)]
pub(crate) fn select(mask: u64, a: &Limbs, b: &Limbs) -> Limbs {
    let ([a0, a1, a2, a3], [b0, b1, b2, b3]) = (*a, *b);
    [
        b0 ^ (mask & (a0 ^ b0)),
        b1 ^ (mask & (a1 ^ b1)),
        b2 ^ (mask & (a2 ^ b2)),
        b3 ^ (mask & (a3 ^ b3)),
    ]
}

/// a + b and the carry.
#[inline(always)]
pub(crate) fn add(a: &Limbs, b: &Limbs) -> (Limbs, bool) {
    let ([a0, a1, a2, a3], [b0, b1, b2, b3]) = (*a, *b);
    let (r0, carry) = a0.carrying_add(b0, false);
    let (r1, carry) = a1.carrying_add(b1, carry);
    let (r2, carry) = a2.carrying_add(b2, carry);
    let (r3, carry) = a3.carrying_add(b3, carry);
    ([r0, r1, r2, r3], carry)
}

/// a − b and the borrow.
#[inline(always)]
pub(crate) fn sub(a: &Limbs, b: &Limbs) -> (Limbs, bool) {
    let ([a0, a1, a2, a3], [b0, b1, b2, b3]) = (*a, *b);
    let (r0, borrow) = a0.borrowing_sub(b0, false);
    let (r1, borrow) = a1.borrowing_sub(b1, borrow);
    let (r2, borrow) = a2.borrowing_sub(b2, borrow);
    let (r3, borrow) = a3.borrowing_sub(b3, borrow);
    ([r0, r1, r2, r3], borrow)
}

/// t + carry·2²⁵⁶ reduced once: for values below 2m.
#[inline(always)]
pub(crate) fn reduce_once(t: &Limbs, carry: bool, m: &Limbs) -> Limbs {
    let (reduced, borrow) = sub(t, m);
    let (_, borrow) = (carry as u64).borrowing_sub(0, borrow);
    select(mask(borrow), t, &reduced)
}

/// a + b mod m for a, b below m.
#[inline(always)]
pub(crate) fn add_mod(a: &Limbs, b: &Limbs, m: &Limbs) -> Limbs {
    let (sum, carry) = add(a, b);
    reduce_once(&sum, carry, m)
}

/// a − b mod m for a, b below m.
#[inline(always)]
pub(crate) fn sub_mod(a: &Limbs, b: &Limbs, m: &Limbs) -> Limbs {
    let (difference, borrow) = sub(a, b);
    let [m0, m1, m2, m3] = *m;
    let keep = mask(borrow);
    add(&difference, &[m0 & keep, m1 & keep, m2 & keep, m3 & keep]).0
}

/// a·b + t in five limbs; it always fits.
#[inline(always)]
pub(crate) fn mul_row(t: [u64; 4], a: &Limbs, b: u64) -> [u64; 5] {
    let [a0, a1, a2, a3] = *a;
    let [t0, t1, t2, t3] = t;
    let (r0, carry) = a0.carrying_mul_add(b, t0, 0);
    let (r1, carry) = a1.carrying_mul_add(b, t1, carry);
    let (r2, carry) = a2.carrying_mul_add(b, t2, carry);
    let (r3, r4) = a3.carrying_mul_add(b, t3, carry);
    [r0, r1, r2, r3, r4]
}

/// a·b, low half and high half.
#[inline(always)]
pub(crate) fn mul_wide(a: &Limbs, b: &Limbs) -> (Limbs, Limbs) {
    let [b0, b1, b2, b3] = *b;
    let [r0, t1, t2, t3, t4] = mul_row([0; 4], a, b0);
    let [r1, t2, t3, t4, t5] = mul_row([t1, t2, t3, t4], a, b1);
    let [r2, t3, t4, t5, t6] = mul_row([t2, t3, t4, t5], a, b2);
    let [r3, r4, r5, r6, r7] = mul_row([t3, t4, t5, t6], a, b3);
    ([r0, r1, r2, r3], [r4, r5, r6, r7])
}

/// a², low half and high half: the mixed products once, doubled by a shift, then the squares.
#[inline(always)]
pub(crate) fn square_wide(a: &Limbs) -> (Limbs, Limbs) {
    let [a0, a1, a2, a3] = *a;
    let (t1, carry) = a0.carrying_mul(a1, 0);
    let (t2, carry) = a0.carrying_mul(a2, carry);
    let (t3, t4) = a0.carrying_mul(a3, carry);
    let (t3, carry) = a1.carrying_mul_add(a2, t3, 0);
    let (t4, t5) = a1.carrying_mul_add(a3, t4, carry);
    let (t5, t6) = a2.carrying_mul_add(a3, t5, 0);
    let r7 = t6 >> 63;
    let r6 = (t6 << 1) | (t5 >> 63);
    let r5 = (t5 << 1) | (t4 >> 63);
    let r4 = (t4 << 1) | (t3 >> 63);
    let r3 = (t3 << 1) | (t2 >> 63);
    let r2 = (t2 << 1) | (t1 >> 63);
    let r1 = t1 << 1;
    let (r0, h0) = a0.carrying_mul(a0, 0);
    let (l1, h1) = a1.carrying_mul(a1, 0);
    let (l2, h2) = a2.carrying_mul(a2, 0);
    let (l3, h3) = a3.carrying_mul(a3, 0);
    let (r1, carry) = r1.carrying_add(h0, false);
    let (r2, carry) = r2.carrying_add(l1, carry);
    let (r3, carry) = r3.carrying_add(h1, carry);
    let (r4, carry) = r4.carrying_add(l2, carry);
    let (r5, carry) = r5.carrying_add(h2, carry);
    let (r6, carry) = r6.carrying_add(l3, carry);
    let (r7, _) = r7.carrying_add(h3, carry);
    ([r0, r1, r2, r3], [r4, r5, r6, r7])
}

/// Reads 32 octets, big-endian.
pub(crate) fn from_be(octets: &[u8; 32]) -> Limbs {
    let mut limbs = [0; 4];
    for (limb, word) in limbs.iter_mut().rev().zip(octets.as_chunks::<8>().0) {
        *limb = u64::from_be_bytes(*word);
    }
    limbs
}

/// 32 octets, big-endian.
pub(crate) fn to_be(limbs: &Limbs) -> [u8; 32] {
    let mut octets = [0; 32];
    for (word, limb) in octets.as_chunks_mut::<8>().0.iter_mut().zip(limbs.iter().rev()) {
        *word = limb.to_be_bytes();
    }
    octets
}

/// Bits `from..from + count` (count below 64); bits above 255 are zero. The place is public.
#[inline(always)]
pub(crate) fn bits(a: &Limbs, from: usize, count: u32) -> u64 {
    let (limb, shift) = (from / 64, from % 64);
    let low = a.get(limb).copied().unwrap_or(0) >> shift;
    let high = a.get(limb.wrapping_add(1)).copied().unwrap_or(0);
    // Two shifts, because a shift by 64 is none.
    let high = (high << 1) << (63 - shift);
    (low | high) & ((1 << count) - 1)
}
