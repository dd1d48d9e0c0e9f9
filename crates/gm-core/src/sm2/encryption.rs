//! Encryption and decryption (GB/T 32918.4 §6.1, §7.1).

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::kdf::Shared;
use super::nonce::Nonces;
use super::{Ciphertext, PrivateKey, PublicKey};
use crate::Error;
use crate::declassify::{declassify, revealed};
use crate::limbs::Limbs;
use crate::point;
use crate::scalar::Scalar;

/// Encrypts with 32 fresh octets of randomness, which must never be used again. `Length` for an
/// empty plaintext, which the scheme cannot carry.
pub fn encrypt(key: &PublicKey, plaintext: &[u8], fresh: &[u8; 32]) -> Result<Ciphertext, Error> {
    if plaintext.is_empty() {
        return Err(Error::Length);
    }
    let nonces = Nonces::of_fresh(fresh);
    let mut candidates = nonces.candidates(key.x(), b"sm2 encryption");
    loop {
        let ciphertext = candidates.next().and_then(|k| encrypt_with(key, plaintext, &k));
        if let Some(ciphertext) = ciphertext {
            return Ok(ciphertext);
        }
    }
}

/// Encryption with a given k; none if the key stream is all zero (A5: choose another k).
pub(super) fn encrypt_with(key: &PublicKey, plaintext: &[u8], k: &Scalar) -> Option<Ciphertext> {
    let c1 = Zeroizing::new(point::mul_base(k.limbs()));
    let c1 = PublicKey::from_jacobian(&c1)?;
    let shared = shared(k.limbs(), key)?;
    let cipher = shared.mask(plaintext)?;
    Ciphertext::new(c1, shared.check(plaintext), cipher.to_vec()).ok()
}

/// k·P; none for infinity, which no k below n but zero gives.
pub(super) fn shared(k: &Limbs, point: &PublicKey) -> Option<Shared> {
    let product = Zeroizing::new(point::mul(k, point.point()));
    if declassify(product.is_infinity()) {
        return None;
    }
    let affine = Zeroizing::new(product.to_affine());
    Some(Shared { x: Zeroizing::new(affine.x.to_be()), y: Zeroizing::new(affine.y.to_be()) })
}

impl PrivateKey {
    /// Decrypts. One error for all that can be wrong.
    pub fn decrypt(&self, ciphertext: &Ciphertext) -> Result<Zeroizing<Vec<u8>>, Error> {
        let shared = shared(self.d.limbs(), ciphertext.point()).ok_or(Error::Decrypt)?;
        let plain = shared.mask(ciphertext.cipher()).ok_or(Error::Decrypt)?;
        let same = shared.check(&plain).ct_eq(ciphertext.hash());
        if revealed(same) { Ok(plain) } else { Err(Error::Decrypt) }
    }
}
