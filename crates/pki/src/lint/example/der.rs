//! The few DER writers that examples need.

use crate::oid::Oid;

/// Tag, length and value.
pub fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut out = vec![tag];
    match length {
        0..=0x7f => out.push(length as u8),
        0x80..=0xff => out.extend([0x81, length as u8]),
        _ => out.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    out.extend_from_slice(content);
    out
}

pub fn seq(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

pub fn set(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x31, &parts.concat())
}

/// A constructed context tag around its content.
pub fn explicit(number: u8, content: &[u8]) -> Vec<u8> {
    tlv(0xa0 | number, content)
}

/// A primitive context tag.
pub fn implicit(number: u8, content: &[u8]) -> Vec<u8> {
    tlv(0x80 | number, content)
}

pub fn oid(oid: Oid) -> Vec<u8> {
    tlv(0x06, oid.as_bytes())
}

pub fn bit_string(octets: &[u8]) -> Vec<u8> {
    tlv(0x03, &[&[0], octets].concat())
}

pub fn utf8(text: &str) -> Vec<u8> {
    tlv(0x0c, text.as_bytes())
}

pub fn printable(text: &str) -> Vec<u8> {
    tlv(0x13, text.as_bytes())
}

pub fn ia5(text: &str) -> Vec<u8> {
    tlv(0x16, text.as_bytes())
}

pub fn integer(octets: &[u8]) -> Vec<u8> {
    tlv(0x02, octets)
}

pub fn boolean(value: bool) -> Vec<u8> {
    tlv(0x01, &[if value { 0xff } else { 0 }])
}

/// A Name of one attribute per RDN: type, string tag, text.
pub fn dn(attributes: &[(Oid, u8, &str)]) -> Vec<u8> {
    let rdn = |(kind, tag, text): &(Oid, u8, &str)| {
        set(&[seq(&[oid(*kind), tlv(*tag, text.as_bytes())])])
    };
    seq(&attributes.iter().map(rdn).collect::<Vec<_>>())
}

/// A key usage of these bits; bit 0 is digitalSignature.
pub fn key_usage(bits: &[u8]) -> Vec<u8> {
    let mut octets = [0u8; 2];
    for bit in bits {
        octets[usize::from(bit / 8)] |= 0x80 >> (bit % 8);
    }
    let used = if octets[1] == 0 { 1 } else { 2 };
    let unused = octets[used - 1].trailing_zeros().min(7) as u8;
    tlv(0x03, &[&[unused], &octets[..used]].concat())
}

/// A SEQUENCE OF object identifiers.
pub fn oids(list: &[Oid]) -> Vec<u8> {
    seq(&list.iter().map(|one| oid(*one)).collect::<Vec<_>>())
}

/// A GeneralName of form URI.
pub fn uri(text: &str) -> Vec<u8> {
    implicit(6, text.as_bytes())
}

/// A CRL distribution point of these general names.
pub fn distribution_point(names: &[Vec<u8>]) -> Vec<u8> {
    seq(&[explicit(0, &explicit(0, &names.concat()))])
}

/// An AccessDescription with a URI.
pub fn access(method: Oid, location: &str) -> Vec<u8> {
    seq(&[oid(method), uri(location)])
}

/// A PolicyInformation with a CPS address.
pub fn policy(policy: Oid, cps: Option<&str>) -> Vec<u8> {
    let qualifiers = cps.map(|text| seq(&[seq(&[oid(crate::oid::QUALIFIER_CPS), ia5(text)])]));
    seq(&[oid(policy), qualifiers.unwrap_or_default()])
}
