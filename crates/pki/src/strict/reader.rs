//! A forward reader over DER: no copies, no panics, errors with their place.

use jiff::Timestamp;

use super::{Defect, Tag, value};
use crate::error::Error;
use crate::oid::Oid;
use crate::time;

/// Reads elements one after the other.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    rest: &'a [u8],
    offset: usize,
}

/// One element: its tag, its content, and both with the header.
#[derive(Debug, Clone, Copy)]
pub struct Tlv<'a> {
    tag: Tag,
    raw: &'a [u8],
    value: &'a [u8],
    offset: usize,
}

/// The content of a BIT STRING.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bits<'a> {
    /// Unused bits in the last octet, 0 to 7.
    pub unused: u8,
    /// The octets.
    pub bytes: &'a [u8],
}

impl<'a> Tlv<'a> {
    /// The identifier octet.
    #[must_use]
    pub const fn tag(&self) -> Tag {
        self.tag
    }

    /// Content octets.
    #[must_use]
    pub const fn value(&self) -> &'a [u8] {
        self.value
    }

    /// Header and content, as they came.
    #[must_use]
    pub const fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// Place of the first header octet in the input.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// A reader over the content.
    #[must_use]
    pub const fn reader(&self) -> Reader<'a> {
        Reader { rest: self.value, offset: self.offset + (self.raw.len() - self.value.len()) }
    }

    /// An error at this element.
    #[must_use]
    pub const fn defect(&self, defect: Defect) -> Error {
        Error::Der { defect, offset: self.offset }
    }

    /// The text of a character string of any of the known types; Teletex is
    /// read as Latin-1. `None` for other types and for broken content.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        match self.tag {
            Tag::BMP_STRING => value::bmp_text(self.value),
            Tag::UNIVERSAL_STRING => value::universal_text(self.value),
            Tag::TELETEX_STRING => Some(self.value.iter().map(|b| char::from(*b)).collect()),
            Tag::UTF8_STRING
            | Tag::PRINTABLE_STRING
            | Tag::IA5_STRING
            | Tag::NUMERIC_STRING
            | Tag::VISIBLE_STRING => {
                value::check(self.tag, self.value).ok()?;
                std::str::from_utf8(self.value).ok().map(str::to_owned)
            }
            _ => None,
        }
    }

    /// The instant of a UTCTime (1950 to 2049) or GeneralizedTime.
    ///
    /// # Errors
    /// When the element is neither, or not a strict form.
    pub fn instant(&self) -> Result<Timestamp, Error> {
        let (parsed, defect) = match self.tag {
            Tag::UTC_TIME => (time::parse_utc(self.value), Defect::UtcTime),
            Tag::GENERALIZED_TIME => (time::parse_generalized(self.value), Defect::GeneralizedTime),
            _ => (None, Defect::UnexpectedTag),
        };
        parsed.ok_or(self.defect(defect))
    }
}

impl<'a> Reader<'a> {
    /// A reader over `der`; places in errors count from its first octet.
    #[must_use]
    pub const fn new(der: &'a [u8]) -> Self {
        Self { rest: der, offset: 0 }
    }

    /// Reads the one SEQUENCE that `der` consists of.
    ///
    /// # Errors
    /// When it is something else, or has trailing octets.
    pub fn sequence_of(der: &'a [u8]) -> Result<Self, Error> {
        let mut outer = Self::new(der);
        let inner = outer.sequence()?;
        outer.finish()?;
        Ok(inner)
    }

