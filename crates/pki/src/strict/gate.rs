//! The walk over a whole structure.

use super::{Defect, Reader, Tag, Tlv, value};
use crate::error::Error;

/// Bounds of one structure.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Chinese name of the structure, for the message.
    pub what: &'static str,
    /// Largest size, in octets.
    pub max_bytes: usize,
    /// Deepest nesting.
    pub max_depth: usize,
    /// Most elements in all.
    pub max_elements: usize,
}

impl Limits {
    /// Certificates and certification requests: 64 KiB.
    pub const CERTIFICATE: Self = Self::of("证书", 64 * 1024);
    /// Certification requests: 64 KiB.
    pub const REQUEST: Self = Self::of("证书申请", 64 * 1024);

    /// Bounds for a structure of up to `max_bytes`, with 32 levels and as many
    /// elements as could fit in.
    #[must_use]
    pub const fn of(what: &'static str, max_bytes: usize) -> Self {
        Self { what, max_bytes, max_depth: 32, max_elements: max_bytes / 2 }
    }
}

/// Refuses everything that is not one element of distinguished encoding within
/// the limits. Size is looked at before any octet of the content.
///
/// # Errors
/// [`Error::TooLarge`], or [`Error::Der`] with the first defect and its place.
pub fn check(der: &[u8], limits: &Limits) -> Result<(), Error> {
    if der.len() > limits.max_bytes {
        return Err(Error::TooLarge {
            what: limits.what,
            actual: der.len(),
            limit: limits.max_bytes,
        });
    }
    let mut reader = Reader::new(der);
    let mut walk = Walk { depth_left: limits.max_depth, elements_left: limits.max_elements };
    walk.element(&reader.read()?)?;
    reader.finish()
}

struct Walk {
    depth_left: usize,
    elements_left: usize,
}

impl Walk {
    fn element(&mut self, tlv: &Tlv<'_>) -> Result<(), Error> {
        self.elements_left =
            self.elements_left.checked_sub(1).ok_or(tlv.defect(Defect::TooMany))?;
        let tag = tlv.tag();
        if tag.is_universal() {
            return self.universal(tlv);
        }
        if tag.is_constructed() { self.content(tlv) } else { Ok(()) }
    }

    fn universal(&mut self, tlv: &Tlv<'_>) -> Result<(), Error> {
        let tag = tlv.tag();
        match tag {
            Tag::SEQUENCE | Tag::SET => self.content(tlv),
            _ if tag.is_constructed() => Err(tlv.defect(Defect::Constructed)),
            _ if matches!(tag.number(), 16 | 17) => Err(tlv.defect(Defect::NotConstructed)),
            _ => value::check(tag, tlv.value()).map_err(|defect| tlv.defect(defect)),
        }
    }

    fn content(&mut self, tlv: &Tlv<'_>) -> Result<(), Error> {
        self.depth_left = self.depth_left.checked_sub(1).ok_or(tlv.defect(Defect::TooDeep))?;
        let mut reader = tlv.reader();
        let mut previous: &[u8] = &[];
        while !reader.is_empty() {
            let element = reader.read()?;
            if tlv.tag() == Tag::SET && element.raw() < previous {
                return Err(element.defect(Defect::SetOrder));
            }
            previous = element.raw();
            self.element(&element)?;
        }
        self.depth_left += 1;
        Ok(())
    }
}
