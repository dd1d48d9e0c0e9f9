//! The field of the SM2 curve: integers mod p = 2²⁵⁶ − 2²²⁴ − 2⁹⁶ + 2⁶⁴ − 1.
//!
//! An element is kept as a·2²⁵⁶ mod p (Montgomery), always below p. Because p ≡ −1 mod 2⁶⁴, the
//! factor of a Montgomery step is the lowest limb itself, and because p is sparse, the step is
//! shifts and additions: a reduction takes no multiplication.

#[cfg(test)]
mod tests;

use crate::divsteps::Modulus;
use crate::limbs::{self, Limbs};

pub(crate) const P: Limbs =
    [0xffff_ffff_ffff_ffff, 0xffff_ffff_0000_0000, 0xffff_ffff_ffff_ffff, 0xffff_fffe_ffff_ffff];
/// 2⁵¹² mod p.
const R2: Limbs = [0x2_0000_0003, 0x2_ffff_ffff, 0x1_0000_0001, 0x4_0000_0002];
static MODULUS: Modulus = Modulus::new(&P);

/// An element of the field.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Fe(Limbs);

impl Fe {
    pub(crate) const ZERO: Self = Self([0; 4]);
    /// 2²⁵⁶ mod p.
    pub(crate) const ONE: Self = Self([1, 0xffff_ffff, 0, 0x1_0000_0000]);

    /// From limbs that are in Montgomery form and below p already.
    pub(crate) const fn from_montgomery(limbs: Limbs) -> Self {
        Self(limbs)
    }

    pub(crate) fn montgomery(&self) -> &Limbs {
        &self.0
    }

    /// The element of an integer below p.
    #[inline(always)]
    pub(crate) fn from_limbs(limbs: &Limbs) -> Self {
        Self(mul(limbs, &R2))
    }

    /// The integer below p.
    #[inline(always)]
    pub(crate) fn to_limbs(self) -> Limbs {
        reduce(&self.0, &[0; 4])
    }

    /// Reads 32 octets, big-endian; none for p and above.
    pub(crate) fn from_be(octets: &[u8; 32]) -> Option<Self> {
        let limbs = limbs::from_be(octets);
        let (_, below) = limbs::sub(&limbs, &P);
        below.then(|| Self::from_limbs(&limbs))
    }

    pub(crate) fn to_be(self) -> [u8; 32] {
        limbs::to_be(&self.to_limbs())
    }

    #[inline(always)]
    pub(crate) fn add(&self, other: &Self) -> Self {
        Self(limbs::add_mod(&self.0, &other.0, &P))
    }

    #[inline(always)]
    pub(crate) fn double(&self) -> Self {
        self.add(self)
    }

    #[inline(always)]
    pub(crate) fn sub(&self, other: &Self) -> Self {
        Self(limbs::sub_mod(&self.0, &other.0, &P))
    }

    #[inline(always)]
    pub(crate) fn negate(&self) -> Self {
        Self::ZERO.sub(self)
    }

    #[inline(always)]
    pub(crate) fn mul(&self, other: &Self) -> Self {
        Self(mul(&self.0, &other.0))
    }

    #[inline(always)]
    pub(crate) fn square(&self) -> Self {
        let (low, high) = limbs::square_wide(&self.0);
        Self(reduce(&low, &high))
    }

    /// a⁻¹; zero for zero.
    #[inline(never)]
    pub(crate) fn invert(&self) -> Self {
        // (a·R)⁻¹·R² = a⁻¹·R.
        Self(MODULUS.invert(&self.0, &R2))
    }

    /// All ones if this is zero, else zero.
    #[inline(always)]
    pub(crate) fn is_zero(&self) -> u64 {
        limbs::is_zero(&self.0)
    }

    /// All ones if they are the same, else zero.
    #[inline(always)]
    pub(crate) fn equals(&self, other: &Self) -> u64 {
        self.sub(other).is_zero()
    }

    /// `a` where the mask is ones, `b` where it is zero.
    #[inline(always)]
    pub(crate) fn select(mask: u64, a: &Self, b: &Self) -> Self {
        Self(limbs::select(mask, &a.0, &b.0))
    }
}

impl PartialEq for Fe {
    fn eq(&self, other: &Self) -> bool {
        self.equals(other) != 0
    }
}

impl zeroize::DefaultIsZeroes for Fe {}

#[inline(always)]
fn mul(a: &Limbs, b: &Limbs) -> Limbs {
    let (low, high) = limbs::mul_wide(a, b);
    reduce(&low, &high)
}

/// (low + high·2²⁵⁶) / 2²⁵⁶ mod p for values below p·2²⁵⁶.
///
/// Four steps bring `low` to a value of at most p; with `high` below p the sum is below 2p.
#[inline(always)]
fn reduce(low: &Limbs, high: &Limbs) -> Limbs {
    let low = step(&step(&step(&step(low))));
    let (sum, carry) = limbs::add(&low, high);
    limbs::reduce_once(&sum, carry, &P)
}

/// (t + t0·p) / 2⁶⁴, where t0·(p + 1) / 2⁶⁴ = t0·(2¹⁹² − 2¹⁶⁰ − 2³² + 1).
///
/// It fits four limbs: (2²⁵⁶ − 1 + (2⁶⁴ − 1)·p) / 2⁶⁴ < p + 2¹⁶¹ < 2²⁵⁶.
#[inline(always)]
fn step(t: &Limbs) -> Limbs {
    let [t0, t1, t2, t3] = *t;
    let (low, high) = (t0 << 32, t0 >> 32);
    let (u0, borrow) = t0.borrowing_sub(low, false);
    let (u1, borrow) = 0u64.borrowing_sub(high, borrow);
    let (u2, borrow) = 0u64.borrowing_sub(low, borrow);
    let (u3, _) = t0.borrowing_sub(high, borrow);
    limbs::add(&[t1, t2, t3, 0], &[u0, u1, u2, u3]).0
}