    /// Whether all is read.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The octets not yet read.
    #[must_use]
    pub const fn remaining(&self) -> &'a [u8] {
        self.rest
    }

    /// Place of the next octet in the input.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// The tag of the next element, if there is one.
    #[must_use]
    pub fn peek(&self) -> Option<Tag> {
        self.rest.first().map(|octet| Tag::from_octet(*octet))
    }

    /// An error at the present place.
    #[must_use]
    pub const fn defect(&self, defect: Defect) -> Error {
        Error::Der { defect, offset: self.offset }
    }

    /// The next element, whatever it is. Its content is not looked at.
    ///
    /// # Errors
    /// When the header is not DER, or the content is cut off.
    pub fn read(&mut self) -> Result<Tlv<'a>, Error> {
        let refuse = |defect| Error::Der { defect, offset: self.offset };
        let (octet, after) = self.rest.split_first().ok_or(refuse(Defect::Truncated))?;
        if octet & 0x1f == 0x1f {
            return Err(refuse(Defect::HighTag));
        }
        if *octet & 0xdf == 0 {
            return Err(refuse(Defect::EndOfContents));
        }
        let (len, after) = length(after).map_err(refuse)?;
        let (value, rest) = after.split_at_checked(len).ok_or(refuse(Defect::Truncated))?;
        let (raw, _) = self
            .rest
            .split_at_checked(self.rest.len() - rest.len())
            .ok_or(refuse(Defect::Truncated))?;
        let tlv = Tlv { tag: Tag::from_octet(*octet), raw, value, offset: self.offset };
        self.rest = rest;
        self.offset += raw.len();
        Ok(tlv)
    }

    /// The next element, which must have this tag. Universal primitive content
    /// is held against the rules of its type.
    ///
    /// # Errors
    /// When it has another tag or breaks a rule.
    pub fn expect(&mut self, tag: Tag) -> Result<Tlv<'a>, Error> {
        let found = self.peek().ok_or(self.defect(Defect::Truncated))?;
        if found != tag {
            return Err(self.defect(Defect::UnexpectedTag));
        }
        let tlv = self.read()?;
        if tag.is_universal() && !tag.is_constructed() {
            value::check(tag, tlv.value).map_err(|defect| tlv.defect(defect))?;
        }
        Ok(tlv)
    }

    /// The next element if it has this tag.
    ///
    /// # Errors
    /// As [`Reader::expect`], when the tag is the one.
    pub fn optional(&mut self, tag: Tag) -> Result<Option<Tlv<'a>>, Error> {
        if self.peek() == Some(tag) { self.expect(tag).map(Some) } else { Ok(None) }
    }

    /// Nothing must follow.
    ///
    /// # Errors
    /// When something does.
    pub const fn finish(&self) -> Result<(), Error> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.defect(Defect::Trailing)) }
    }

    /// The content of the next SEQUENCE.
    ///
    /// # Errors
    /// When the next element is another one.
    pub fn sequence(&mut self) -> Result<Self, Error> {
        Ok(self.expect(Tag::SEQUENCE)?.reader())
    }

    /// The content of the next SET.
    ///
    /// # Errors
    /// When the next element is another one.
    pub fn set(&mut self) -> Result<Self, Error> {
        Ok(self.expect(Tag::SET)?.reader())
    }

    /// The content of the next `[number]` constructed element, if it is there.
    ///
    /// # Errors
    /// When its header is not DER.
    pub fn explicit(&mut self, number: u8) -> Result<Option<Self>, Error> {
        Ok(self.optional(Tag::context_constructed(number))?.map(|tlv| tlv.reader()))
    }

    /// Content octets of the next INTEGER, two's complement.
    ///
    /// # Errors
    /// When the next element is another one, or not minimal.
    pub fn integer(&mut self) -> Result<&'a [u8], Error> {
        Ok(self.expect(Tag::INTEGER)?.value)
    }

    /// Magnitude of the next INTEGER without leading zero octet; zero is empty.
    ///
    /// # Errors
    /// As [`Reader::integer`]; also when it is negative.
    pub fn unsigned(&mut self) -> Result<&'a [u8], Error> {
        let tlv = self.expect(Tag::INTEGER)?;
        match tlv.value {
            [first, ..] if first & 0x80 != 0 => Err(tlv.defect(Defect::IntegerRange)),
            [0, magnitude @ ..] => Ok(magnitude),
            magnitude => Ok(magnitude),
        }
    }

    /// The next INTEGER as a number.
    ///
    /// # Errors
    /// As [`Reader::unsigned`]; also when it needs more than 64 bits.
    pub fn uint(&mut self) -> Result<u64, Error> {
        let at = self.offset;
        let magnitude = self.unsigned()?;
        if magnitude.len() > 8 {
            return Err(Error::Der { defect: Defect::IntegerRange, offset: at });
        }
        Ok(magnitude.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    }

    /// The next ENUMERATED, 0 to 127 (all that our formats define).
    ///
    /// # Errors
    /// When the next element is another one or out of this range.
    pub fn enumerated(&mut self) -> Result<u8, Error> {
        let tlv = self.expect(Tag::ENUMERATED)?;
        match tlv.value {
            [value @ 0..=0x7f] => Ok(*value),
            _ => Err(tlv.defect(Defect::IntegerRange)),
        }
    }

    /// The next BOOLEAN.
    ///
    /// # Errors
    /// When the next element is another one, or not 00 or FF.
    pub fn boolean(&mut self) -> Result<bool, Error> {
        Ok(self.expect(Tag::BOOLEAN)?.value == [0xff])
    }

    /// A `BOOLEAN DEFAULT FALSE`.
    ///
    /// # Errors
    /// When FALSE is written out (X.690 §11.5).
    pub fn boolean_default_false(&mut self) -> Result<bool, Error> {
        let Some(tlv) = self.optional(Tag::BOOLEAN)? else {
            return Ok(false);
        };
        if tlv.value == [0xff] { Ok(true) } else { Err(tlv.defect(Defect::DefaultEncoded)) }
    }

    /// The next OBJECT IDENTIFIER.
    ///
    /// # Errors
    /// When the next element is another one, not minimal, or too long.
    pub fn oid(&mut self) -> Result<Oid, Error> {
        let tlv = self.expect(Tag::OID)?;
        Oid::from_content(tlv.value).map_err(|_| tlv.defect(Defect::OidTooLong))
    }

    /// The next OCTET STRING.
    ///
    /// # Errors
    /// When the next element is another one.
    pub fn octet_string(&mut self) -> Result<&'a [u8], Error> {
        Ok(self.expect(Tag::OCTET_STRING)?.value)
    }

    /// The next BIT STRING.
    ///
    /// # Errors
    /// When the next element is another one, or its padding is wrong.
    pub fn bit_string(&mut self) -> Result<Bits<'a>, Error> {
        let tlv = self.expect(Tag::BIT_STRING)?;
        tlv.bits()
    }

    /// The next BIT STRING, which must hold whole octets.
    ///
    /// # Errors
    /// As [`Reader::bit_string`]; also when bits are left over.
    pub fn octet_bits(&mut self) -> Result<&'a [u8], Error> {
        let at = self.offset;
        match self.bit_string()? {
            Bits { unused: 0, bytes } => Ok(bytes),
            _ => Err(Error::Der { defect: Defect::BitStringUnused, offset: at }),
        }
    }

    /// The next UTCTime or GeneralizedTime.
    ///
    /// # Errors
    /// When the next element is neither, or not a strict form.
    pub fn instant(&mut self) -> Result<Timestamp, Error> {
        self.read()?.instant()
    }
}

