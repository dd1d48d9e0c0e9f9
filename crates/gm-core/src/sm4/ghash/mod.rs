//! GHASH, the universal hash of GCM (GB/T 17964 §11.4, NIST SP 800-38D §6.4).
//!
//! Elements are read as integers with the first octet highest. In this order a product comes out
//! one bit low; H is multiplied by x once instead, and the products are reduced as POLYVAL does
//! (RFC 8452 Appendix A shows that both are the same).

#[cfg(target_arch = "x86_64")]
pub(crate) mod carryless;
pub(crate) mod portable;

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{BLOCK, Block};
use crate::cpu;

/// Powers of H that are kept: so many blocks share one reduction.
pub(crate) const POWERS: usize = 8;

/// H to H⁸, H⁸ first, so that each stands beside its block.
pub(crate) type Powers = [u128; POWERS];

/// The hash under one H. Wiped when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(super) struct Ghash {
    powers: Powers,
    sum: u128,
}

impl Ghash {
    pub(super) fn new(h: &Block) -> Self {
        let h = times_x(u128::from_be_bytes(*h));
        let mut powers = [h; POWERS];
        let mut power = h;
        for to in powers.iter_mut().rev().skip(1) {
            power = portable::multiply(power, h);
            *to = power;
        }
        Self { powers, sum: 0 }
    }

    #[cfg(test)]
    pub(super) fn powers(&self) -> &Powers {
        &self.powers
    }

    /// Appends data, filled up with zeros to whole blocks.
    pub(super) fn update(&mut self, data: &[u8]) {
        let (blocks, rest) = data.as_chunks::<BLOCK>();
        self.sum = cpu::ghash(self.sum, &self.powers, blocks);
        if !rest.is_empty() {
            let mut block = [0; BLOCK];
            block.iter_mut().zip(rest).for_each(|(to, octet)| *to = *octet);
            self.sum = cpu::ghash(self.sum, &self.powers, &[block]);
        }
    }

    /// Appends the lengths, in bits, and gives the value.
    pub(super) fn finish(mut self, first: u64, second: u64) -> Block {
        let lengths = u128::from(first.wrapping_mul(8)) << 64 | u128::from(second.wrapping_mul(8));
        self.update(&lengths.to_be_bytes());
        self.sum.to_be_bytes()
    }
}

/// x·a mod x¹²⁸ + x¹²⁷ + x¹²⁶ + x¹²¹ + 1.
fn times_x(a: u128) -> u128 {
    let carry = (a >> 127).wrapping_neg();
    a << 1 ^ (carry & (0xc2 << 120 | 1))
}

/// A product of 256 bits divided by x¹²⁸, mod the polynomial: two steps as those of Montgomery,
/// for x⁶⁴ divides the polynomial less one but for its upper half.
#[inline(always)]
pub(crate) fn reduce(low: u128, high: u128) -> u128 {
    let low = fold(low as u64) ^ low >> 64;
    high ^ fold(low as u64) ^ low >> 64
}

/// m·(x¹²⁸ + x¹²⁷ + x¹²⁶ + x¹²¹) / x⁶⁴.
#[inline(always)]
fn fold(m: u64) -> u128 {
    let m = u128::from(m);
    m << 64 ^ m << 63 ^ m << 62 ^ m << 57
}
