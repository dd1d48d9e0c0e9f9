//! The little of DER that SM2 needs (GM/T 0009 §7): SEQUENCE, INTEGER of up to 256 bits, OCTET
//! STRING. What is read has exactly one encoding; any other is refused.

use crate::Error;

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const SEQUENCE: u8 = 0x30;

/// What is left to read.
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// The inside of a SEQUENCE that is all of `octets`.
    pub(crate) fn sequence(octets: &'a [u8]) -> Result<Self, Error> {
        let mut outer = Self(octets);
        let inner = outer.value(SEQUENCE)?;
        outer.end()?;
        Ok(Self(inner))
    }

    /// A non-negative INTEGER below 2²⁵⁶.
    pub(crate) fn unsigned(&mut self) -> Result<[u8; 32], Error> {
        let digits = match self.value(INTEGER)? {
            [0] => &[][..],
            // A leading zero only where the next octet would look like a sign.
            [0, rest @ ..] if rest.first().is_some_and(|octet| *octet >= 0x80) => rest,
            all @ [1..0x80, ..] => all,
            _ => return Err(Error::Encoding),
        };
        let mut value = [0; 32];
        let from = value.len().checked_sub(digits.len()).ok_or(Error::Encoding)?;
        value.iter_mut().skip(from).zip(digits).for_each(|(to, octet)| *to = *octet);
        Ok(value)
    }

    pub(crate) fn octet_string(&mut self) -> Result<&'a [u8], Error> {
        self.value(OCTET_STRING)
    }

    pub(crate) fn end(&self) -> Result<(), Error> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Encoding) }
    }

    fn value(&mut self, tag: u8) -> Result<&'a [u8], Error> {
        let (first, rest) = self.0.split_first().ok_or(Error::Encoding)?;
        let (length, rest) = length(rest)?;
        if *first != tag {
            return Err(Error::Encoding);
        }
        let (value, rest) = rest.split_at_checked(length).ok_or(Error::Encoding)?;
        self.0 = rest;
        Ok(value)
    }
}

/// A definite length in its shortest form.
fn length(octets: &[u8]) -> Result<(usize, &[u8]), Error> {
    let (first, rest) = octets.split_first().ok_or(Error::Encoding)?;
    let count = match *first {
        short @ ..=0x7f => return Ok((usize::from(short), rest)),
        long @ 0x81..=0x84 => usize::from(long & 0x7f),
        _ => return Err(Error::Encoding),
    };
    let (digits, rest) = rest.split_at_checked(count).ok_or(Error::Encoding)?;
    let value = digits.iter().fold(0u64, |value, octet| value << 8 | u64::from(*octet));
    let shortest = value >= 0x80 && digits.first() != Some(&0);
    match usize::try_from(value) {
        Ok(length) if shortest => Ok((length, rest)),
        _ => Err(Error::Encoding),
    }
}

/// A SEQUENCE around what is already encoded.
pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(SEQUENCE, &parts.concat())
}

pub(crate) fn unsigned(value: &[u8; 32]) -> Vec<u8> {
    let zeros = value.iter().take_while(|octet| **octet == 0).count();
    let digits = value.get(zeros..).unwrap_or_default();
    match digits.first() {
        Some(..0x80) => tlv(INTEGER, digits),
        _ => tlv(INTEGER, &[&[0], digits].concat()),
    }
}

pub(crate) fn octet_string(value: &[u8]) -> Vec<u8> {
    tlv(OCTET_STRING, value)
}

fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let long = value.len().to_be_bytes();
    match value.len() {
        ..0x80 => out.extend(long.last()),
        _ => {
            let digits: Vec<u8> = long.into_iter().skip_while(|octet| *octet == 0).collect();
            out.push(0x80 | digits.len() as u8);
            out.extend(digits);
        }
    }
    out.extend_from_slice(value);
    out
}
