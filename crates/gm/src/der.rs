//! The little DER that SM2 needs: SEQUENCE, unsigned INTEGER of 256 bits, OCTET STRING.
//!
//! Strict (X.690 §10): one encoding per value. Long-form lengths where the short form fits,
//! leading zeros, negative numbers and trailing octets are refused.

use crate::FormatError;

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const SEQUENCE: u8 = 0x30;

/// Reads forward over a slice.
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// The content of the one SEQUENCE that `der` must be.
    pub(crate) fn sequence(der: &'a [u8]) -> Result<Self, FormatError> {
        let mut outer = Self(der);
        let content = outer.value(SEQUENCE)?;
        outer.end()?;
        Ok(Self(content))
    }

    /// A positive INTEGER of at most 256 bits, left-padded.
    pub(crate) fn integer(&mut self) -> Result<[u8; 32], FormatError> {
        let content = self.value(INTEGER)?;
        let magnitude = match content {
            [] => return Err(FormatError::Der),
            [first, ..] if *first >= 0x80 => return Err(FormatError::Der),
            [0, second, ..] if *second < 0x80 => return Err(FormatError::Der),
            [0, rest @ ..] => rest,
            all => all,
        };
        let mut out = [0; 32];
        let start = 32usize.checked_sub(magnitude.len()).ok_or(FormatError::Range)?;
        out.iter_mut().skip(start).zip(magnitude).for_each(|(to, from)| *to = *from);
        Ok(out)
    }

    /// An OCTET STRING in primitive form.
    pub(crate) fn octets(&mut self) -> Result<&'a [u8], FormatError> {
        self.value(OCTET_STRING)
    }

    /// Nothing may follow.
    pub(crate) fn end(&self) -> Result<(), FormatError> {
        if self.0.is_empty() { Ok(()) } else { Err(FormatError::Der) }
    }

    fn value(&mut self, tag: u8) -> Result<&'a [u8], FormatError> {
        let [found, rest @ ..] = self.0 else {
            return Err(FormatError::Der);
        };
        if *found != tag {
            return Err(FormatError::Der);
        }
        let (length, rest) = length(rest)?;
        let (content, rest) = rest.split_at_checked(length).ok_or(FormatError::Der)?;
        self.0 = rest;
        Ok(content)
    }
}

/// A definite length in its shortest form.
fn length(der: &[u8]) -> Result<(usize, &[u8]), FormatError> {
    let [first, rest @ ..] = der else {
        return Err(FormatError::Der);
    };
    if *first < 0x80 {
        return Ok((usize::from(*first), rest));
    }
    let count = usize::from(*first & 0x7f);
    if count == 0 || count > 4 {
        return Err(FormatError::Der);
    }
    let (octets, rest) = rest.split_at_checked(count).ok_or(FormatError::Der)?;
    let length = octets.iter().fold(0usize, |sum, octet| (sum << 8) | usize::from(*octet));
    let shortest = length >= 0x80 && octets.first() != Some(&0);
    if shortest { Ok((length, rest)) } else { Err(FormatError::Der) }
}

/// `SEQUENCE { parts }`.
pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(SEQUENCE, &parts.concat())
}

/// A positive INTEGER in its shortest form.
pub(crate) fn integer(magnitude: &[u8; 32]) -> Vec<u8> {
    let zeros = magnitude.iter().take_while(|octet| **octet == 0).count();
    let digits = magnitude.get(zeros.min(31)..).unwrap_or_default();
    let sign = digits.first().is_some_and(|first| *first >= 0x80);
    let content = [if sign { &[0u8][..] } else { &[] }, digits].concat();
    tlv(INTEGER, &content)
}

/// An OCTET STRING.
pub(crate) fn octets(content: &[u8]) -> Vec<u8> {
    tlv(OCTET_STRING, content)
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len() + 6);
    out.push(tag);
    match u8::try_from(content.len()) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            let octets = content.len().to_be_bytes();
            let digits: Vec<u8> = octets.into_iter().skip_while(|o| *o == 0).collect();
            out.push(0x80 | u8::try_from(digits.len()).unwrap_or(8));
            out.extend_from_slice(&digits);
        }
    }
    out.extend_from_slice(content);
    out
}