impl<'a> Tlv<'a> {
    /// The content as a BIT STRING, also under an implicit tag.
    ///
    /// # Errors
    /// When the count of unused bits or the padding is wrong.
    pub fn bits(&self) -> Result<Bits<'a>, Error> {
        value::check(Tag::BIT_STRING, self.value).map_err(|defect| self.defect(defect))?;
        let (unused, bytes) =
            self.value.split_first().ok_or(self.defect(Defect::BitStringUnused))?;
        Ok(Bits { unused: *unused, bytes })
    }

    /// The content as a named bit list: bit 0 is the highest bit of the result.
    ///
    /// # Errors
    /// When trailing zero bits are written (X.690 §11.2.2), or more than 16 bits.
    pub fn named_bits(&self) -> Result<u16, Error> {
        let Bits { unused, bytes } = self.bits()?;
        let minimal = bytes.last().is_none_or(|last| last.trailing_zeros() == u32::from(unused));
        if !minimal {
            return Err(self.defect(Defect::NamedBitsNotMinimal));
        }
        match *bytes {
            [] => Ok(0),
            [high] => Ok(u16::from_be_bytes([high, 0])),
            [high, low] => Ok(u16::from_be_bytes([high, low])),
            _ => Err(self.defect(Defect::IntegerRange)),
        }
    }
}

/// X.690 §10.1: definite, minimal; up to four length octets.
fn length(input: &[u8]) -> Result<(usize, &[u8]), Defect> {
    let (first, rest) = input.split_first().ok_or(Defect::Truncated)?;
    let count = match first {
        0..=0x7f => return Ok((usize::from(*first), rest)),
        0x80 => return Err(Defect::Indefinite),
        _ => usize::from(first & 0x7f),
    };
    if count > 4 {
        return Err(Defect::LengthTooLong);
    }
    let (octets, rest) = rest.split_at_checked(count).ok_or(Defect::Truncated)?;
    let len = octets.iter().fold(0_usize, |sum, octet| sum << 8 | usize::from(*octet));
    let minimal = len >= 0x80 && octets.first() != Some(&0);
    if minimal { Ok((len, rest)) } else { Err(Defect::LengthNotMinimal) }
}
