//! A ciphertext: the point C1, the hash C3, the masked text C2.

use super::PublicKey;
use crate::{Error, der};

/// C1, C3 and C2 of GB/T 32918.4. C2 is not empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ciphertext {
    point: PublicKey,
    hash: [u8; 32],
    cipher: Vec<u8>,
}

impl Ciphertext {
    /// Reads SM2Cipher, SEQUENCE { x, y INTEGER, hash, cipher OCTET STRING } (GM/T 0009 §7.2),
    /// DER only.
    pub fn from_der(octets: &[u8]) -> Result<Self, Error> {
        let mut reader = der::Reader::sequence(octets)?;
        let (x, y) = (reader.unsigned()?, reader.unsigned()?);
        let (hash, cipher) = (reader.octet_string()?, reader.octet_string()?);
        reader.end()?;
        let hash = hash.try_into().map_err(|_| Error::Encoding)?;
        Self::new(PublicKey::from_coordinates(&x, &y)?, hash, cipher.to_vec())
    }

    /// SM2Cipher in DER.
    pub fn to_der(&self) -> Vec<u8> {
        der::sequence(&[
            &der::unsigned(self.point.x()),
            &der::unsigned(self.point.y()),
            &der::octet_string(&self.hash),
            &der::octet_string(&self.cipher),
        ])
    }

    /// Reads C1 ‖ C3 ‖ C2, C1 uncompressed.
    pub fn from_raw(octets: &[u8]) -> Result<Self, Error> {
        let (point, rest) = octets.split_first_chunk::<65>().ok_or(Error::Length)?;
        let (hash, cipher) = rest.split_first_chunk::<32>().ok_or(Error::Length)?;
        Self::new(PublicKey::from_sec1(point)?, *hash, cipher.to_vec())
    }

    /// C1 ‖ C3 ‖ C2.
    pub fn to_raw(&self) -> Vec<u8> {
        [&self.point.to_sec1()[..], &self.hash, &self.cipher].concat()
    }

    /// From its parts; `Length` if C2 is empty.
    pub fn new(point: PublicKey, hash: [u8; 32], cipher: Vec<u8>) -> Result<Self, Error> {
        if cipher.is_empty() {
            return Err(Error::Length);
        }
        Ok(Self { point, hash, cipher })
    }

    /// C1.
    pub fn point(&self) -> &PublicKey {
        &self.point
    }

    /// C3.
    pub fn hash(&self) -> &[u8; 32] {
        &self.hash
    }

    /// C2.
    pub fn cipher(&self) -> &[u8] {
        &self.cipher
    }
}
