//! SM2 (GB/T 32918, GM/T 0003) with the curve of GB/T 32918.5: what needs no device.
//!
//! Verification and encryption work on public values. [`PrivateKey`] is for subscribers' tools
//! and for the software device; an institution signs through [`crate::Session`].

mod kdf;
#[cfg(test)]
mod known_answers;
mod nonce;
mod prepared;
mod private_key;

pub use private_key::PrivateKey;

use ::sm2::{
    FieldBytes, ProjectivePoint, Scalar,
    elliptic_curve::{
        Group, PrimeField,
        ops::{MulByGeneratorVartime, Reduce},
        point::AffineCoordinates,
    },
};
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
    let (r, s) = signature.scalars().ok_or(VerifyError)?;
    let t = r + s;
    if t == Scalar::ZERO {
        return Err(VerifyError);
    }
    let sum = match prepared::table(key) {
        Some(table) => ProjectivePoint::mul_by_generator_vartime(&s) + table.mul(&t),
        None => {
            let point = ProjectivePoint::from(*key.point());
            ProjectivePoint::mul_by_generator_and_mul_add_vartime(&s, &t, &point)
        }
    };
    if bool::from(sum.is_identity()) || scalar_of(e) + abscissa(&sum) != r {
        return Err(VerifyError);
    }
    Ok(())
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
    loop {
        let k = random_scalar(rng)?;
        if let Some(ciphertext) = encrypt_with(key, plaintext, &k) {
            return Ok(ciphertext);
        }
    }
}

/// Encryption with a given k; none if the key stream is all zero (A5: choose another k).
fn encrypt_with(key: &PublicKey, plaintext: &[u8], k: &Scalar) -> Option<Ciphertext> {
    let c1 = PublicKey::from_point(&ProjectivePoint::mul_by_generator(k))?;
    let shared = PublicKey::from_point(&(ProjectivePoint::from(*key.point()) * k))?;
    let shared = kdf::Shared::new(&shared);
    let cipher = shared.mask(plaintext)?;
    Some(Ciphertext::new(c1, shared.check(plaintext), cipher.to_vec()))
}

/// Uniform in 1..=n-1 by rejection.
fn random_scalar(rng: &mut dyn Random) -> Result<Zeroizing<Scalar>, DeviceError> {
    loop {
        let mut octets = Zeroizing::new([0; 32]);
        rng.fill(&mut octets[..])?;
        if let Some(scalar) = nonzero_scalar(&octets) {
            return Ok(Zeroizing::new(scalar));
        }
    }
}

/// None for zero and for n and above.
fn nonzero_scalar(octets: &[u8; 32]) -> Option<Scalar> {
    Scalar::from_repr((*octets).into()).into_option().filter(|scalar| !bool::from(scalar.is_zero()))
}

/// e mod n.
fn scalar_of(e: &Digest) -> Scalar {
    Scalar::reduce(&FieldBytes::from(e.0))
}

/// x mod n of an affine abscissa.
fn abscissa(point: &ProjectivePoint) -> Scalar {
    Scalar::reduce(&point.to_affine().x())
}
