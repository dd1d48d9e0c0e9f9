//! Secrets at rest under a passphrase: the software device's master key, custodians' shares,
//! a subscriber's key file.
//!
//! passphrase → Argon2id (RFC 9106; parameters and salt in the file) → HMAC-SM3 with the purpose
//! → SM4-GCM key. The purpose is part of the derivation, so that a file made for one thing does
//! not open as another.

use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    DeviceError, Random, RefusedReason, sm3,
    sm4::{BLOCK, Gcm, NONCE},
};

const FORMAT: &str = "yinxin-passphrase/1";
/// 1 GiB: more in a file is an attack on the reader's memory.
const MEMORY_LIMIT_KIB: u32 = 1 << 20;
const PASSES_LIMIT: u32 = 64;

/// How hard guessing a passphrase is made (RFC 9106 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stretch {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Stretch {
    /// RFC 9106 §4, second recommended option: 64 MiB, 3 passes, 4 lanes.
    pub const STRONG: Self = Self { memory_kib: 64 << 10, passes: 3, lanes: 4 };

    /// Protects nothing; for tests that open hundreds of devices.
    pub const FAST_FOR_TESTS: Self = Self { memory_kib: 32, passes: 1, lanes: 1 };

    fn run(&self, passphrase: &[u8], salt: &[u8]) -> Result<Zeroizing<[u8; 32]>, DeviceError> {
        if self.memory_kib > MEMORY_LIMIT_KIB || self.passes > PASSES_LIMIT {
            return Err(damaged());
        }
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(32));
        let params = params.map_err(|_| damaged())?;
        let mut out = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase, salt, &mut out[..])
            .map_err(|cause| DeviceError::Broken(format!("口令派生：{cause}")))?;
        Ok(out)
    }
}

impl Default for Stretch {
    fn default() -> Self {
        Self::STRONG
    }
}

/// The file: readable JSON, the secret only inside `sealed`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    format: String,
    purpose: String,
    argon2id: Stretch,
    salt: String,
    sealed: String,
}

/// Seals `plain` for one purpose. `BadInput` for an empty passphrase.
pub fn seal(
    passphrase: &[u8],
    stretch: Stretch,
    purpose: &str,
    plain: &[u8],
    rng: &mut dyn Random,
) -> Result<Vec<u8>, DeviceError> {
    if passphrase.is_empty() {
        return Err(RefusedReason::BadInput.into());
    }
    let (mut salt, mut nonce) = ([0; 16], [0; NONCE]);
    rng.fill(&mut salt)?;
    rng.fill(&mut nonce)?;
    let stretched = stretch.run(passphrase, &salt)?;
    let sealed = key(&stretched, purpose)
        .seal_with_nonce(&nonce, purpose.as_bytes(), plain)
        .map_err(|_| RefusedReason::BadInput)?;
    let envelope = Envelope {
        format: FORMAT.into(),
        purpose: purpose.into(),
        argon2id: stretch,
        salt: hex::encode(salt),
        sealed: hex::encode(sealed),
    };
    serde_json::to_vec_pretty(&envelope).map_err(|_| damaged())
}

/// Opens what [`seal`] made for the same purpose. `BadInput` if it is not such a file,
/// `WrongPassphrase` if it does not open.
pub fn open(
    passphrase: &[u8],
    purpose: &str,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, DeviceError> {
    let envelope: Envelope = serde_json::from_slice(sealed).map_err(|_| damaged())?;
    if envelope.format != FORMAT || envelope.purpose != purpose {
        return Err(damaged());
    }
    let salt = hex::decode(&envelope.salt).map_err(|_| damaged())?;
    let sealed = hex::decode(&envelope.sealed).map_err(|_| damaged())?;
    let stretched = envelope.argon2id.run(passphrase, &salt)?;
    key(&stretched, purpose)
        .open_with_nonce(purpose.as_bytes(), &sealed)
        .map_err(|_| RefusedReason::WrongPassphrase.into())
}

fn key(stretched: &[u8; 32], purpose: &str) -> Gcm {
    derive(stretched, &["yinxin passphrase 1", purpose])
}

/// An SM4-GCM key for the named use of a 32-octet secret. The parts are length-prefixed.
pub(crate) fn derive(secret: &[u8; 32], parts: &[&str]) -> Gcm {
    let mut info = Vec::new();
    for part in parts {
        info.extend_from_slice(&(part.len() as u64).to_be_bytes());
        info.extend_from_slice(part.as_bytes());
    }
    let derived = Zeroizing::new(sm3::hmac(secret, &info).0);
    let mut key = Zeroizing::new([0; BLOCK]);
    key.iter_mut().zip(derived.iter()).for_each(|(to, octet)| *to = *octet);
    Gcm::new(&key)
}

fn damaged() -> DeviceError {
    RefusedReason::BadInput.into()
}
