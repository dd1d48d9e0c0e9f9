//! Extensions of lists, entries, and OCSP messages: the frame that all share.

use super::Defect;
use crate::strict::{Reader, Tag, Tlv, Writer};
use crate::{Error, Oid};

/// Writes one extension.
pub(crate) fn write(
    writer: &mut Writer,
    id: &Oid,
    critical: bool,
    value: impl FnOnce(&mut Writer),
) {
    writer.sequence(|w| {
        w.oid(id);
        if critical {
            w.boolean(true);
        }
        w.octet_string_of(value);
    });
}

/// Visits every extension of an `Extensions` element: identifier, criticality, and the
/// OCTET STRING around the value. At least one must be there, none twice.
pub(crate) fn for_each<'a>(
    extensions: &Tlv<'a>,
    mut visit: impl FnMut(Oid, bool, Tlv<'a>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut reader = extensions.reader();
    let mut seen: Vec<Oid> = Vec::new();
    if reader.is_empty() {
        return Err(extensions.defect(crate::strict::Defect::EmptySequence));
    }
    while !reader.is_empty() {
        let (id, critical, value) = one(&mut reader)?;
        if seen.contains(&id) {
            return Err(Defect::ExtensionTwice.into());
        }
        seen.push(id);
        visit(id, critical, value)?;
    }
    Ok(())
}

fn one<'a>(reader: &mut Reader<'a>) -> Result<(Oid, bool, Tlv<'a>), Error> {
    let mut fields = reader.sequence()?;
    let id = fields.oid()?;
    let critical = fields.boolean_default_false()?;
    let value = fields.expect(Tag::OCTET_STRING)?;
    fields.finish()?;
    Ok((id, critical, value))
}
