//! Which certificate is asked about: `CertID` (RFC 6960 §4.1.1).

use gm::sm3;
use sha1::{Digest as _, Sha1};
use sha2::Sha256;

use super::Defect;
use crate::spki::AlgorithmIdentifier;
use crate::strict::{Reader, Tag, Writer};
use crate::{Error, Name, Oid, Serial, Spki, oid};

/// The digest under which a CertID names the issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HashAlgorithm {
    /// SHA-1: what most clients send. It names, it protects nothing.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SM3.
    Sm3,
    /// One that we do not compute; such a CertID matches no issuer.
    Other(Oid),
}

impl HashAlgorithm {
    /// The three that are known.
    pub const KNOWN: [Self; 3] = [Self::Sha1, Self::Sha256, Self::Sm3];

    fn of(id: Oid) -> Self {
        Self::KNOWN.into_iter().find(|known| known.oid() == id).unwrap_or(Self::Other(id))
    }

    /// Its object identifier.
    pub const fn oid(&self) -> Oid {
        match self {
            Self::Sha1 => oid::SHA1,
            Self::Sha256 => oid::SHA256,
            Self::Sm3 => oid::SM3,
            Self::Other(id) => *id,
        }
    }

    /// The digest of `data`; `None` for an unknown algorithm.
    pub fn digest(&self, data: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Sha1 => Some(Sha1::digest(data).to_vec()),
            Self::Sha256 => Some(Sha256::digest(data).to_vec()),
            Self::Sm3 => Some(sm3::hash(data).as_bytes().to_vec()),
            Self::Other(_) => None,
        }
    }

    const fn length(&self) -> Option<usize> {
        match self {
            Self::Sha1 => Some(20),
            Self::Sha256 | Self::Sm3 => Some(32),
            Self::Other(_) => None,
        }
    }
}

/// Names a certificate by its issuer and serial number.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CertId {
    hash: HashAlgorithm,
    name_hash: Vec<u8>,
    key_hash: Vec<u8>,
    serial: Serial,
    der: Vec<u8>,
}

impl CertId {
    /// Names the certificate `serial` of the issuer with this name and key. `None` when the
    /// algorithm is unknown.
    pub fn of(hash: HashAlgorithm, issuer: &Name, key: &Spki, serial: Serial) -> Option<Self> {
        let name_hash = hash.digest(issuer.der())?;
        let key_hash = hash.digest(key.key_octets())?;
        let der = Writer::build(|w| {
            w.sequence(|w| {
                AlgorithmIdentifier::with_null(hash.oid()).write(w);
                w.octet_string(&name_hash);
                w.octet_string(&key_hash);
                w.unsigned(serial.as_bytes());
            });
        });
        Some(Self { hash, name_hash, key_hash, serial, der })
    }

    /// Reads the CertID that comes next.
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let element = reader.expect(Tag::SEQUENCE)?;
        let mut fields = element.reader();
        let hash = HashAlgorithm::of(AlgorithmIdentifier::read(&mut fields)?.oid);
        let name_hash = fields.octet_string()?.to_vec();
        let key_hash = fields.octet_string()?.to_vec();
        let serial = Serial::from_integer(fields.integer()?)?;
        fields.finish()?;
        let fits = |octets: &[u8]| hash.length().is_none_or(|length| length == octets.len());
        if !fits(&name_hash) || !fits(&key_hash) {
            return Err(Defect::HashLength.into());
        }
        Ok(Self { hash, name_hash, key_hash, serial, der: element.raw().to_vec() })
    }

    /// The digest it uses.
    pub fn hash(&self) -> HashAlgorithm {
        self.hash
    }

    /// Digest of the issuer's name.
    pub fn name_hash(&self) -> &[u8] {
        &self.name_hash
    }

    /// Digest of the issuer's key.
    pub fn key_hash(&self) -> &[u8] {
        &self.key_hash
    }

    /// The serial number asked about.
    pub fn serial(&self) -> &Serial {
        &self.serial
    }

    /// The CertID octet for octet: answers repeat it.
    pub fn der(&self) -> &[u8] {
        &self.der
    }
}

/// The digests of one issuer's name and key under every known algorithm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerHashes(Vec<(HashAlgorithm, Vec<u8>, Vec<u8>)>);

impl IssuerHashes {
    /// Computes them.
    pub fn of(name: &Name, key: &Spki) -> Self {
        let both = |hash: HashAlgorithm| {
            Some((hash, hash.digest(name.der())?, hash.digest(key.key_octets())?))
        };
        Self(HashAlgorithm::KNOWN.into_iter().filter_map(both).collect())
    }

    /// Whether a CertID names this issuer: name *and* key (incident T-15).
    pub fn matches(&self, id: &CertId) -> bool {
        self.0.iter().any(|(hash, name, key)| {
            *hash == id.hash && *name == id.name_hash && *key == id.key_hash
        })
    }
}
