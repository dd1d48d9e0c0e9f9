//! A private key outside a device: the subscriber's own tool, and the inside of the software
//! device.

use std::fmt;

use ::sm2::{
    ProjectivePoint, Scalar, SecretKey,
    elliptic_curve::{Group, PrimeField},
    pkcs8::{DecodePrivateKey, EncodePrivateKey},
};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use super::{abscissa, digest, kdf, nonce::NonceKey, nonzero_scalar, random_scalar, scalar_of};
use crate::{
    Ciphertext, DecryptError, DeviceError, Digest, KeyError, PublicKey, Random, Signature, UserId,
    sm3,
};

/// An SM2 private key d with 1 ≤ d ≤ n-2 (GM/T 0009 §5.1). Wiped when dropped;
/// copies that the compiler left on the stack are beyond the reach of safe code.
///
/// Keeps (1+d)⁻¹, the nonce key and Z of the default ID, so that a signature costs one k·G.
pub struct PrivateKey {
    d: Scalar,
    inverse: Scalar,
    nonces: NonceKey,
    public: PublicKey,
    default_z: Digest,
}

impl PrivateKey {
    /// A fresh key.
    pub fn generate(rng: &mut dyn Random) -> Result<Self, DeviceError> {
        loop {
            if let Some(key) = Self::from_scalar(*random_scalar(rng)?) {
                return Ok(key);
            }
        }
    }

    /// Reads 32 octets, big-endian.
    pub fn from_bytes(octets: &[u8; 32]) -> Result<Self, KeyError> {
        nonzero_scalar(octets).and_then(Self::from_scalar).ok_or(KeyError::Scalar)
    }

    /// 32 octets, big-endian.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.d.to_repr().into())
    }

    /// The public half.
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// Signs a message under a user ID. The same input gives the same signature.
    pub fn sign(&self, id: &UserId, message: &[u8]) -> Signature {
        self.sign_digest(&self.digest(id, message))
    }

    /// Signs e = SM3(Z ‖ M). The same input gives the same signature.
    pub fn sign_digest(&self, e: &Digest) -> Signature {
        self.sign_hedged(e, &[])
    }

    /// e = SM3(Z ‖ M) of this key; Z of the default ID is kept.
    pub(crate) fn digest(&self, id: &UserId, message: &[u8]) -> Digest {
        if *id == UserId::default() {
            return sm3::hash_parts(&[&self.default_z.0, message]);
        }
        digest(&self.public, id, message)
    }

    /// Signs with fresh randomness mixed into the nonce.
    pub(crate) fn sign_hedged(&self, e: &Digest, fresh: &[u8]) -> Signature {
        let mut candidates = self.nonces.candidates(e, fresh);
        loop {
            let signature = candidates.next().and_then(|k| self.sign_with(e, &Zeroizing::new(k)));
            if let Some(signature) = signature {
                return signature;
            }
        }
    }

    /// Signs with a given k (GB/T 32918.2 §6.1, A4 to A7); none if k must be chosen anew.
    ///
    /// s = (1+d)⁻¹·(k − r·d) = (1+d)⁻¹·(k + r) − r.
    pub(super) fn sign_with(&self, e: &Digest, k: &Scalar) -> Option<Signature> {
        let r = scalar_of(e) + abscissa(&ProjectivePoint::mul_by_generator(k));
        let sum = r + *k;
        if bool::from(r.is_zero() | sum.is_zero()) {
            return None;
        }
        let s = self.inverse * sum - r;
        Signature::from_scalars(&r, &s)
    }

    /// Decrypts (GB/T 32918.4 §7.1).
    pub fn decrypt(&self, ciphertext: &Ciphertext) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
        let point = ProjectivePoint::from(*ciphertext.point().point()) * self.d;
        let shared = kdf::Shared::new(&PublicKey::from_point(&point).ok_or(DecryptError)?);
        let plain = shared.mask(ciphertext.cipher()).ok_or(DecryptError)?;
        let check = shared.check(&plain);
        if bool::from(check.0.ct_eq(&ciphertext.hash().0)) { Ok(plain) } else { Err(DecryptError) }
    }

    /// Reads an unencrypted PKCS#8 PrivateKeyInfo: id-ecPublicKey with the SM2 curve.
    pub fn from_pkcs8_der(octets: &[u8]) -> Result<Self, KeyError> {
        let key = SecretKey::from_pkcs8_der(octets).map_err(|_| KeyError::Encoding)?;
        Self::from_secret(&key)
    }

    /// Unencrypted PKCS#8 with the public half, as OpenSSL writes it.
    pub fn to_pkcs8_der(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let document = self.secret()?.to_pkcs8_der();
        let document = document.map_err(|_| KeyError::Encoding)?;
        Ok(Zeroizing::new(document.as_bytes().to_vec()))
    }

    /// Reads SEC 1 ECPrivateKey (`EC PRIVATE KEY` in PEM).
    pub fn from_sec1_der(octets: &[u8]) -> Result<Self, KeyError> {
        let key = SecretKey::from_sec1_der(octets).map_err(|_| KeyError::Encoding)?;
        Self::from_secret(&key)
    }

    /// SEC 1 ECPrivateKey with curve and public half.
    pub fn to_sec1_der(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        self.secret()?.to_sec1_der().map_err(|_| KeyError::Encoding)
    }

    pub(crate) fn from_scalar(d: Scalar) -> Option<Self> {
        let inverse = (d + Scalar::ONE).invert().into_option()?;
        let public = PublicKey::from_point(&ProjectivePoint::mul_by_generator(&d))?;
        let nonces = NonceKey::new(&Zeroizing::new(d.to_repr().into()));
        let default_z = public.z(&UserId::default());
        Some(Self { d, inverse, nonces, public, default_z })
    }

    pub(crate) fn scalar(&self) -> &Scalar {
        &self.d
    }

    fn from_secret(key: &SecretKey) -> Result<Self, KeyError> {
        Self::from_bytes(&Zeroizing::new(key.to_bytes().into()))
    }

    fn secret(&self) -> Result<SecretKey, KeyError> {
        SecretKey::from_slice(&self.to_bytes()[..]).map_err(|_| KeyError::Scalar)
    }
}

impl Drop for PrivateKey {
    fn drop(&mut self) {
        self.d.zeroize();
        self.inverse.zeroize();
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey(of {})", self.public.fingerprint())
    }
}
