//! A forgiving reader of tag, length and value.
//!
//! Lints must be able to look at what is wrong, so this reader takes what strict DER refuses (long-form
//! lengths, wrong string alphabets, any INTEGER). Whether the octets are DER is itself a lint
//! (`incident/strict-der`). It never panics and never reads past its input.

/// One element: its tag octet, its value, and the whole of its octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tlv<'a> {
    /// The identifier octet (only one-octet tags are read).
    pub tag: u8,
    /// The value octets.
    pub content: &'a [u8],
    /// Tag, length and value.
    pub whole: &'a [u8],
}

/// Universal and context tags that certificates use.
pub mod tag {
    #![allow(missing_docs)] // the names are those of X.680
    pub const BOOLEAN: u8 = 0x01;
    pub const INTEGER: u8 = 0x02;
    pub const BIT_STRING: u8 = 0x03;
    pub const OCTET_STRING: u8 = 0x04;
    pub const NULL: u8 = 0x05;
    pub const OID: u8 = 0x06;
    pub const UTF8_STRING: u8 = 0x0c;
    pub const PRINTABLE_STRING: u8 = 0x13;
    pub const IA5_STRING: u8 = 0x16;
    pub const UTC_TIME: u8 = 0x17;
    pub const GENERALIZED_TIME: u8 = 0x18;
    pub const SEQUENCE: u8 = 0x30;
    pub const SET: u8 = 0x31;
}

/// Reads one element and returns it with what follows it.
pub fn read(input: &[u8]) -> Option<(Tlv<'_>, &[u8])> {
    let (&tag, after_tag) = input.split_first()?;
    if tag & 0x1f == 0x1f {
        return None;
    }
    let (length, body) = read_length(after_tag)?;
    let content = body.get(..length)?;
    let rest = body.get(length..)?;
    let whole = input.get(..input.len().checked_sub(rest.len())?)?;
    Some((Tlv { tag, content, whole }, rest))
}

fn read_length(input: &[u8]) -> Option<(usize, &[u8])> {
    let (&first, rest) = input.split_first()?;
    if first < 0x80 {
        return Some((usize::from(first), rest));
    }
    let count = usize::from(first & 0x7f);
    if count == 0 || count > 4 {
        return None;
    }
    let octets = rest.get(..count)?;
    let length = octets.iter().fold(0usize, |sum, octet| sum << 8 | usize::from(*octet));
    Some((length, rest.get(count..)?))
}

/// Reads exactly one element; trailing octets are refused.
pub fn one(input: &[u8]) -> Option<Tlv<'_>> {
    read(input).filter(|(_, rest)| rest.is_empty()).map(|(tlv, _)| tlv)
}

/// Reads a run of elements to the end of the input.
pub fn all(mut input: &[u8]) -> Option<Vec<Tlv<'_>>> {
    let mut found = Vec::new();
    while !input.is_empty() {
        let (tlv, rest) = read(input)?;
        found.push(tlv);
        input = rest;
    }
    Some(found)
}

impl<'a> Tlv<'a> {
    /// The children of a constructed element with this tag.
    pub fn children(&self, tag: u8) -> Option<Vec<Tlv<'a>>> {
        (self.tag == tag).then(|| all(self.content)).flatten()
    }

    /// The value, when the element has this tag.
    pub fn value(&self, tag: u8) -> Option<&'a [u8]> {
        (self.tag == tag).then_some(self.content)
    }

    /// The object identifier that this element holds.
    pub fn oid(&self) -> Option<crate::oid::Oid> {
        crate::oid::Oid::from_content(self.value(tag::OID)?).ok()
    }

    /// A small non-negative INTEGER (also behind an implicit tag).
    pub fn small_integer(&self) -> Option<u64> {
        let (&first, _) = self.content.split_first()?;
        if first & 0x80 != 0 || self.content.len() > 8 {
            return None;
        }
        Some(self.content.iter().fold(0, |sum, octet| sum << 8 | u64::from(*octet)))
    }

    /// A BOOLEAN; any non-zero octet is true, as in BER.
    pub fn boolean(&self) -> Option<bool> {
        match self.value(tag::BOOLEAN)? {
            [octet] => Some(*octet != 0),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_lengths_are_read() {
        assert_eq!(one(&[4, 1, 9]).unwrap().content, [9]);
        assert_eq!(one(&[4, 0x81, 1, 9]).unwrap().content, [9]);
        assert!(one(&[4, 1, 9, 0]).is_none());
    }

    #[test]
    fn lengths_beyond_the_input_are_refused() {
        assert!(read(&[4, 0x84, 0xff, 0xff, 0xff, 0xff, 1]).is_none());
        assert!(read(&[4, 0x80, 0, 0]).is_none());
        assert!(read(&[0x1f, 1, 1]).is_none());
        assert!(read(&[]).is_none());
    }
}
