//! privateKeyUsagePeriod (RFC 3280 §4.2.1.4; GM/T 0043 §6: within the validity).

use jiff::Timestamp;

use super::TypedExtension;
use crate::error::Error;
use crate::oid::{self, Oid};
use crate::strict::{Defect, Reader, Tag, Writer};
use crate::time;

/// When the private key may sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PrivateKeyUsagePeriod {
    /// From.
    pub not_before: Option<Timestamp>,
    /// Until.
    pub not_after: Option<Timestamp>,
}

impl TypedExtension for PrivateKeyUsagePeriod {
    const OID: Oid = oid::PRIVATE_KEY_USAGE_PERIOD;

    fn parse(value: &[u8]) -> Result<Self, Error> {
        let mut content = Reader::sequence_of(value)?;
        let not_before = bound(&mut content, 0)?;
        let not_after = bound(&mut content, 1)?;
        content.finish()?;
        if not_before.is_none() && not_after.is_none() {
            return Err(Error::malformed("私钥使用期扩展", "内容为空"));
        }
        Ok(Self { not_before, not_after })
    }

    fn write(&self, w: &mut Writer) {
        w.sequence(|w| {
            for (number, at) in [(0, self.not_before), (1, self.not_after)] {
                if let Some(at) = at {
                    w.implicit(number, time::generalized_text(at).as_bytes());
                }
            }
        });
    }
}

fn bound(reader: &mut Reader<'_>, number: u8) -> Result<Option<Timestamp>, Error> {
    let Some(tlv) = reader.optional(Tag::context(number))? else {
        return Ok(None);
    };
    time::parse_generalized(tlv.value()).map(Some).ok_or(tlv.defect(Defect::GeneralizedTime))
}
