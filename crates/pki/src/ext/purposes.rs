//! extKeyUsage (RFC 5280 §4.2.1.12).

use super::TypedExtension;
use crate::error::Error;
use crate::oid::{self, Oid};
use crate::strict::{Reader, Writer};

/// Purposes of a key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ExtendedKeyUsage(pub Vec<Oid>);

impl ExtendedKeyUsage {
    /// Whether this very purpose is named.
    #[must_use]
    pub fn contains(&self, purpose: &Oid) -> bool {
        self.0.contains(purpose)
    }
}

impl TypedExtension for ExtendedKeyUsage {
    const OID: Oid = oid::EXTENDED_KEY_USAGE;

    fn parse(value: &[u8]) -> Result<Self, Error> {
        let (mut content, mut purposes) = (Reader::sequence_of(value)?, Vec::new());
        while !content.is_empty() {
            purposes.push(content.oid()?);
        }
        if purposes.is_empty() {
            Err(Error::malformed("扩展密钥用途", "内容为空"))
        } else {
            Ok(Self(purposes))
        }
    }

    fn write(&self, w: &mut Writer) {
        w.sequence(|w| self.0.iter().for_each(|purpose| w.oid(purpose)));
    }
}
