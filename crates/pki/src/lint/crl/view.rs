//! The fields of a CRL, found but not judged.

use crate::lint::name::NameView;
use crate::lint::tlv::{self, Tlv, tag};
use crate::lint::view::{Extension, Time, bit_string, extension};
use crate::oid::Oid;

/// A CertificateList (RFC 5280 §5.1).
pub(super) struct CrlView<'a> {
    pub der: &'a [u8],
    pub tbs: &'a [u8],
    pub version: Option<&'a [u8]>,
    pub inner_algorithm: Tlv<'a>,
    pub outer_algorithm: Tlv<'a>,
    pub issuer: NameView<'a>,
    pub this_update: Time<'a>,
    pub next_update: Option<Time<'a>>,
    /// The value octets of revokedCertificates; `None` when the field is absent.
    pub revoked: Option<&'a [u8]>,
    pub extensions: Vec<Extension<'a>>,
    pub signature: &'a [u8],
}

/// One entry.
pub(super) struct Entry<'a> {
    pub serial: &'a [u8],
    pub at: Time<'a>,
    pub extensions: Vec<Extension<'a>>,
}

impl<'a> CrlView<'a> {
    pub(super) fn read(der: &'a [u8]) -> Option<Self> {
        let parts = tlv::one(der)?.children(tag::SEQUENCE)?;
        let [tbs, outer_algorithm, signature] = parts.as_slice() else {
            return None;
        };
        // The list may be long: fields are read one after the other, and the list itself stays closed.
        let mut rest = tbs.value(tag::SEQUENCE)?;
        let mut next = |wanted: &[u8]| -> Option<Tlv<'a>> {
            let (field, after) = tlv::read(rest)?;
            if !wanted.is_empty() && !wanted.contains(&field.tag) {
                return None;
            }
            rest = after;
            Some(field)
        };
        let version = next(&[tag::INTEGER]).map(|field| field.content);
        let inner_algorithm = next(&[])?;
        let issuer = NameView::read(next(&[])?)?;
        let this_update = time(next(&[])?);
        let next_update = next(&[tag::UTC_TIME, tag::GENERALIZED_TIME]).map(time);
        let revoked = next(&[tag::SEQUENCE]).map(|list| list.content);
        let extensions = match next(&[0xa0]) {
            Some(field) => read_extensions(tlv::one(field.content)?)?,
            None => Vec::new(),
        };
        rest.is_empty().then_some(Self {
            der,
            tbs: tbs.whole,
            version,
            inner_algorithm,
            outer_algorithm: *outer_algorithm,
            issuer,
            this_update,
            next_update,
            revoked,
            extensions,
            signature: bit_string(signature)?,
        })
    }

    pub(super) fn extension(&self, kind: Oid) -> Option<&Extension<'a>> {
        self.extensions.iter().find(|extension| extension.oid == kind)
    }

    /// The entries one after the other; one that cannot be read is `None` and the last.
    pub(super) fn entries(&self) -> impl Iterator<Item = Option<Entry<'a>>> {
        let mut rest = self.revoked.unwrap_or_default();
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let Some((element, after)) = tlv::read(rest) else {
                rest = &[];
                return Some(None);
            };
            rest = after;
            Some(read_entry(element))
        })
    }
}

fn time(field: Tlv<'_>) -> Time<'_> {
    Time { tag: field.tag, text: field.content }
}

fn read_extensions(list: Tlv<'_>) -> Option<Vec<Extension<'_>>> {
    list.children(tag::SEQUENCE)?.into_iter().map(extension).collect()
}

fn read_entry(element: Tlv<'_>) -> Option<Entry<'_>> {
    let parts = element.children(tag::SEQUENCE)?;
    let (serial, at, extensions) = match parts.as_slice() {
        [serial, at] => (serial, at, Vec::new()),
        [serial, at, list] => (serial, at, read_extensions(*list)?),
        _ => return None,
    };
    Some(Entry { serial: serial.value(tag::INTEGER)?, at: time(*at), extensions })
}
