//! Who speaks (EntName), and which task a message belongs to.

use super::field;
use crate::error::Error;
use crate::oid::{self, Oid};
use crate::serial::Serial;
use crate::strict::{Defect, Reader, Tag, Writer};

/// GB/T 25056-2010 A.2.2.2: taskNO has at most 20 octets.
const TASK_MAX_OCTETS: usize = 20;

/// ```text
/// EntName ::= SEQUENCE { hashAlgorithm AlgorithmIdentifier, entName GeneralName,
///                        entPubKeyHash OCTET STRING, serialNumber INTEGER }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityName {
    /// Digest of `key_hash`.
    pub hash_algorithm: Oid,
    /// The GeneralName element, as it came.
    pub name: Vec<u8>,
    /// Digest of the value of the subject public key, without tag, length and unused bits
    /// (as issuerKeyHash of RFC 6960 §4.1.1).
    pub key_hash: Vec<u8>,
    /// Serial of the entity's certificate.
    pub serial: Serial,
}

impl EntityName {
    /// An entity by the DER of its distinguished name, its key and its certificate's serial.
    #[must_use]
    pub fn new(name_der: &[u8], key: &gm::PublicKey, serial: Serial) -> Self {
        Self {
            hash_algorithm: oid::SM3,
            name: Writer::build(|w| w.explicit(4, |w| w.raw(name_der))),
            key_hash: gm::sm3::hash(&key.to_sec1()).0.to_vec(),
            serial,
        }
    }

    /// The distinguished name, when the GeneralName is one.
    #[must_use]
    pub fn directory_name(&self) -> Option<&[u8]> {
        let mut reader = Reader::new(&self.name);
        let inner = reader.explicit(4).ok()??;
        Some(inner.remaining())
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut fields = reader.sequence()?;
        let hash_algorithm = field::algorithm(&mut fields)?;
        let name = general_name(&mut fields)?;
        let key_hash = fields.octet_string()?.to_vec();
        let serial = Serial::from_integer(fields.integer()?)?;
        fields.finish()?;
        Ok(Self { hash_algorithm, name, key_hash, serial })
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.sequence(|w| {
            field::write_algorithm(w, &self.hash_algorithm);
            w.raw(&self.name);
            w.octet_string(&self.key_hash);
            w.unsigned(self.serial.as_bytes());
        });
    }
}

/// RFC 5280 §4.2.1.6: alternatives `[0]` to `[8]`.
fn general_name(reader: &mut Reader<'_>) -> Result<Vec<u8>, Error> {
    let at = reader.clone();
    let tlv = reader.read()?;
    if tlv.tag().is_universal() || tlv.tag().number() > 8 || tlv.tag().octet() & 0x40 != 0 {
        return Err(at.defect(Defect::UnexpectedTag));
    }
    Ok(tlv.raw().to_vec())
}

/// `taskNO INTEGER`: chosen by the CA, used once, echoed by the KM.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TaskNumber(Vec<u8>);

impl TaskNumber {
    /// From a big-endian magnitude.
    ///
    /// # Errors
    /// When it needs more than 20 octets of DER content.
    pub fn from_magnitude(magnitude: &[u8]) -> Result<Self, Error> {
        let leading = magnitude.iter().take_while(|octet| **octet == 0).count();
        let minimal = magnitude.get(leading..).unwrap_or_default();
        let sign = minimal.first().is_some_and(|octet| octet & 0x80 != 0);
        if minimal.len() + usize::from(sign) > TASK_MAX_OCTETS {
            return Err(Error::malformed(super::WHAT, "任务编号超过 20 字节"));
        }
        Ok(Self(minimal.to_vec()))
    }

    /// The magnitude as lower-case hexadecimal: the form of the database.
    #[must_use]
    pub fn to_hex(&self) -> String {
        hex::encode(&self.0)
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Self::from_magnitude(reader.unsigned()?)
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.unsigned(&self.0);
    }
}

/// GeneralizedTime: the messages never use UTCTime.
pub(super) fn time(reader: &mut Reader<'_>) -> Result<jiff::Timestamp, Error> {
    reader.expect(Tag::GENERALIZED_TIME)?.instant()
}
