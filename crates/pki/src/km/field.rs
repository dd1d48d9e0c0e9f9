//! Small fields that occur in several structures, with the tolerance that reading needs.

use super::WHAT;
use crate::error::Error;
use crate::oid::{self, Oid};
use crate::strict::{Defect, Reader, Tag, Tlv, Writer};

/// An AlgorithmIdentifier of the SM family: parameters absent, NULL, or the SM2 curve.
pub(super) fn algorithm(reader: &mut Reader<'_>) -> Result<Oid, Error> {
    let mut inner = reader.sequence()?;
    let found = inner.oid()?;
    match inner.peek() {
        None => {}
        Some(Tag::NULL) => drop(inner.expect(Tag::NULL)?),
        Some(_) if inner.oid()? == oid::SM2 => {}
        Some(_) => return Err(Error::malformed(WHAT, "算法参数不是 SM2 曲线")),
    }
    inner.finish()?;
    Ok(found)
}

/// An AlgorithmIdentifier without parameters.
pub(super) fn write_algorithm(writer: &mut Writer, oid: &Oid) {
    writer.sequence(|w| w.oid(oid));
}

/// `version INTEGER (v2 = 1)`.
pub(super) fn version(reader: &mut Reader<'_>) -> Result<(), Error> {
    match reader.uint()? {
        1 => Ok(()),
        _ => Err(Error::malformed(WHAT, "版本号不是 1（v2）")),
    }
}

/// The fields of one alternative of a CHOICE. The tags are IMPLICIT; one implementation writes
/// them EXPLICIT, which shows as a single SEQUENCE that fills the element.
pub(super) fn alternative<'a>(tlv: &Tlv<'a>) -> Result<Reader<'a>, Error> {
    let fields = tlv.reader();
    let mut probe = fields.clone();
    if probe.peek() == Some(Tag::SEQUENCE) {
        let inner = probe.read()?;
        if probe.is_empty() {
            return Ok(inner.reader());
        }
    }
    Ok(fields)
}

/// `[number] EXPLICIT` string of whichever type: its octets.
pub(super) fn optional_octets(
    reader: &mut Reader<'_>,
    number: u8,
) -> Result<Option<Vec<u8>>, Error> {
    let Some(mut inner) = reader.explicit(number)? else {
        return Ok(None);
    };
    let octets = string(&mut inner)?.to_vec();
    inner.finish()?;
    Ok(Some(octets))
}

/// A string of one of the types that the implementations use.
pub(super) fn string<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], Error> {
    let known = [Tag::OCTET_STRING, Tag::UTF8_STRING, Tag::IA5_STRING, Tag::PRINTABLE_STRING];
    match reader.peek() {
        Some(tag) if known.contains(&tag) => Ok(reader.expect(tag)?.value()),
        _ => Err(reader.defect(Defect::UnexpectedTag)),
    }
}

/// A text as IA5String where it fits, else as OCTET STRING.
pub(super) fn write_text(writer: &mut Writer, octets: &[u8]) {
    let tag = if octets.is_ascii() { Tag::IA5_STRING } else { Tag::OCTET_STRING };
    writer.tlv(tag, octets);
}
