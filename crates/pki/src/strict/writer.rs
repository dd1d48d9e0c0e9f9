//! A writer of DER: content first, lengths filled in afterwards.
//!
//! It writes what it is told. Alphabets and ranges belong to the types that
//! are written; the gate stands behind as a second pair of eyes.

use jiff::Timestamp;

use super::Tag;
use crate::oid::Oid;
use crate::time;

/// Collects DER octets.
#[derive(Debug, Clone, Default)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// An empty writer.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: Vec::new() }
    }

    /// An empty writer with room for `octets`.
    #[must_use]
    pub fn with_capacity(octets: usize) -> Self {
        Self { bytes: Vec::with_capacity(octets) }
    }

    /// What was written by `content` alone.
    #[must_use]
    pub fn build(content: impl FnOnce(&mut Self)) -> Vec<u8> {
        let mut writer = Self::new();
        content(&mut writer);
        writer.bytes
    }

    /// All octets written.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }

    /// Octets written so far.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Finished elements, as they are.
    pub fn raw(&mut self, elements: &[u8]) {
        self.bytes.extend_from_slice(elements);
    }

    /// One element with this content.
    pub fn tlv(&mut self, tag: Tag, content: &[u8]) {
        self.bytes.push(tag.octet());
        let (octets, start) = length_octets(content.len());
        self.bytes.extend_from_slice(octets.get(start..).unwrap_or_default());
        self.bytes.extend_from_slice(content);
    }

    /// One element whose content is written by `content`.
    pub fn nested(&mut self, tag: Tag, content: impl FnOnce(&mut Self)) {
        self.bytes.push(tag.octet());
        let mark = self.bytes.len();
        content(self);
        let (octets, start) = length_octets(self.bytes.len() - mark);
        let octets = octets.get(start..).unwrap_or_default();
        self.bytes.splice(mark..mark, octets.iter().copied());
    }

    /// A SEQUENCE.
    pub fn sequence(&mut self, content: impl FnOnce(&mut Self)) {
        self.nested(Tag::SEQUENCE, content);
    }

    /// A SET OF: the elements are put in DER order (X.690 §11.6).
    pub fn set_of(&mut self, elements: Vec<Vec<u8>>) {
        self.set_of_tagged(Tag::SET, elements);
    }

    /// A SET OF under an implicit tag, in DER order.
    pub fn set_of_tagged(&mut self, tag: Tag, mut elements: Vec<Vec<u8>>) {
        elements.sort();
        self.tlv(tag, &elements.concat());
    }

    /// `[number]` constructed around what `content` writes.
    pub fn explicit(&mut self, number: u8, content: impl FnOnce(&mut Self)) {
        self.nested(Tag::context_constructed(number), content);
    }

    /// `[number]` primitive.
    pub fn implicit(&mut self, number: u8, content: &[u8]) {
        self.tlv(Tag::context(number), content);
    }

    /// An INTEGER that is not negative, from its big-endian magnitude.
    pub fn unsigned(&mut self, magnitude: &[u8]) {
        let leading = magnitude.iter().take_while(|byte| **byte == 0).count();
        let minimal = magnitude.get(leading..).unwrap_or_default();
        let padded = minimal.first().is_none_or(|byte| byte & 0x80 != 0);
        self.bytes.push(Tag::INTEGER.octet());
        let (octets, start) = length_octets(minimal.len() + usize::from(padded));
        self.bytes.extend_from_slice(octets.get(start..).unwrap_or_default());
        if padded {
            self.bytes.push(0);
        }
        self.bytes.extend_from_slice(minimal);
    }

    /// An INTEGER from a number.
    pub fn uint(&mut self, value: u64) {
        self.unsigned(&value.to_be_bytes());
    }

    /// An ENUMERATED, 0 to 127.
    pub fn enumerated(&mut self, value: u8) {
        self.tlv(Tag::ENUMERATED, &[value & 0x7f]);
    }

    /// A BOOLEAN.
    pub fn boolean(&mut self, value: bool) {
        self.tlv(Tag::BOOLEAN, &[if value { 0xff } else { 0 }]);
    }

    /// NULL.
    pub fn null(&mut self) {
        self.tlv(Tag::NULL, &[]);
    }

    /// An OBJECT IDENTIFIER.
    pub fn oid(&mut self, oid: &Oid) {
        self.tlv(Tag::OID, oid.as_bytes());
    }

    /// An OCTET STRING.
    pub fn octet_string(&mut self, content: &[u8]) {
        self.tlv(Tag::OCTET_STRING, content);
    }

    /// An OCTET STRING around what `content` writes.
    pub fn octet_string_of(&mut self, content: impl FnOnce(&mut Self)) {
        self.nested(Tag::OCTET_STRING, content);
    }

    /// A BIT STRING of whole octets.
    pub fn bit_string(&mut self, content: &[u8]) {
        self.nested(Tag::BIT_STRING, |w| {
            w.bytes.push(0);
            w.raw(content);
        });
    }

    /// A named bit list under `tag`; bit 0 is the highest bit of `bits`.
    pub fn named_bits(&mut self, tag: Tag, bits: u16) {
        let [high, low] = bits.to_be_bytes();
        let unused = u8::try_from(bits.trailing_zeros() % 8).unwrap_or_default();
        match (high, low) {
            (0, 0) => self.tlv(tag, &[0]),
            (_, 0) => self.tlv(tag, &[unused, high]),
            _ => self.tlv(tag, &[unused, high, low]),
        }
    }

    /// A UTF8String.
    pub fn utf8_string(&mut self, text: &str) {
        self.tlv(Tag::UTF8_STRING, text.as_bytes());
    }

    /// A PrintableString.
    pub fn printable_string(&mut self, text: &str) {
        self.tlv(Tag::PRINTABLE_STRING, text.as_bytes());
    }

    /// An IA5String.
    pub fn ia5_string(&mut self, text: &str) {
        self.tlv(Tag::IA5_STRING, text.as_bytes());
    }

    /// A Time of RFC 5280 §4.1.2.5: UTCTime through 2049, then GeneralizedTime.
    pub fn time(&mut self, instant: Timestamp) {
        let (tag, text) = time::encode(instant);
        self.tlv(tag, text.as_bytes());
    }

    /// A GeneralizedTime to the second.
    pub fn generalized_time(&mut self, instant: Timestamp) {
        self.tlv(Tag::GENERALIZED_TIME, time::generalized_text(instant).as_bytes());
    }
}

/// Length octets, right-aligned in nine, and where they start.
fn length_octets(len: usize) -> ([u8; 9], usize) {
    let mut octets = [0; 9];
    let (_, tail) = octets.split_at_mut(1);
    tail.copy_from_slice(&(len as u64).to_be_bytes());
    if len < 0x80 {
        return (octets, 8);
    }
    let first = octets.iter().position(|octet| *octet != 0).unwrap_or(8);
    let count = u8::try_from(9 - first).unwrap_or_default();
    if let Some(octet) = octets.get_mut(first.saturating_sub(1)) {
        *octet = 0x80 | count;
    }
    (octets, first.saturating_sub(1))
}
