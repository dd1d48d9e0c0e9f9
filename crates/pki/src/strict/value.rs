//! Rules for the content of primitive universal types (X.690 §8 and §11).

use super::{Defect, Tag};
use crate::oid;
use crate::time;

/// Checks the content octets of one primitive universal element.
pub(super) fn check(tag: Tag, content: &[u8]) -> Result<(), Defect> {
    match tag {
        Tag::BOOLEAN => require(matches!(content, [0x00 | 0xff]), Defect::Boolean),
        Tag::INTEGER | Tag::ENUMERATED => integer(content),
        Tag::BIT_STRING => bit_string(content),
        Tag::OCTET_STRING | Tag::TELETEX_STRING => Ok(()),
        Tag::NULL => require(content.is_empty(), Defect::Null),
        Tag::OID => oid::check_content(content),
        Tag::UTC_TIME => require(time::parse_utc(content).is_some(), Defect::UtcTime),
        Tag::GENERALIZED_TIME => {
            require(time::parse_generalized(content).is_some(), Defect::GeneralizedTime)
        }
        _ => string(tag, content),
    }
}

fn string(tag: Tag, content: &[u8]) -> Result<(), Defect> {
    match tag {
        Tag::UTF8_STRING => require(std::str::from_utf8(content).is_ok(), Defect::Utf8),
        Tag::PRINTABLE_STRING => {
            require(content.iter().all(|b| is_printable(*b)), Defect::PrintableString)
        }
        Tag::IA5_STRING => require(content.is_ascii(), Defect::Ia5String),
        Tag::NUMERIC_STRING => {
            require(content.iter().all(|b| b.is_ascii_digit() || *b == b' '), Defect::NumericString)
        }
        Tag::VISIBLE_STRING => require(
            content.iter().all(|b| b.is_ascii_graphic() || *b == b' '),
            Defect::VisibleString,
        ),
        Tag::BMP_STRING => require(bmp_text(content).is_some(), Defect::BmpString),
        Tag::UNIVERSAL_STRING => {
            require(universal_text(content).is_some(), Defect::UniversalString)
        }
        _ => Err(Defect::UnknownTag),
    }
}

fn require(holds: bool, defect: Defect) -> Result<(), Defect> {
    if holds { Ok(()) } else { Err(defect) }
}

/// X.690 §8.3.2: the first nine bits are not all equal.
fn integer(content: &[u8]) -> Result<(), Defect> {
    match content {
        [] => Err(Defect::IntegerEmpty),
        [0x00, second, ..] if second & 0x80 == 0 => Err(Defect::IntegerNotMinimal),
        [0xff, second, ..] if second & 0x80 != 0 => Err(Defect::IntegerNotMinimal),
        _ => Ok(()),
    }
}

/// X.690 §8.6.2 and §11.2.1: unused bits are 0 to 7, and zero.
fn bit_string(content: &[u8]) -> Result<(), Defect> {
    match content {
        [] => Err(Defect::BitStringUnused),
        [0] => Ok(()),
        [_] => Err(Defect::BitStringUnused),
        [unused, .., last] => {
            require(*unused <= 7, Defect::BitStringUnused)?;
            require(last.trailing_zeros() >= u32::from(*unused), Defect::BitStringPadding)
        }
    }
}

/// X.680 §41.4: the alphabet of PrintableString.
pub(super) const fn is_printable(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b' ' | b'\'' | b'(' | b')' | b'+' | b',' | b'-' | b'.' | b'/' | b':' | b'=' | b'?'
        )
}

/// Two octets per character, no surrogates.
pub(super) fn bmp_text(content: &[u8]) -> Option<String> {
    let (pairs, rest) = content.as_chunks::<2>();
    let text = pairs.iter().map(|pair| char::from_u32(u32::from(u16::from_be_bytes(*pair))));
    if rest.is_empty() { text.collect() } else { None }
}

/// Four octets per character.
pub(super) fn universal_text(content: &[u8]) -> Option<String> {
    let (quads, rest) = content.as_chunks::<4>();
    let text = quads.iter().map(|quad| char::from_u32(u32::from_be_bytes(*quad)));
    if rest.is_empty() { text.collect() } else { None }
}
