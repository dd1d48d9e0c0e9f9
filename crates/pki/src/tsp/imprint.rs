//! What is stamped: `MessageImprint` (RFC 3161 §2.4.1). The data themselves never come here.

use gm::sm3;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::Defect;
use crate::spki::AlgorithmIdentifier;
use crate::strict::{Reader, Tag, Writer};
use crate::{Error, Oid, oid};

/// A digest that is accepted. SHA-1 and MD5 are not: who can make two documents of one digest
/// gets a stamp for both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HashAlgorithm {
    /// SM3.
    Sm3,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl HashAlgorithm {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Sm3, Self::Sha256, Self::Sha384, Self::Sha512];

    /// The algorithm of this identifier.
    pub fn of(id: &Oid) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.oid() == *id)
    }

    /// Its object identifier.
    pub const fn oid(self) -> Oid {
        match self {
            Self::Sm3 => oid::SM3,
            Self::Sha256 => oid::SHA256,
            Self::Sha384 => oid::SHA384,
            Self::Sha512 => oid::SHA512,
        }
    }

    /// Octets of a digest.
    pub const fn length(self) -> usize {
        match self {
            Self::Sm3 | Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// Its usual name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sm3 => "SM3",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        }
    }

    /// The digest of `data`.
    pub fn digest(self, data: &[u8]) -> Vec<u8> {
        match self {
            Self::Sm3 => sm3::hash(data).as_bytes().to_vec(),
            Self::Sha256 => Sha256::digest(data).to_vec(),
            Self::Sha384 => Sha384::digest(data).to_vec(),
            Self::Sha512 => Sha512::digest(data).to_vec(),
        }
    }
}

/// A digest with its algorithm, as it came.
#[derive(Debug, Clone)]
pub struct Imprint {
    algorithm: HashAlgorithm,
    digest: Vec<u8>,
    der: Vec<u8>,
}

/// The same digest under the same algorithm; whether NULL parameters were written is no matter.
impl PartialEq for Imprint {
    fn eq(&self, other: &Self) -> bool {
        self.algorithm == other.algorithm && self.digest == other.digest
    }
}

impl Eq for Imprint {}

impl Imprint {
    /// The imprint of `data`.
    pub fn of(algorithm: HashAlgorithm, data: &[u8]) -> Self {
        Self::written(algorithm, algorithm.digest(data))
    }

    /// An imprint of data that are elsewhere.
    ///
    /// # Errors
    /// When the digest has another length than the algorithm makes.
    pub fn new(algorithm: HashAlgorithm, digest: impl Into<Vec<u8>>) -> Result<Self, Error> {
        let digest = digest.into();
        if digest.len() != algorithm.length() {
            return Err(Defect::HashLength.into());
        }
        Ok(Self::written(algorithm, digest))
    }

    fn written(algorithm: HashAlgorithm, digest: Vec<u8>) -> Self {
        let der = Writer::build(|w| {
            w.sequence(|w| {
                AlgorithmIdentifier::bare(algorithm.oid()).write(w);
                w.octet_string(&digest);
            });
        });
        Self { algorithm, digest, der }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let element = reader.expect(Tag::SEQUENCE)?;
        let mut fields = element.reader();
        let algorithm = AlgorithmIdentifier::read(&mut fields)?;
        let digest = fields.octet_string()?.to_vec();
        fields.finish()?;
        let known = HashAlgorithm::of(&algorithm.oid).filter(|_| algorithm.has_no_parameters());
        let known = known.ok_or(Defect::Algorithm)?;
        if digest.len() != known.length() {
            return Err(Defect::HashLength.into());
        }
        Ok(Self { algorithm: known, digest, der: element.raw().to_vec() })
    }

    /// The algorithm.
    pub fn algorithm(&self) -> HashAlgorithm {
        self.algorithm
    }

    /// The digest.
    pub fn digest(&self) -> &[u8] {
        &self.digest
    }

    /// Octet for octet: a token repeats what was asked.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whether it is the imprint of `data`.
    pub fn covers(&self, data: &[u8]) -> bool {
        self.algorithm.digest(data) == self.digest
    }
}
