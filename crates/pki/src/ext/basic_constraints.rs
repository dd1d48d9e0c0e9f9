//! basicConstraints (RFC 5280 §4.2.1.9). End-entity certificates of ours leave
//! it out: the empty sequence is refused by GmSSL.

use super::TypedExtension;
use crate::error::Error;
use crate::oid::{self, Oid};
use crate::strict::{Defect, Reader, Tag, Writer};

/// Whether the subject is a CA, and how many CAs may follow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BasicConstraints {
    /// The subject is a CA.
    pub ca: bool,
    /// Most intermediate CAs below it; `None` for no limit.
    pub path_len: Option<u32>,
}

impl TypedExtension for BasicConstraints {
    const OID: Oid = oid::BASIC_CONSTRAINTS;

    fn parse(value: &[u8]) -> Result<Self, Error> {
        let mut content = Reader::sequence_of(value)?;
        let ca = content.boolean_default_false()?;
        let path_len = match content.peek() {
            Some(Tag::INTEGER) => Some(small(&mut content)?),
            _ => None,
        };
        content.finish()?;
        if path_len.is_some() && !ca {
            return Err(Error::malformed("基本约束扩展", "非 CA 证书不应有路径长度"));
        }
        Ok(Self { ca, path_len })
    }

    fn write(&self, w: &mut Writer) {
        w.sequence(|w| {
            if self.ca {
                w.boolean(true);
            }
            if let Some(path_len) = self.path_len {
                w.uint(path_len.into());
            }
        });
    }
}

/// A small INTEGER that is not negative.
pub(super) fn small(reader: &mut Reader<'_>) -> Result<u32, Error> {
    let at = reader.offset();
    u32::try_from(reader.uint()?)
        .map_err(|_| Error::Der { defect: Defect::IntegerRange, offset: at })
}
