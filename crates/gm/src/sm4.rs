//! SM4 (GB/T 32907, GM/T 0002) in the modes that Yinxin needs (GB/T 17964).
//!
//! ECB carries one fresh key under another (SM2EnvelopedKey) and nothing else. CBC appears in
//! GM/T 0010 messages of others. GCM is for our own data.
//!
//! The cipher below uses an S-box table: a neighbour on the same core who measures the cache
//! could learn key bits. Keys of a certified module are not exposed to that.

use ::sm4::Sm4;
use aes_gcm::{
    AesGcm,
    aead::{Aead, Payload},
};
use cbc::{Decryptor, Encryptor};
use cipher::{
    BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, KeyInit, KeyIvInit,
    block_padding::Pkcs7, consts::U12,
};
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
    let cipher = Sm4::new(key.into());
    let mut out = plain.to_vec();
    for block in whole_blocks(&mut out)? {
        cipher.encrypt_block(block.into());
    }
    Ok(out)
}

/// ECB without padding. `Length` unless `cipher` is whole blocks.
pub fn ecb_decrypt(key: &[u8; BLOCK], cipher: &[u8]) -> Result<Zeroizing<Vec<u8>>, FormatError> {
    let sm4 = Sm4::new(key.into());
    let mut out = Zeroizing::new(cipher.to_vec());
    for block in whole_blocks(&mut out)? {
        sm4.decrypt_block(block.into());
    }
    Ok(out)
}

/// CBC with PKCS#7 padding.
pub fn cbc_encrypt(key: &[u8; BLOCK], iv: &[u8; BLOCK], plain: &[u8]) -> Vec<u8> {
    Encryptor::<Sm4>::new(key.into(), iv.into()).encrypt_padded_vec::<Pkcs7>(plain)
}

/// CBC with PKCS#7 padding. Not authenticated: never tell a stranger whether it worked.
pub fn cbc_decrypt(
    key: &[u8; BLOCK],
    iv: &[u8; BLOCK],
    cipher: &[u8],
) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
    Decryptor::<Sm4>::new(key.into(), iv.into())
        .decrypt_padded_vec::<Pkcs7>(cipher)
        .map(Zeroizing::new)
        .map_err(|_| DecryptError)
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
pub(crate) struct Gcm(AesGcm<Sm4, U12>);

impl Gcm {
    pub(crate) fn new(key: &[u8; BLOCK]) -> Self {
        Self(AesGcm::new(key.into()))
    }

    pub(crate) fn seal(
        &self,
        nonce: &[u8; NONCE],
        aad: &[u8],
        plain: &[u8],
    ) -> Result<Vec<u8>, FormatError> {
        self.0.encrypt(nonce.into(), Payload { msg: plain, aad }).map_err(|_| FormatError::Length)
    }

    pub(crate) fn open(
        &self,
        nonce: &[u8; NONCE],
        aad: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
        self.0
            .decrypt(nonce.into(), Payload { msg: sealed, aad })
            .map(Zeroizing::new)
            .map_err(|_| DecryptError)
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
