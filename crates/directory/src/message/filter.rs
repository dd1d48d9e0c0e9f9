//! Filters in octets (RFC 4511 §4.5.1.7), of bounded depth and size.

use super::ber::{Malformed, OCTETS, Reader, SEQUENCE};
use crate::model::{AttributeType, Filter, Substrings};

/// Deepest nesting.
pub const MAX_DEPTH: usize = 24;
/// Most items, parts of substrings included.
pub const MAX_ITEMS: usize = 256;

/// Why a filter was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoFilter {
    /// It is none.
    Malformed,
    /// It is deeper or larger than the bounds.
    TooComplex,
}

impl From<Malformed> for NoFilter {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

/// The filter that comes next.
pub fn read(reader: &mut Reader<'_>) -> Result<Filter, NoFilter> {
    Bounds { items: 0 }.filter(reader, 0)
}

struct Bounds {
    items: usize,
}

impl Bounds {
    fn count(&mut self) -> Result<(), NoFilter> {
        self.items += 1;
        if self.items > MAX_ITEMS { Err(NoFilter::TooComplex) } else { Ok(()) }
    }

    fn filter(&mut self, reader: &mut Reader<'_>, depth: usize) -> Result<Filter, NoFilter> {
        if depth >= MAX_DEPTH {
            return Err(NoFilter::TooComplex);
        }
        self.count()?;
        let (tag, content) = reader.read()?;
        let mut inner = Reader::new(content);
        match tag {
            0xa0 => Ok(Filter::And(self.all(&mut inner, depth)?)),
            0xa1 => Ok(Filter::Or(self.all(&mut inner, depth)?)),
            0xa2 => {
                let one = self.filter(&mut inner, depth + 1)?;
                inner.finish()?;
                Ok(Filter::Not(Box::new(one)))
            }
            0xa3 => pair(inner).map(|(attribute, value)| Filter::Equal(attribute, value)),
            0xa4 => self.substrings(&mut inner),
            0xa5 => pair(inner).map(|(attribute, value)| Filter::AtLeast(attribute, value)),
            0xa6 => pair(inner).map(|(attribute, value)| Filter::AtMost(attribute, value)),
            0x87 => Ok(Filter::Present(AttributeType::of_description(content))),
            0xa8 => pair(inner).map(|(attribute, value)| Filter::Approx(attribute, value)),
            0xa9 => extensible(inner),
            _ => Err(NoFilter::Malformed),
        }
    }

    fn all(&mut self, inner: &mut Reader<'_>, depth: usize) -> Result<Vec<Filter>, NoFilter> {
        let mut all = Vec::new();
        while !inner.is_empty() {
            all.push(self.filter(inner, depth + 1)?);
        }
        Ok(all)
    }

    /// One initial part at most and first, one final part at most and last, none of them empty.
    fn substrings(&mut self, inner: &mut Reader<'_>) -> Result<Filter, NoFilter> {
        let attribute = AttributeType::of_description(inner.expect(OCTETS)?);
        let mut list = Reader::new(inner.expect(SEQUENCE)?);
        inner.finish()?;
        let mut parts = Substrings::default();
        let mut count = 0;
        while !list.is_empty() {
            self.count()?;
            let (tag, part) = list.read()?;
            match tag {
                _ if part.is_empty() || parts.last.is_some() => return Err(NoFilter::Malformed),
                0x80 if count == 0 => parts.initial = Some(part.to_vec()),
                0x81 => parts.any.push(part.to_vec()),
                0x82 => parts.last = Some(part.to_vec()),
                _ => return Err(NoFilter::Malformed),
            }
            count += 1;
        }
        if count == 0 {
            return Err(NoFilter::Malformed);
        }
        Ok(Filter::Substrings(attribute, parts))
    }
}

fn pair(mut inner: Reader<'_>) -> Result<(Option<AttributeType>, Vec<u8>), NoFilter> {
    let attribute = AttributeType::of_description(inner.expect(OCTETS)?);
    let value = inner.expect(OCTETS)?.to_vec();
    inner.finish()?;
    Ok((attribute, value))
}

fn extensible(mut inner: Reader<'_>) -> Result<Filter, NoFilter> {
    let rule = inner.optional(0x81)?.map(<[u8]>::to_vec);
    let attribute = inner.optional(0x82)?.map(AttributeType::of_description);
    let value = inner.expect(0x83)?.to_vec();
    let dn = if inner.is_empty() { false } else { inner.boolean(0x84)? };
    inner.finish()?;
    if rule.is_none() && attribute.is_none() {
        return Err(NoFilter::Malformed);
    }
    Ok(Filter::Extensible { rule, attribute, value, dn })
}
