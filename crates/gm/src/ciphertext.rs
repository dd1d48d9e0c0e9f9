//! SM2 ciphertexts: C1 (a point), C3 (a digest), C2 (as long as the plaintext).

use std::fmt;

use gm_core::sm2 as core;

use crate::{Digest, FormatError, PublicKey, der};

/// `SM2Cipher ::= SEQUENCE { X INTEGER, Y INTEGER, HASH OCTET STRING (32), CipherText OCTET
/// STRING }` (GM/T 0009 §7.2), with C1 on the curve and at least one octet of ciphertext.
#[derive(Clone, PartialEq, Eq)]
pub struct Ciphertext {
    point: PublicKey,
    hash: Digest,
    cipher: Vec<u8>,
}

impl Ciphertext {
    /// Reads strict DER.
    pub fn from_der(octets: &[u8]) -> Result<Self, FormatError> {
        let mut content = der::Reader::sequence(octets)?;
        let (x, y) = (content.integer()?, content.integer()?);
        let (hash, cipher) = (content.octets()?, content.octets()?);
        content.end()?;
        Self::checked(&[&[4], &x[..], &y[..]].concat(), hash, cipher)
    }

    /// The DER form.
    pub fn to_der(&self) -> Vec<u8> {
        der::sequence(&[
            &der::integer(&self.x()),
            &der::integer(&self.y()),
            &der::octets(&self.hash.0),
            &der::octets(&self.cipher),
        ])
    }

    /// Reads `04 ‖ C1 ‖ C3 ‖ C2` (the order of GB/T 32918.4).
    pub fn from_raw(octets: &[u8]) -> Result<Self, FormatError> {
        let (point, rest) = octets.split_at_checked(65).ok_or(FormatError::Length)?;
        let (hash, cipher) = rest.split_at_checked(32).ok_or(FormatError::Length)?;
        Self::checked(point, hash, cipher)
    }

    /// `04 ‖ C1 ‖ C3 ‖ C2`.
    pub fn to_raw(&self) -> Vec<u8> {
        [&self.point.to_sec1()[..], &self.hash.0, &self.cipher].concat()
    }

    /// The abscissa of C1, big-endian.
    pub fn x(&self) -> [u8; 32] {
        *self.point.core().x()
    }

    /// The ordinate of C1, big-endian.
    pub fn y(&self) -> [u8; 32] {
        *self.point.core().y()
    }

    /// C3 = SM3(x2 ‖ M ‖ y2).
    pub fn hash(&self) -> &Digest {
        &self.hash
    }

    /// C2, as long as the plaintext.
    pub fn cipher(&self) -> &[u8] {
        &self.cipher
    }

    pub(crate) fn from_core(ciphertext: &core::Ciphertext) -> Self {
        Self {
            point: PublicKey::from_core(*ciphertext.point()),
            hash: Digest(*ciphertext.hash()),
            cipher: ciphertext.cipher().to_vec(),
        }
    }

    /// None for an empty ciphertext, which nothing here makes.
    pub(crate) fn core(&self) -> Option<core::Ciphertext> {
        core::Ciphertext::new(*self.point.core(), self.hash.0, self.cipher.clone()).ok()
    }

    fn checked(point: &[u8], hash: &[u8], cipher: &[u8]) -> Result<Self, FormatError> {
        let hash = Digest(hash.try_into().map_err(|_| FormatError::Length)?);
        if cipher.is_empty() {
            return Err(FormatError::Length);
        }
        let point = PublicKey::from_sec1(point).map_err(|_| FormatError::OffCurve)?;
        Ok(Self { point, hash, cipher: cipher.to_vec() })
    }
}

impl fmt::Debug for Ciphertext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ciphertext({})", hex::encode(self.to_raw()))
    }
}
