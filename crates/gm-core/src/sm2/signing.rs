//! Signing (GB/T 32918.2 §6.1), one digest or many.

use zeroize::Zeroizing;

use super::{PrivateKey, Signature, verify};
use crate::declassify::declassify;
use crate::field::Fe;
use crate::limbs::Limbs;
use crate::scalar::Scalar;
use crate::{Error, point};

impl PrivateKey {
    /// Signs e = SM3(Z ‖ M). `fresh` is mixed into the nonce; it may be empty, and then the same
    /// input gives the same signature.
    pub fn sign(&self, e: &[u8; 32], fresh: &[u8]) -> Signature {
        let mut candidates = self.nonces.candidates(e, fresh);
        loop {
            let signature = candidates.next().and_then(|k| self.sign_with(e, &k));
            if let Some(signature) = signature {
                return signature;
            }
        }
    }

    /// Signs and verifies what was signed: a fault of the machine while signing may reveal the
    /// key to who sees the wrong signature.
    pub fn sign_checked(&self, e: &[u8; 32], fresh: &[u8]) -> Result<Signature, Error> {
        let signature = self.sign(e, fresh);
        verify(&self.public, e, &signature).map_err(|_| Error::Fault)?;
        Ok(signature)
    }

    /// The signatures that `sign` makes; from some ten on in two thirds of the time.
    pub fn sign_batch(&self, digests: &[[u8; 32]], fresh: &[u8]) -> Vec<Signature> {
        let mut ks = Zeroizing::new(Vec::with_capacity(digests.len()));
        ks.extend(
            digests.iter().filter_map(|e| self.nonces.candidates(e, fresh).next()).map(|k| *k),
        );
        let limbs: Zeroizing<Vec<Limbs>> = Zeroizing::new(ks.iter().map(|k| *k.limbs()).collect());
        let points = Zeroizing::new(point::mul_base_batch(&limbs));
        let signed = digests.iter().zip(ks.iter()).zip(points.iter());
        signed
            .map(|((e, k), point)| {
                // Where k must be chosen anew, one by one.
                self.complete(e, k, &point.x).unwrap_or_else(|| self.sign(e, fresh))
            })
            .collect()
    }

    /// Signs with a given k (A4 to A7); none if k must be chosen anew.
    pub(super) fn sign_with(&self, e: &[u8; 32], k: &Scalar) -> Option<Signature> {
        let point = Zeroizing::new(point::mul_base(k.limbs()));
        let inverse = Zeroizing::new(point.z.invert());
        self.complete(e, k, &point.x.mul(&inverse.square()))
    }

    /// r = e + x₁; s = (1 + d)⁻¹·(k − r·d) = (1 + d)⁻¹·(k + r) − r. Refused are r = 0, r + k = n
    /// and s = 0: the first two would reveal d, the last would verify for none.
    fn complete(&self, e: &[u8; 32], k: &Scalar, x: &Fe) -> Option<Signature> {
        let r = Scalar::reduced(e).add(&Scalar::from_limbs_reduced(&x.to_limbs()));
        let sum = Zeroizing::new(r.add(k));
        let s = self.inverse.mul(&sum).sub(&r);
        let forbidden = declassify(r.is_zero() | sum.is_zero() | s.is_zero());
        (!forbidden).then(|| Signature::of_nonzero(r, s))
    }
}
