//! subjectKeyIdentifier and authorityKeyIdentifier (RFC 5280 §4.2.1.1-2).

use super::{GeneralName, TypedExtension, general_name};
use crate::error::Error;
use crate::oid::{self, Oid};
use crate::serial::Serial;
use crate::strict::{Defect, Reader, Tag, Writer};

/// Identifier of the key that is certified.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SubjectKeyIdentifier(pub Vec<u8>);

/// Identifier of the key that signed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AuthorityKeyIdentifier {
    /// The subject key identifier of the issuer.
    pub key_id: Option<Vec<u8>>,
    /// Name of the issuer's issuer; empty when absent.
    pub issuer: Vec<GeneralName>,
    /// Serial number of the issuer's certificate.
    pub serial: Option<Serial>,
}

impl TypedExtension for SubjectKeyIdentifier {
    const OID: Oid = oid::SUBJECT_KEY_IDENTIFIER;

    fn parse(value: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(value);
        let id = reader.octet_string()?.to_vec();
        reader.finish()?;
        if id.is_empty() {
            Err(Error::malformed("主体密钥标识扩展", "内容为空"))
        } else {
            Ok(Self(id))
        }
    }

    fn write(&self, w: &mut Writer) {
        w.octet_string(&self.0);
    }
}

impl AuthorityKeyIdentifier {
    /// The form we write: the key identifier alone.
    #[must_use]
    pub const fn of_key(key_id: Vec<u8>) -> Self {
        Self { key_id: Some(key_id), issuer: Vec::new(), serial: None }
    }
}

impl TypedExtension for AuthorityKeyIdentifier {
    const OID: Oid = oid::AUTHORITY_KEY_IDENTIFIER;

    fn parse(value: &[u8]) -> Result<Self, Error> {
        let mut content = Reader::sequence_of(value)?;
        let key_id = content.optional(Tag::context(0))?.map(|tlv| tlv.value().to_vec());
        let issuer = match content.explicit(1)? {
            Some(mut names) => general_name::read_list(&mut names)?,
            None => Vec::new(),
        };
        let serial = match content.optional(Tag::context(2))? {
            Some(tlv) => Some(Serial::from_integer(
                minimal(tlv.value()).ok_or(tlv.defect(Defect::IntegerNotMinimal))?,
            )?),
            None => None,
        };
        content.finish()?;
        if issuer.is_empty() != serial.is_none() {
            return Err(Error::malformed("颁发机构密钥标识扩展", "颁发者与序列号应同时出现"));
        }
        Ok(Self { key_id, issuer, serial })
    }

    fn write(&self, w: &mut Writer) {
        w.sequence(|w| {
            if let Some(key_id) = &self.key_id {
                w.implicit(0, key_id);
            }
            if let Some(serial) = &self.serial {
                w.explicit(1, |w| self.issuer.iter().for_each(|name| name.write(w)));
                let integer = Writer::build(|w| w.unsigned(serial.as_bytes()));
                w.implicit(2, integer.get(2..).unwrap_or_default());
            }
        });
    }
}

/// The content of an implicit INTEGER, if it is minimal.
fn minimal(content: &[u8]) -> Option<&[u8]> {
    match content {
        [] => None,
        [0, second, ..] if second & 0x80 == 0 => None,
        _ => Some(content),
    }
}
