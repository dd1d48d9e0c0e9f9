//! Products of polynomials by the integer multiplier, which is constant-time on the CPUs that
//! matter: bits are spread so far apart that carries never reach the next one that counts
//! (Pornin's method in BearSSL).

use super::{Powers, reduce};
use crate::sm4::Block;

/// a·b / x¹²⁸ mod the polynomial.
pub(crate) fn multiply(a: u128, b: u128) -> u128 {
    let (low, high) = product(a, b);
    reduce(low, high)
}

/// ((sum ⊕ X₁)·H ⊕ X₂)·H and so on.
pub(crate) fn ghash(sum: u128, powers: &Powers, blocks: &[Block]) -> u128 {
    let [.., h] = *powers;
    blocks.iter().fold(sum, |sum, block| multiply(sum ^ u128::from_be_bytes(*block), h))
}

/// Low and high half of a·b, by Karatsuba.
fn product(a: u128, b: u128) -> (u128, u128) {
    let (a0, a1) = (a as u64, (a >> 64) as u64);
    let (b0, b1) = (b as u64, (b >> 64) as u64);
    let (low, high) = (wide(a0, b0), wide(a1, b1));
    let middle = wide(a0 ^ a1, b0 ^ b1) ^ low ^ high;
    (low ^ middle << 64, high ^ middle >> 64)
}

/// a·b of 64 bits each; the upper half is the lower half of the mirrored ones, mirrored.
fn wide(a: u64, b: u64) -> u128 {
    let low = narrow(a, b);
    let high = narrow(a.reverse_bits(), b.reverse_bits()).reverse_bits() >> 1;
    u128::from(high) << 64 | u128::from(low)
}

/// The lower 64 bits of a·b: of every four bits one is kept at a time; of at most sixteen that
/// meet in one place only the sum's lowest bit counts, and the carries fall into the holes.
fn narrow(a: u64, b: u64) -> u64 {
    const M: u64 = 0x1111_1111_1111_1111;
    let [a0, a1, a2, a3] = [a & M, a & (M << 1), a & (M << 2), a & (M << 3)];
    let [b0, b1, b2, b3] = [b & M, b & (M << 1), b & (M << 2), b & (M << 3)];
    let m = u64::wrapping_mul;
    let z0 = m(a0, b0) ^ m(a1, b3) ^ m(a2, b2) ^ m(a3, b1);
    let z1 = m(a0, b1) ^ m(a1, b0) ^ m(a2, b3) ^ m(a3, b2);
    let z2 = m(a0, b2) ^ m(a1, b1) ^ m(a2, b0) ^ m(a3, b3);
    let z3 = m(a0, b3) ^ m(a1, b2) ^ m(a2, b1) ^ m(a3, b0);
    (z0 & M) | (z1 & (M << 1)) | (z2 & (M << 2)) | (z3 & (M << 3))
}
