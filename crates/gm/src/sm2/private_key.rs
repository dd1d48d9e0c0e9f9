//! A private key outside a device: the subscriber's own tool, and the inside of the software
//! device.

use std::fmt;

use ::sm2::{
    SecretKey,
    pkcs8::{DecodePrivateKey, EncodePrivateKey},
};
use gm_core::sm2 as core;
use zeroize::Zeroizing;

use super::digest;
use crate::{
    Ciphertext, DecryptError, DeviceError, Digest, KeyError, PublicKey, Random, Signature, UserId,
};

/// An SM2 private key d with 1 ≤ d ≤ n-2 (GM/T 0009 §5.1). Wiped when dropped;
/// copies that the compiler left on the stack are beyond the reach of safe code.
///
/// Keeps (1+d)⁻¹, the nonce key and Z of the default ID, so that a signature costs one k·G.
pub struct PrivateKey {
    key: core::PrivateKey,
    public: PublicKey,
}

impl PrivateKey {
    /// A fresh key.
    pub fn generate(rng: &mut dyn Random) -> Result<Self, DeviceError> {
        loop {
            let mut octets = Zeroizing::new([0; 32]);
            rng.fill(&mut octets[..])?;
            if let Ok(key) = Self::from_bytes(&octets) {
                return Ok(key);
            }
        }
    }

    /// Reads 32 octets, big-endian.
    pub fn from_bytes(octets: &[u8; 32]) -> Result<Self, KeyError> {
        let key = core::PrivateKey::from_bytes(octets).map_err(|_| KeyError::Scalar)?;
        let public = PublicKey::from_core(*key.public_key());
        Ok(Self { key, public })
    }

    /// 32 octets, big-endian.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        self.key.to_bytes()
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
        let e = self.key.digest(id.as_bytes(), message).map(Digest);
        e.unwrap_or_else(|_| digest(&self.public, id, message))
    }

    /// Signs with fresh randomness mixed into the nonce.
    pub(crate) fn sign_hedged(&self, e: &Digest, fresh: &[u8]) -> Signature {
        Signature::from_core(self.key.sign(&e.0, fresh))
    }

    /// Decrypts (GB/T 32918.4 §7.1).
    pub fn decrypt(&self, ciphertext: &Ciphertext) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
        let ciphertext = ciphertext.core().ok_or(DecryptError)?;
        self.key.decrypt(&ciphertext).map_err(|_| DecryptError)
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

    fn from_secret(key: &SecretKey) -> Result<Self, KeyError> {
        Self::from_bytes(&Zeroizing::new(key.to_bytes().into()))
    }

    fn secret(&self) -> Result<SecretKey, KeyError> {
        SecretKey::from_slice(&self.to_bytes()[..]).map_err(|_| KeyError::Scalar)
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey(of {})", self.public.fingerprint())
    }
}
