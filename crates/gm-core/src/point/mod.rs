//! Points of the SM2 curve y² = x³ − 3x + b over the field of `field` (GB/T 32918.5).
//!
//! Sums are in Jacobian coordinates (x/z², y/z³). The formulas for addition are not complete;
//! each caller in constant time states why its operands are never equal or opposite, and
//! docs/cryptography.md has the proofs. The curve has prime order: every point but infinity has
//! order n, and no point has y = 0.

mod batch;
mod comb;
mod constant_time;
mod normalise;
pub(crate) mod pick;
mod recode;
#[cfg(test)]
mod tests;
mod variable_time;

pub(crate) use batch::mul_base_batch;
pub(crate) use comb::{KeyComb, mul_base};
pub(crate) use constant_time::mul;
pub(crate) use variable_time::{mul_add_base, mul_add_base_prepared, mul_variable_time};

use crate::field::Fe;

/// b of GB/T 32918.5.
const B: Fe = Fe::from_montgomery([
    0x90d2_3063_2bc0_dd42,
    0x71cf_379a_e9b5_37ab,
    0x5279_8150_5ea5_1c3c,
    0x240f_e188_ba20_e2c8,
]);

/// A point other than infinity.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Affine {
    pub(crate) x: Fe,
    pub(crate) y: Fe,
}

/// Any point; infinity has z = 0.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Jacobian {
    pub(crate) x: Fe,
    pub(crate) y: Fe,
    pub(crate) z: Fe,
}

impl zeroize::DefaultIsZeroes for Affine {}
impl zeroize::DefaultIsZeroes for Jacobian {}

impl Affine {
    /// G of GB/T 32918.5.
    pub(crate) const BASE: Self = Self {
        x: Fe::from_montgomery([
            0x6132_8990_f418_029e,
            0x3e79_81ed_dca6_c050,
            0xd6a1_ed99_ac24_c3c3,
            0x9116_7a5e_e1c1_3b05,
        ]),
        y: Fe::from_montgomery([
            0xc135_4e59_3c2d_0ddd,
            0xc1f5_e578_8d32_95fa,
            0x8d4c_fb06_6e2a_48f8,
            0x63cd_65d4_81d7_35bd,
        ]),
    };

    /// None for coordinates of p and above and for points off the curve.
    pub(crate) fn from_be(x: &[u8; 32], y: &[u8; 32]) -> Option<Self> {
        let point = Self { x: Fe::from_be(x)?, y: Fe::from_be(y)? };
        point.is_on_curve().then_some(point)
    }

    /// For public points.
    pub(crate) fn is_on_curve(&self) -> bool {
        // x³ − 3x + b = (x² − 3)·x + b.
        let three = Fe::ONE.double().add(&Fe::ONE);
        let right = self.x.square().sub(&three).mul(&self.x).add(&B);
        self.y.square() == right
    }

    #[inline(always)]
    pub(crate) fn negate_where(&self, mask: u64) -> Self {
        Self { x: self.x, y: Fe::select(mask, &self.y.negate(), &self.y) }
    }

    pub(crate) fn negate(&self) -> Self {
        Self { x: self.x, y: self.y.negate() }
    }

    #[inline(always)]
    pub(crate) fn to_jacobian(self) -> Jacobian {
        Jacobian { x: self.x, y: self.y, z: Fe::ONE }
    }
}

impl Jacobian {
    pub(crate) const INFINITY: Self = Self { x: Fe::ONE, y: Fe::ONE, z: Fe::ZERO };

    /// All ones for infinity.
    #[inline(always)]
    pub(crate) fn is_infinity(&self) -> u64 {
        self.z.is_zero()
    }

    /// 2P for every P: 4 multiplications, 4 squares. Infinity stays infinity (z = 2yz), and
    /// there is no point of order 2.
    ///
    /// m = 3(x − z²)(x + z²), s = 4xy²; x' = m² − 2s, y' = m(s − x') − 8y⁴, z' = 2yz.
    #[inline(always)]
    pub(crate) fn double(&self) -> Self {
        let zz = self.z.square();
        let yy2 = self.y.square().double();
        let z = self.y.mul(&self.z).double();
        let m = self.x.sub(&zz).mul(&self.x.add(&zz));
        let m = m.double().add(&m);
        let s = self.x.mul(&yy2).double();
        let x = m.square().sub(&s.double());
        let y = m.mul(&s.sub(&x)).sub(&yy2.square().double());
        Self { x, y, z }
    }

    /// P + Q in constant time, 8 multiplications and 3 squares. P may be infinity; where
    /// `nothing` is ones, Q counts as infinity. P = Q is not allowed; P = −Q gives infinity.
    #[inline(always)]
    pub(crate) fn add_affine(&self, q: &Affine, nothing: u64) -> Self {
        let (sum, _) = self.add_affine_unless_equal(q);
        let first = self.is_infinity();
        let sum = Self {
            x: Fe::select(first, &q.x, &sum.x),
            y: Fe::select(first, &q.y, &sum.y),
            z: Fe::select(first, &Fe::ONE, &sum.z),
        };
        Self::select(nothing, self, &sum)
    }

    /// The same for all P and Q, at the price of a doubling.
    #[inline(always)]
    pub(crate) fn add_affine_complete(&self, q: &Affine, nothing: u64) -> Self {
        let (_, equal) = self.add_affine_unless_equal(q);
        let sum = self.add_affine(q, nothing);
        Self::select(equal & !self.is_infinity() & !nothing, &self.double(), &sum)
    }

    /// P + Q for P ≠ ∞, P ≠ Q, and the mask that tells P = Q.
    #[inline(always)]
    fn add_affine_unless_equal(&self, q: &Affine) -> (Self, u64) {
        let zz = self.z.square();
        let h = q.x.mul(&zz).sub(&self.x);
        let r = q.y.mul(&self.z).mul(&zz).sub(&self.y);
        let hh = h.square();
        let hhh = hh.mul(&h);
        let v = self.x.mul(&hh);
        let x = r.square().sub(&hhh).sub(&v.double());
        let y = r.mul(&v.sub(&x)).sub(&self.y.mul(&hhh));
        let z = self.z.mul(&h);
        (Self { x, y, z }, h.is_zero() & r.is_zero())
    }

    /// P + Q for public points, all cases.
    pub(crate) fn add_affine_variable_time(&self, q: &Affine) -> Self {
        if self.is_infinity() != 0 {
            return q.to_jacobian();
        }
        match self.add_affine_unless_equal(q) {
            (_, equal) if equal != 0 => self.double(),
            (sum, _) => sum,
        }
    }

    /// `a` where the mask is ones, `b` where it is zero.
    #[inline(always)]
    pub(crate) fn select(mask: u64, a: &Self, b: &Self) -> Self {
        Self {
            x: Fe::select(mask, &a.x, &b.x),
            y: Fe::select(mask, &a.y, &b.y),
            z: Fe::select(mask, &a.z, &b.z),
        }
    }

    /// Division by z; for infinity (0, 0), which is no point.
    pub(crate) fn to_affine(self) -> Affine {
        self.divided(&self.z.invert())
    }

    /// The affine point by the inverse of z.
    #[inline(always)]
    fn divided(&self, inverse: &Fe) -> Affine {
        let square = inverse.square();
        Affine { x: self.x.mul(&square), y: self.y.mul(&square).mul(inverse) }
    }
}
