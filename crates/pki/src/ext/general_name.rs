//! GeneralName, and the two extensions that are lists of it
//! (RFC 5280 §4.2.1.6-7).

use std::fmt;

use super::TypedExtension;
use crate::error::Error;
use crate::name::Name;
use crate::oid::{self, Oid};
use crate::strict::{Defect, Reader, Tag, Tlv, Writer};

/// A name of one of nine kinds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum GeneralName {
    /// Content octets of otherName.
    Other(Vec<u8>),
    /// Mail address.
    Email(String),
    /// Domain name.
    Dns(String),
    /// Content octets of x400Address.
    X400(Vec<u8>),
    /// Distinguished name.
    Directory(Name),
    /// Content octets of ediPartyName.
    EdiParty(Vec<u8>),
    /// Address of a resource.
    Uri(String),
    /// IPv4 or IPv6 address, 4 or 16 octets; twice as many, with the mask, in
    /// name constraints.
    Ip(Vec<u8>),
    /// Registered object identifier.
    Registered(Oid),
}

impl GeneralName {
    /// Reads the name that comes next.
    ///
    /// # Errors
    /// When the next element is none.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let tlv = reader.read()?;
        let tag = tlv.tag();
        let constructed = matches!(tag.number(), 0 | 3 | 4 | 5);
        if tag.octet() & 0xc0 != 0x80 || tag.number() > 8 || tag.is_constructed() != constructed {
            return Err(tlv.defect(Defect::UnexpectedTag));
        }
        match tag.number() {
            0 => Ok(Self::Other(tlv.value().to_vec())),
            1 => Ok(Self::Email(ia5(&tlv)?)),
            2 => Ok(Self::Dns(ia5(&tlv)?)),
            3 => Ok(Self::X400(tlv.value().to_vec())),
            4 => directory(&tlv),
            5 => Ok(Self::EdiParty(tlv.value().to_vec())),
            6 => Ok(Self::Uri(ia5(&tlv)?)),
            7 => ip(&tlv),
            _ => Ok(Self::Registered(Oid::from_content(tlv.value())?)),
        }
    }

    /// Writes the name.
    pub fn write(&self, w: &mut Writer) {
        match self {
            Self::Other(content) => w.tlv(Tag::context_constructed(0), content),
            Self::Email(text) => w.implicit(1, text.as_bytes()),
            Self::Dns(text) => w.implicit(2, text.as_bytes()),
            Self::X400(content) => w.tlv(Tag::context_constructed(3), content),
            Self::Directory(name) => w.explicit(4, |w| w.raw(name.der())),
            Self::EdiParty(content) => w.tlv(Tag::context_constructed(5), content),
            Self::Uri(text) => w.implicit(6, text.as_bytes()),
            Self::Ip(octets) => w.implicit(7, octets),
            Self::Registered(oid) => w.implicit(8, oid.as_bytes()),
        }
    }
}

impl fmt::Display for GeneralName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Email(text) => write!(f, "email:{text}"),
            Self::Dns(text) => write!(f, "DNS:{text}"),
            Self::Uri(text) => write!(f, "URI:{text}"),
            Self::Directory(name) => write!(f, "目录名:{name}"),
            Self::Ip(octets) => match (
                <[u8; 4]>::try_from(octets.as_slice()),
                <[u8; 16]>::try_from(octets.as_slice()),
            ) {
                (Ok(v4), _) => write!(f, "IP:{}", std::net::Ipv4Addr::from(v4)),
                (_, Ok(v6)) => write!(f, "IP:{}", std::net::Ipv6Addr::from(v6)),
                _ => write!(f, "IP:{}", hex::encode(octets)),
            },
            Self::Registered(oid) => write!(f, "OID:{oid}"),
            Self::Other(content) | Self::X400(content) | Self::EdiParty(content) => {
                write!(f, "#{}", hex::encode(content))
            }
        }
    }
}

fn ia5(tlv: &Tlv<'_>) -> Result<String, Error> {
    let text = std::str::from_utf8(tlv.value()).ok().filter(|text| text.is_ascii());
    let text = text.ok_or(tlv.defect(Defect::Ia5String))?;
    if text.is_empty() {
        Err(Error::malformed("通用名称", "内容为空"))
    } else {
        Ok(text.to_owned())
    }
}

fn directory(tlv: &Tlv<'_>) -> Result<GeneralName, Error> {
    let mut inner = tlv.reader();
    let name = Name::read(&mut inner)?;
    inner.finish()?;
    Ok(GeneralName::Directory(name))
}

fn ip(tlv: &Tlv<'_>) -> Result<GeneralName, Error> {
    match tlv.value().len() {
        4 | 8 | 16 | 32 => Ok(GeneralName::Ip(tlv.value().to_vec())),
        _ => Err(Error::malformed("通用名称", "IP 地址长度不对")),
    }
}

/// Reads names until the reader is empty; at least one.
pub(super) fn read_list(reader: &mut Reader<'_>) -> Result<Vec<GeneralName>, Error> {
    let mut names = Vec::new();
    while !reader.is_empty() {
        names.push(GeneralName::read(reader)?);
    }
    if names.is_empty() { Err(Error::malformed("通用名称", "列表为空")) } else { Ok(names) }
}

/// Reads a `GeneralNames` that stands alone.
///
/// # Errors
/// When the bytes are none, or it is empty.
pub fn read_general_names(der: &[u8]) -> Result<Vec<GeneralName>, Error> {
    read_list(&mut Reader::sequence_of(der)?)
}

/// Writes a `GeneralNames`.
pub fn write_general_names(w: &mut Writer, names: &[GeneralName]) {
    w.sequence(|w| names.iter().for_each(|name| name.write(w)));
}

/// Other names of the subject.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SubjectAltName(pub Vec<GeneralName>);

/// Other names of the issuer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IssuerAltName(pub Vec<GeneralName>);

impl TypedExtension for SubjectAltName {
    const OID: Oid = oid::SUBJECT_ALT_NAME;

    fn parse(value: &[u8]) -> Result<Self, Error> {
        read_general_names(value).map(Self)
    }

    fn write(&self, w: &mut Writer) {
        write_general_names(w, &self.0);
    }
}

impl TypedExtension for IssuerAltName {
    const OID: Oid = oid::ISSUER_ALT_NAME;

    fn parse(value: &[u8]) -> Result<Self, Error> {
        read_general_names(value).map(Self)
    }

    fn write(&self, w: &mut Writer) {
        write_general_names(w, &self.0);
    }
}
