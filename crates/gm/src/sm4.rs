//! SM4 (GB/T 32907, GM/T 0002) in the modes that Yinxin needs (GB/T 17964).
//!
//! ECB carries one fresh key under another (SM2EnvelopedKey) and nothing else. CBC appears in
//! GM/T 0010 messages of others. GCM is for our own data.

use gm_core::sm4 as core;
use zeroize::Zeroizing;

use crate::{DecryptError, FormatError};

/// Octets of a block and of a key.
pub const BLOCK: usize = 16;
/// Octets of a GCM nonce.
pub const NONCE: usize = 12;
/// Octets of a GCM tag.
pub const TAG: usize = 16;

/// ECB without padding. `Length` unless `plain` is whole blocks.
pub fn ecb_encrypt(key: &[u8; BLOCK], plain: &[u8]) -> Result<Vec<u8>, FormatError> {
    let mut out = plain.to_vec();
    core::Key::new(key).encrypt_blocks(whole_blocks(&mut out)?);
    Ok(out)
}

/// ECB without padding. `Length` unless `cipher` is whole blocks.
pub fn ecb_decrypt(key: &[u8; BLOCK], cipher: &[u8]) -> Result<Zeroizing<Vec<u8>>, FormatError> {
    let mut out = Zeroizing::new(cipher.to_vec());
    core::Key::new(key).decrypt_blocks(whole_blocks(&mut out)?);
    Ok(out)
}

/// CBC with PKCS#7 padding.
pub fn cbc_encrypt(key: &[u8; BLOCK], iv: &[u8; BLOCK], plain: &[u8]) -> Vec<u8> {
    core::Key::new(key).cbc_encrypt(iv, plain)
}

/// CBC with PKCS#7 padding. Not authenticated: never tell a stranger whether it worked.
pub fn cbc_decrypt(
    key: &[u8; BLOCK],
    iv: &[u8; BLOCK],
    cipher: &[u8],
) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
    core::Key::new(key).cbc_decrypt(iv, cipher).map_err(|_| DecryptError)
}

/// GCM: ciphertext ‖ tag. A nonce must never repeat under one key. `Length` above 64 GiB.
pub fn gcm_seal(
    key: &[u8; BLOCK],
    nonce: &[u8; NONCE],
    aad: &[u8],
    plain: &[u8],
) -> Result<Vec<u8>, FormatError> {
    Gcm::new(key).seal(nonce, aad, plain)
}

/// Opens ciphertext ‖ tag.
pub fn gcm_open(
    key: &[u8; BLOCK],
    nonce: &[u8; NONCE],
    aad: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
    Gcm::new(key).open(nonce, aad, sealed)
}

/// GCM with the key schedule kept.
pub(crate) struct Gcm(core::Gcm);

impl Gcm {
    pub(crate) fn new(key: &[u8; BLOCK]) -> Self {
        Self(core::Gcm::new(key))
    }

    pub(crate) fn seal(
        &self,
        nonce: &[u8; NONCE],
        aad: &[u8],
        plain: &[u8],
    ) -> Result<Vec<u8>, FormatError> {
        self.0.seal(nonce, aad, plain).map_err(|_| FormatError::Length)
    }

    pub(crate) fn open(
        &self,
        nonce: &[u8; NONCE],
        aad: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
        self.0.open(nonce, aad, sealed).map_err(|_| DecryptError)
    }

    /// nonce ‖ ciphertext ‖ tag.
    pub(crate) fn seal_with_nonce(
        &self,
        nonce: &[u8; NONCE],
        aad: &[u8],
        plain: &[u8],
    ) -> Result<Vec<u8>, FormatError> {
        Ok([&nonce[..], &self.seal(nonce, aad, plain)?].concat())
    }

    /// Opens nonce ‖ ciphertext ‖ tag.
    pub(crate) fn open_with_nonce(
        &self,
        aad: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE>().ok_or(DecryptError)?;
        self.open(nonce, aad, rest)
    }
}

fn whole_blocks(data: &mut [u8]) -> Result<&mut [[u8; BLOCK]], FormatError> {
    let (blocks, rest) = data.as_chunks_mut::<BLOCK>();
    if rest.is_empty() { Ok(blocks) } else { Err(FormatError::Length) }
}
