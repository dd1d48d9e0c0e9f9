//! Verification (GB/T 32918.2 §7.1). Everything is public, time depends on it.
//!
//! There is no verification of many signatures by one equation: it would need the points k·G,
//! and a signature of SM2 tells only the abscissa of its own mod n. Keys that verify often are
//! prepared instead.

use super::{PublicKey, Signature};
use crate::Error;
use crate::field::{Fe, P};
use crate::limbs;
use crate::point::{self, Jacobian, KeyComb};
use crate::scalar::{N, Scalar};

/// Verifies a signature over e = SM3(Z ‖ M).
pub fn verify(key: &PublicKey, e: &[u8; 32], signature: &Signature) -> Result<(), Error> {
    judge(e, signature, |s, t| point::mul_add_base(s.limbs(), t.limbs(), key.point()))
}

/// A key with its comb: 86 KiB, as dear as some ten verifications, each later one four times as
/// fast.
pub struct PreparedKey {
    key: PublicKey,
    comb: KeyComb,
}

impl PreparedKey {
    /// Makes the comb.
    pub fn new(key: &PublicKey) -> Self {
        Self { key: *key, comb: KeyComb::new(key.point()) }
    }

    /// The key itself.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Verifies a signature over e = SM3(Z ‖ M).
    pub fn verify(&self, e: &[u8; 32], signature: &Signature) -> Result<(), Error> {
        judge(e, signature, |s, t| point::mul_add_base_prepared(s.limbs(), t.limbs(), &self.comb))
    }
}

impl std::fmt::Debug for PreparedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PreparedKey({:?})", self.key)
    }
}

/// B5 to B7, with the sum s·G + t·P by one way or the other.
fn judge(
    e: &[u8; 32],
    signature: &Signature,
    sum: impl FnOnce(&Scalar, &Scalar) -> Jacobian,
) -> Result<(), Error> {
    let t = signature.r().add(signature.s());
    if t.is_zero_vartime() {
        return Err(Error::Signature);
    }
    let abscissa = signature.r().sub(&Scalar::reduced(e));
    if has_abscissa(&sum(signature.s(), &t), &abscissa) { Ok(()) } else { Err(Error::Signature) }
}

/// Whether x of the point is `wanted` mod n: x is `wanted` or, if that is below p, `wanted` + n.
/// Compared as x = wanted·z², without a division.
pub(super) fn has_abscissa(point: &Jacobian, wanted: &Scalar) -> bool {
    if point.is_infinity() != 0 {
        return false;
    }
    let zz = point.z.square();
    let is_x = |limbs| Fe::from_limbs(&limbs).mul(&zz) == point.x;
    let (second, carry) = limbs::add(wanted.limbs(), &N);
    let (_, below) = limbs::sub(&second, &P);
    is_x(*wanted.limbs()) || (!carry && below && is_x(second))
}
