//! Pieces that all messages share.

use super::{MAX_OCTETS, WHAT, bad};
use crate::spki::AlgorithmIdentifier;
use crate::strict::{Defect, Limits, Reader, Tag, Tlv, Writer, check};
use crate::{Certificate, Error, Name, Oid, Serial, oid};

/// `IssuerAndSerialNumber`: names a certificate, and by it a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Issuer of the certificate.
    pub issuer: Name,
    /// Its serial number.
    pub serial: Serial,
}

impl Holder {
    /// Names this certificate.
    pub fn of(certificate: &Certificate) -> Self {
        Self { issuer: certificate.issuer().clone(), serial: certificate.serial() }
    }

    /// Whether this certificate is meant.
    pub fn is(&self, certificate: &Certificate) -> bool {
        self.serial == certificate.serial() && self.issuer == *certificate.issuer()
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut fields = reader.sequence()?;
        let issuer = Name::read(&mut fields)?;
        let serial = Serial::from_integer(fields.integer()?)?;
        fields.finish()?;
        Ok(Self { issuer, serial })
    }

    pub(crate) fn write(&self, w: &mut Writer) {
        w.sequence(|w| {
            w.raw(self.issuer.der());
            w.unsigned(self.serial.as_bytes());
        });
    }
}

/// `ContentInfo` around a message.
pub(super) fn wrap(kind: &Oid, message: impl FnOnce(&mut Writer)) -> Vec<u8> {
    Writer::build(|w| {
        w.sequence(|w| {
            w.oid(kind);
            w.explicit(0, |w| w.sequence(message));
        });
    })
}

/// Takes the `ContentInfo` off; the message must be of this kind.
pub(super) fn unwrap<'a>(der: &'a [u8], kind: &Oid) -> Result<Reader<'a>, Error> {
    check(der, &Limits::of(WHAT, MAX_OCTETS))?;
    let mut outer = Reader::sequence_of(der)?;
    if outer.oid()? != *kind {
        return Err(bad("消息类型不符"));
    }
    let mut content = outer.explicit(0)?.ok_or(bad("没有内容"))?;
    outer.finish()?;
    let message = content.sequence()?;
    content.finish()?;
    Ok(message)
}

/// The version of every message and part is 1.
pub(super) fn read_version(reader: &mut Reader<'_>) -> Result<(), Error> {
    if reader.uint()? == 1 { Ok(()) } else { Err(bad("版本号不是 1")) }
}

/// `digestAlgorithms`: SM3 must be among them.
pub(super) fn read_digests(reader: &mut Reader<'_>) -> Result<(), Error> {
    let mut set = reader.set()?;
    let mut found = false;
    while !set.is_empty() {
        found |= AlgorithmIdentifier::read(&mut set)?.oid == oid::SM3;
    }
    if found { Ok(()) } else { Err(bad("杂凑算法中没有 SM3")) }
}

pub(super) fn write_digests(w: &mut Writer) {
    w.set_of(vec![Writer::build(|w| AlgorithmIdentifier::bare(oid::SM3).write(w))]);
}

/// The elements of a set under any tag, in DER order.
pub(crate) fn elements<'a>(set: &Tlv<'a>) -> Result<Vec<Tlv<'a>>, Error> {
    let (mut reader, mut found) = (set.reader(), Vec::<Tlv<'_>>::new());
    while !reader.is_empty() {
        let element = reader.read()?;
        if found.last().is_some_and(|last| element.raw() < last.raw()) {
            return Err(element.defect(Defect::SetOrder));
        }
        found.push(element);
    }
    Ok(found)
}

/// `certificates [0]` and `crls [1]`; the lists are kept as octets, not read.
pub(super) fn read_bags(
    reader: &mut Reader<'_>,
) -> Result<(Vec<Certificate>, Vec<Vec<u8>>), Error> {
    let read = |element: &Tlv<'_>| Certificate::from_der(element.raw());
    let certificates = match reader.optional(Tag::context_constructed(0))? {
        Some(set) => elements(&set)?.iter().map(read).collect::<Result<_, _>>()?,
        None => Vec::new(),
    };
    let lists = match reader.optional(Tag::context_constructed(1))? {
        Some(set) => elements(&set)?.iter().map(|list| list.raw().to_vec()).collect(),
        None => Vec::new(),
    };
    Ok((certificates, lists))
}

pub(super) fn write_certificates(w: &mut Writer, certificates: &[Certificate]) {
    if !certificates.is_empty() {
        let set = certificates.iter().map(|certificate| certificate.der().to_vec()).collect();
        w.set_of_tagged(Tag::context_constructed(0), set);
    }
}
