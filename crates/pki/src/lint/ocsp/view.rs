//! The fields of an OCSP answer, found but not judged.

use crate::lint::tlv::{self, Tlv, tag};
use crate::lint::view::{Extension, Time, bit_string, extension};
use crate::oid;

const ENUMERATED: u8 = 0x0a;

/// OCSPResponse (RFC 6960 §4.2.1).
pub(super) struct OcspView<'a> {
    pub der: &'a [u8],
    pub status: u8,
    pub has_body: bool,
    pub basic: Option<Basic<'a>>,
}

/// BasicOCSPResponse.
pub(super) struct Basic<'a> {
    pub tbs: &'a [u8],
    /// Tag of the responder's identifier: 0xa1 by name, 0xa2 by key.
    pub responder: Tlv<'a>,
    pub produced_at: Time<'a>,
    pub singles: Vec<Single<'a>>,
    pub extensions: Vec<Extension<'a>>,
    pub algorithm: Tlv<'a>,
    pub signature: &'a [u8],
    pub certificates: Vec<&'a [u8]>,
}

/// SingleResponse.
pub(super) struct Single<'a> {
    pub certificate_id: &'a [u8],
    pub status: Tlv<'a>,
    pub this_update: Time<'a>,
    pub next_update: Option<Time<'a>>,
    pub extensions: Vec<Extension<'a>>,
}

impl<'a> OcspView<'a> {
    pub(super) fn read(der: &'a [u8]) -> Option<Self> {
        let parts = tlv::one(der)?.children(tag::SEQUENCE)?;
        let status = *parts.first()?.value(ENUMERATED)?.first()?;
        let Some(body) = parts.get(1) else {
            return Some(Self { der, status, has_body: false, basic: None });
        };
        let bytes = tlv::one(body.value(0xa0)?)?.children(tag::SEQUENCE)?;
        let [kind, octets] = bytes.as_slice() else {
            return None;
        };
        let basic = if kind.oid()? == oid::OCSP_BASIC {
            Some(read_basic(octets.value(tag::OCTET_STRING)?)?)
        } else {
            None
        };
        Some(Self { der, status, has_body: true, basic })
    }
}

fn read_basic(der: &[u8]) -> Option<Basic<'_>> {
    let parts = tlv::one(der)?.children(tag::SEQUENCE)?;
    let (tbs, algorithm, signature) = (parts.first()?, parts.get(1)?, parts.get(2)?);
    let certificates = match parts.get(3) {
        Some(list) => tlv::one(list.value(0xa0)?)?.children(tag::SEQUENCE)?,
        None => Vec::new(),
    };
    let fields = tbs.children(tag::SEQUENCE)?;
    let mut fields = fields.iter().copied().peekable();
    fields.next_if(|field| field.tag == 0xa0);
    let responder = fields.next()?;
    let produced_at = time(fields.next()?);
    let singles = fields
        .next()?
        .children(tag::SEQUENCE)?
        .into_iter()
        .map(read_single)
        .collect::<Option<_>>()?;
    let extensions = match fields.next() {
        Some(field) => read_extensions(field.value(0xa1)?)?,
        None => Vec::new(),
    };
    Some(Basic {
        tbs: tbs.whole,
        responder,
        produced_at,
        singles,
        extensions,
        algorithm: *algorithm,
        signature: bit_string(signature)?,
        certificates: certificates.iter().map(|certificate| certificate.whole).collect(),
    })
}

fn read_single(element: Tlv<'_>) -> Option<Single<'_>> {
    let parts = element.children(tag::SEQUENCE)?;
    let (id, status, this_update) = (parts.first()?, parts.get(1)?, parts.get(2)?);
    let optional = |tag: u8| parts.iter().skip(3).find(|part| part.tag == tag);
    let next_update = match optional(0xa0) {
        Some(field) => Some(time(tlv::one(field.content)?)),
        None => None,
    };
    let extensions = match optional(0xa1) {
        Some(field) => read_extensions(field.content)?,
        None => Vec::new(),
    };
    Some(Single {
        certificate_id: id.whole,
        status: *status,
        this_update: time(*this_update),
        next_update,
        extensions,
    })
}

fn read_extensions(content: &[u8]) -> Option<Vec<Extension<'_>>> {
    tlv::one(content)?.children(tag::SEQUENCE)?.into_iter().map(extension).collect()
}

fn time(field: Tlv<'_>) -> Time<'_> {
    Time { tag: field.tag, text: field.content }
}
