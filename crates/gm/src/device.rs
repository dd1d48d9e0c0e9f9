//! The contract of a cryptographic device (the services of GM/T 0018 that Yinxin uses).
//!
//! A [`Device`] is shared by all threads; a [`Session`] belongs to one caller and is cheap.
//! Keys are made, used and destroyed inside. What comes out is public, encrypted to someone
//! else's key, or a threshold share of a ceremony.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    Ciphertext, DeviceError, Digest, KeyLabel, KeyShare, Product, Provenance, PublicKey, Random,
    Signature, UserId,
};

/// What a key may do. A device refuses any other use ([`crate::RefusedReason::WrongKind`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyKind {
    /// Sign with SM2.
    Sm2Sign,
    /// Decrypt with SM2.
    Sm2Decrypt,
    /// Seal and open with SM4-GCM; wrap keys of others.
    Sm4,
    /// HMAC-SM3.
    Hmac,
}

/// What a device tells about a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyInfo {
    /// Its name.
    pub label: KeyLabel,
    /// Its purpose.
    pub kind: KeyKind,
    /// The public half of an SM2 key.
    pub public_key: Option<PublicKey>,
    /// When it came into this device, in seconds since 1970 UTC.
    pub created: i64,
    /// Signatures made with it. Counted before each signature, kept across a killed process;
    /// never less than the signatures that left the device.
    pub uses: u64,
}

/// What stands behind a [`Device`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceInfo {
    /// For people: a folder, a slot, a serial number.
    pub name: String,
    /// `software`, later the interface of a module.
    pub kind: &'static str,
    /// The certificate that it holds as a commercial cryptographic product, if any.
    pub product: Option<Product>,
}

impl DeviceInfo {
    /// What the record of a key that is made here says about the device.
    #[must_use]
    pub fn provenance(&self) -> Provenance {
        Provenance { kind: self.kind, product: self.product.clone() }
    }

    /// Whether it holds a certificate as a product at all, in force or not.
    #[must_use]
    pub const fn is_certified(&self) -> bool {
        self.product.is_some()
    }
}

/// A key pair that only its device can use, for storage outside the device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedKey {
    /// The public half.
    pub public_key: PublicKey,
    /// The private half, sealed under a key-encryption key of the device and bound to the
    /// public half.
    pub sealed: Vec<u8>,
}

/// A private key on its way to its owner: the contents of SM2EnvelopedKey (GM/T 0009 §7.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvelopedKey {
    /// A fresh SM4 key, encrypted to the owner's signing key.
    pub key_cipher: Ciphertext,
    /// The public half of the key on its way.
    pub public_key: PublicKey,
    /// The private scalar under SM4-ECB with the fresh key.
    pub encrypted_private_key: [u8; 32],
}

/// A cryptographic device, usable from many threads.
pub trait Device: Send + Sync {
    /// What it is.
    fn info(&self) -> DeviceInfo;

    /// Opens a session. `Busy` when the device has no more, `Gone` when it is not there.
    fn session(&self) -> Result<Box<dyn Session + '_>, DeviceError>;
}

impl<D: Device + ?Sized> Device for Arc<D> {
    fn info(&self) -> DeviceInfo {
        (**self).info()
    }

    fn session(&self) -> Result<Box<dyn Session + '_>, DeviceError> {
        (**self).session()
    }
}

/// One caller's use of a device.
///
/// Every method answers `Busy` (try again), `Gone` (not reachable), `Refused` (the request is
/// not acceptable) or `Broken` (stop using this device) instead of a result.
pub trait Session: Random + Send {
    /// All keys, ordered by label.
    fn keys(&mut self) -> Result<Vec<KeyInfo>, DeviceError>;

    /// One key. `NoSuchKey`.
    fn key(&mut self, label: &KeyLabel) -> Result<KeyInfo, DeviceError>;

    /// Makes a key that is durable when this returns. `LabelTaken`.
    fn generate(&mut self, label: &KeyLabel, kind: KeyKind) -> Result<KeyInfo, DeviceError>;

    /// Forgets a key for good. `NoSuchKey`.
    fn destroy(&mut self, label: &KeyLabel) -> Result<(), DeviceError>;

    /// Signs e = SM3(Z ‖ M) with an `Sm2Sign` key.
    fn sign_digest(&mut self, label: &KeyLabel, e: &Digest) -> Result<Signature, DeviceError>;

    /// Signs a message under a user ID with an `Sm2Sign` key.
    fn sign(
        &mut self,
        label: &KeyLabel,
        id: &UserId,
        message: &[u8],
    ) -> Result<Signature, DeviceError>;

    /// Decrypts with an `Sm2Decrypt` key. `BadInput` if C3 does not match.
    fn decrypt(
        &mut self,
        label: &KeyLabel,
        ciphertext: &Ciphertext,
    ) -> Result<Zeroizing<Vec<u8>>, DeviceError>;

    /// HMAC-SM3 with an `Hmac` key.
    fn hmac(&mut self, label: &KeyLabel, data: &[u8]) -> Result<Digest, DeviceError>;

    /// SM4-GCM with an `Sm4` key: nonce (12) ‖ ciphertext ‖ tag (16), the nonce drawn by the
    /// device.
    fn seal(&mut self, label: &KeyLabel, aad: &[u8], plain: &[u8]) -> Result<Vec<u8>, DeviceError>;

    /// Opens what [`Session::seal`] made. `BadInput` if anything changed.
    fn open(
        &mut self,
        label: &KeyLabel,
        aad: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, DeviceError>;

    /// Makes an SM2 pair for someone else; the private half comes out only sealed under the
    /// `Sm4` key `kek`.
    fn generate_wrapped(&mut self, kek: &KeyLabel) -> Result<WrappedKey, DeviceError>;

    /// Re-encrypts a wrapped private key to the signing key of its owner. `BadInput` if the
    /// wrapping does not open or belongs to another public key.
    fn envelope_wrapped(
        &mut self,
        kek: &KeyLabel,
        key: &WrappedKey,
        to: &PublicKey,
    ) -> Result<EnvelopedKey, DeviceError>;

    /// Takes in an encryption pair that a key centre enveloped to `owner`, an `Sm2Sign` key of this
    /// device, and stores it as an `Sm2Decrypt` key (GM/T 0034 §12.1; SKF_ImportECCKeyPair of
    /// GM/T 0016). `LabelTaken`; `BadInput` if it is for another key or the halves don't fit.
    fn import_enveloped(
        &mut self,
        label: &KeyLabel,
        key: &EnvelopedKey,
        owner: &KeyLabel,
    ) -> Result<KeyInfo, DeviceError>;

    /// Splits an `Sm2Sign` key into `shares` parts of which any `threshold` restore it
    /// (2 ≤ threshold ≤ shares). The key itself stays.
    fn split(
        &mut self,
        label: &KeyLabel,
        threshold: u8,
        shares: u8,
    ) -> Result<Vec<KeyShare>, DeviceError>;

    /// Restores a split key under `label`. `BadInput` unless the shares yield the private half
    /// of `expect`; nothing is stored then.
    fn combine(
        &mut self,
        label: &KeyLabel,
        shares: &[KeyShare],
        expect: &PublicKey,
    ) -> Result<KeyInfo, DeviceError>;
}
