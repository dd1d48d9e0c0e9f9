//! SubjectPublicKeyInfo (RFC 5280 §4.1.2.7): SM2 for use, others to look at.
//!
//! SM2 is written as id-ecPublicKey with the named curve; keys whose algorithm
//! is the SM2 OID itself (GM/T 0043 annex A) are read as well.

use gm::PublicKey;
use sha1::{Digest as _, Sha1};

use crate::error::{Error, reasons};
use crate::oid::{self, Oid};
use crate::strict::{Reader, Tag, Writer};

reasons! {
    /// Why a public key cannot be used.
    Defect {
        NotSm2 = "key.not-sm2", "不是 SM2 公钥";
        ExplicitCurve = "key.explicit-curve", "曲线参数应为 SM2 推荐曲线的标识";
        PointForm = "key.point-form", "公钥应为以 04 开头的 65 字节未压缩点";
        Infinity = "key.infinity", "公钥是无穷远点";
        OffCurve = "key.off-curve", "公钥不在 SM2 曲线上";
    }
}

/// An algorithm with its parameters as they came.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AlgorithmIdentifier {
    /// The algorithm.
    pub oid: Oid,
    /// The parameters as one DER element, if there are any.
    pub parameters: Option<Vec<u8>>,
}

/// DER of NULL.
const NULL: [u8; 2] = [0x05, 0x00];

impl AlgorithmIdentifier {
    /// An algorithm without parameters.
    #[must_use]
    pub const fn bare(oid: Oid) -> Self {
        Self { oid, parameters: None }
    }

    /// An algorithm with NULL parameters.
    #[must_use]
    pub fn with_null(oid: Oid) -> Self {
        Self { oid, parameters: Some(NULL.to_vec()) }
    }

    /// Reads the algorithm that comes next.
    ///
    /// # Errors
    /// When the next element is none.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut content = reader.sequence()?;
        let oid = content.oid()?;
        let parameters =
            if content.is_empty() { None } else { Some(content.read()?.raw().to_vec()) };
        content.finish()?;
        Ok(Self { oid, parameters })
    }

    /// Writes the algorithm.
    pub fn write(&self, w: &mut Writer) {
        w.sequence(|w| {
            w.oid(&self.oid);
            w.raw(self.parameters.as_deref().unwrap_or_default());
        });
    }

    /// Whether parameters are absent or NULL: both occur for SM2-with-SM3.
    #[must_use]
    pub fn has_no_parameters(&self) -> bool {
        self.parameters.as_deref().is_none_or(|parameters| parameters == NULL)
    }

    /// Whether this is SM2-with-SM3 in one of its two forms.
    #[must_use]
    pub fn is_sm2_with_sm3(&self) -> bool {
        self.oid == oid::SM2_WITH_SM3 && self.has_no_parameters()
    }
}

/// The family and size of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyAlgorithm {
    /// SM2 on the recommended curve.
    Sm2,
    /// RSA, with the length of its modulus in bits.
    Rsa(usize),
    /// Another elliptic curve.
    Ec(Oid),
    /// Something else.
    Other(Oid),
}

/// A public key with its algorithm, as it came.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Spki {
    der: Vec<u8>,
    algorithm: AlgorithmIdentifier,
    key: Vec<u8>,
}

impl Spki {
    /// Reads a key that stands alone.
    ///
    /// # Errors
    /// When the bytes are not a strict `SubjectPublicKeyInfo`.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(der);
        let spki = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(spki)
    }

    /// Reads the key that comes next.
    ///
    /// # Errors
    /// When the next element is none.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let tlv = reader.expect(Tag::SEQUENCE)?;
        let mut content = tlv.reader();
        let algorithm = AlgorithmIdentifier::read(&mut content)?;
        let key = content.octet_bits()?.to_vec();
        content.finish()?;
        Ok(Self { der: tlv.raw().to_vec(), algorithm, key })
    }

    /// The usual form of an SM2 key.
    #[must_use]
    pub fn of(key: &PublicKey) -> Self {
        let curve = Writer::build(|w| w.oid(&oid::SM2));
        let algorithm = AlgorithmIdentifier { oid: oid::EC_PUBLIC_KEY, parameters: Some(curve) };
        let key = key.to_sec1().to_vec();
        let der = Writer::build(|w| {
            w.sequence(|w| {
                algorithm.write(w);
                w.bit_string(&key);
            });
        });
        Self { der, algorithm, key }
    }

    /// The bytes as they came.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The algorithm.
    #[must_use]
    pub const fn algorithm(&self) -> &AlgorithmIdentifier {
        &self.algorithm
    }

    /// Content of the BIT STRING; for SM2 the point `04‖X‖Y`.
    #[must_use]
    pub fn key_octets(&self) -> &[u8] {
        &self.key
    }

    /// Family and size.
    #[must_use]
    pub fn key_algorithm(&self) -> KeyAlgorithm {
        match self.algorithm.oid {
            oid::SM2 => KeyAlgorithm::Sm2,
            oid::EC_PUBLIC_KEY => match self.curve() {
                Some(oid::SM2) => KeyAlgorithm::Sm2,
                Some(curve) => KeyAlgorithm::Ec(curve),
                None => KeyAlgorithm::Other(oid::EC_PUBLIC_KEY),
            },
            oid::RSA => KeyAlgorithm::Rsa(rsa_bits(&self.key).unwrap_or_default()),
            other => KeyAlgorithm::Other(other),
        }
    }

    /// The SM2 key.
    ///
    /// # Errors
    /// [`Defect`] when the key is another one, or no point of the curve.
    pub fn public_key(&self) -> Result<PublicKey, Error> {
        self.check_algorithm()?;
        match self.key.as_slice() {
            [0] => return Err(Defect::Infinity.into()),
            key if key.len() == 65 && key.iter().skip(1).all(|octet| *octet == 0) => {
                return Err(Defect::Infinity.into());
            }
            _ => {}
        }
        PublicKey::from_sec1(&self.key).map_err(|error| match error {
            gm::KeyError::PointForm => Defect::PointForm.into(),
            _ => Defect::OffCurve.into(),
        })
    }

    /// RFC 5280 §4.2.1.2 method 1: SHA-1 of the key octets. The real national
    /// certificates use it.
    #[must_use]
    pub fn key_identifier(&self) -> [u8; 20] {
        Sha1::digest(&self.key).into()
    }

    fn check_algorithm(&self) -> Result<(), Defect> {
        let curve = self.curve();
        match self.algorithm.oid {
            oid::EC_PUBLIC_KEY if curve == Some(oid::SM2) => Ok(()),
            oid::EC_PUBLIC_KEY if curve.is_none() => Err(Defect::ExplicitCurve),
            oid::SM2 if self.algorithm.has_no_parameters() || curve == Some(oid::SM2) => Ok(()),
            _ => Err(Defect::NotSm2),
        }
    }

    fn curve(&self) -> Option<Oid> {
        let mut reader = Reader::new(self.algorithm.parameters.as_deref()?);
        reader.oid().ok()
    }
}

fn rsa_bits(key: &[u8]) -> Option<usize> {
    let modulus = Reader::sequence_of(key).ok()?.unsigned().ok()?;
    let first = modulus.first()?;
    Some(modulus.len() * 8 - usize::try_from(first.leading_zeros()).ok()?)
}
