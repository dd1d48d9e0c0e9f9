//! SM2 (GB/T 32918, GM/T 0003) with the curve of GB/T 32918.5: what needs no device.
//!
//! Verification and encryption work on public values. [`PrivateKey`] is for subscribers' tools
//! and for the software device; an institution signs through [`crate::Session`].

#[cfg(test)]
mod known_answers;
mod prepared;
mod private_key;

pub use private_key::PrivateKey;

use gm_core::sm2 as core;
use zeroize::Zeroizing;

use crate::{
    Ciphertext, DeviceError, Digest, PublicKey, Random, RefusedReason, Signature, UserId,
    VerifyError, sm3,
};

/// e = SM3(Z ‖ M), the value that SM2 signs (GB/T 32918.2 §6.1).
pub fn digest(key: &PublicKey, id: &UserId, message: &[u8]) -> Digest {
    sm3::hash_parts(&[&key.z(id).0, message])
}

/// Verifies a signature over a message (GB/T 32918.2 §7.1).
pub fn verify(
    key: &PublicKey,
    id: &UserId,
    message: &[u8],
    signature: &Signature,
) -> Result<(), VerifyError> {
    verify_digest(key, &digest(key, id, message), signature)
}

/// Verifies a signature over e. Variable time: all inputs are public.
pub fn verify_digest(
    key: &PublicKey,
    e: &Digest,
    signature: &Signature,
) -> Result<(), VerifyError> {
    let verdict = match prepared::prepared(key) {
        Some(key) => key.verify(&e.0, signature.core()),
        None => core::verify(key.core(), &e.0, signature.core()),
    };
    verdict.map_err(|_| VerifyError)
}

/// Encrypts to a public key (GB/T 32918.4 §6.1). `BadInput` for an empty plaintext, which the
/// scheme cannot carry.
pub fn encrypt(
    key: &PublicKey,
    plaintext: &[u8],
    rng: &mut dyn Random,
) -> Result<Ciphertext, DeviceError> {
    if plaintext.is_empty() {
        return Err(RefusedReason::BadInput.into());
    }
    let mut fresh = Zeroizing::new([0; 32]);
    rng.fill(&mut fresh[..])?;
    let ciphertext = core::encrypt(key.core(), plaintext, &fresh);
    ciphertext.map(|made| Ciphertext::from_core(&made)).map_err(|_| RefusedReason::BadInput.into())
}
