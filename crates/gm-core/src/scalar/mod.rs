//! Integers mod n, the order of the base point (GB/T 32918.5), kept as they are, below n.
//!
//! A signature multiplies here once or twice; a product goes through two Montgomery reductions
//! and needs no form of its own.

#[cfg(test)]
mod tests;

use zeroize::DefaultIsZeroes;

use crate::declassify::declassify;
use crate::divsteps::Modulus;
use crate::limbs::{self, Limbs};

pub(crate) const N: Limbs =
    [0x53bb_f409_39d5_4123, 0x7203_df6b_21c6_052b, 0xffff_ffff_ffff_ffff, 0xffff_fffe_ffff_ffff];
/// 2⁵¹² mod n.
const R2: Limbs =
    [0x9011_92af_7c11_4f20, 0x3464_504a_de6f_a2fa, 0x620f_c84c_3aff_e0d4, 0x1eb5_e412_a22b_3d3b];
/// −n⁻¹ mod 2⁶⁴.
const N0: u64 = 0x327f_9e88_7235_0975;
static MODULUS: Modulus = Modulus::new(&N);

/// An integer below n.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Scalar(Limbs);

impl Scalar {
    #[cfg(test)]
    pub(crate) const ZERO: Self = Self([0; 4]);
    pub(crate) const ONE: Self = Self([1, 0, 0, 0]);

    /// Reads 32 octets, big-endian; none for n and above, and that it is so may be known.
    pub(crate) fn from_be(octets: &[u8; 32]) -> Option<Self> {
        let limbs = limbs::from_be(octets);
        let (_, below) = limbs::sub(&limbs, &N);
        declassify(limbs::mask(below)).then_some(Self(limbs))
    }

    /// 32 octets mod n. One subtraction is enough: 2²⁵⁶ < 2n.
    pub(crate) fn reduced(octets: &[u8; 32]) -> Self {
        Self::from_limbs_reduced(&limbs::from_be(octets))
    }

    /// Any 256 bits mod n.
    pub(crate) fn from_limbs_reduced(limbs: &Limbs) -> Self {
        Self(limbs::reduce_once(limbs, false, &N))
    }

    pub(crate) fn limbs(&self) -> &Limbs {
        &self.0
    }

    pub(crate) fn to_be(self) -> [u8; 32] {
        limbs::to_be(&self.0)
    }

    pub(crate) fn add(&self, other: &Self) -> Self {
        Self(limbs::add_mod(&self.0, &other.0, &N))
    }

    pub(crate) fn sub(&self, other: &Self) -> Self {
        Self(limbs::sub_mod(&self.0, &other.0, &N))
    }

    #[cfg(test)]
    pub(crate) fn negate(&self) -> Self {
        Self::ZERO.sub(self)
    }

    pub(crate) fn mul(&self, other: &Self) -> Self {
        Self(montgomery(&montgomery(&self.0, &other.0), &R2))
    }

    /// a⁻¹; zero for zero.
    pub(crate) fn invert(&self) -> Self {
        Self(MODULUS.invert(&self.0, &Self::ONE.0))
    }

    /// All ones if this is zero, else zero.
    pub(crate) fn is_zero(&self) -> u64 {
        limbs::is_zero(&self.0)
    }

    /// For public values.
    pub(crate) fn is_zero_vartime(&self) -> bool {
        self.is_zero() != 0
    }

    /// For secret values of which the answer may be known.
    pub(crate) fn is_zero_declassified(&self) -> bool {
        declassify(self.is_zero())
    }
}

impl PartialEq for Scalar {
    fn eq(&self, other: &Self) -> bool {
        self.sub(other).is_zero() != 0
    }
}

impl DefaultIsZeroes for Scalar {}

/// a·b / 2²⁵⁶ mod n.
fn montgomery(a: &Limbs, b: &Limbs) -> Limbs {
    let [b0, b1, b2, b3] = *b;
    let (t, carry) = round([0; 4], false, a, b0);
    let (t, carry) = round(t, carry, a, b1);
    let (t, carry) = round(t, carry, a, b2);
    let (t, carry) = round(t, carry, a, b3);
    limbs::reduce_once(&t, carry, &N)
}

/// (t + a·b + m·n) / 2⁶⁴ with the m that makes it divide; t below 2n in 257 bits.
fn round(t: Limbs, carry: bool, a: &Limbs, b: u64) -> (Limbs, bool) {
    let [x0, x1, x2, x3, x4] = limbs::mul_row(t, a, b);
    let (x4, over_a) = x4.carrying_add(carry as u64, false);
    let [_, y0, y1, y2, y3] = limbs::mul_row([x0, x1, x2, x3], &N, x0.wrapping_mul(N0));
    let (y3, over_b) = y3.carrying_add(x4, false);
    ([y0, y1, y2, y3], over_a | over_b)
}
