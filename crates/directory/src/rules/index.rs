//! The rows of the index over one certificate: what it is looked up by.

use pki::Certificate;
use pki::ext::GeneralName;
use sha1::{Digest as _, Sha1};

use super::text;
use crate::model::AttributeType as A;
use crate::model::{Dn, Entry};

/// By what certificates are looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// All of them: one row without value.
    All,
    /// Serial number, hexadecimal.
    Serial,
    /// Common name.
    CommonName,
    /// Organization.
    Organization,
    /// Organizational unit.
    Unit,
    /// SHA-1 of the certificate (RFC 4387 certHash).
    CertificateHash,
    /// SHA-1 of the subject (sHash).
    SubjectHash,
    /// SHA-1 of issuer and serial number (iAndSHash).
    IssuerSerialHash,
    /// SHA-1 of the subject key identifier (sKIDHash).
    KeyIdHash,
    /// Mail or DNS name (uri).
    Uri,
}

impl Key {
    /// As the table has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Serial => "serial",
            Self::CommonName => "cn",
            Self::Organization => "o",
            Self::Unit => "ou",
            Self::CertificateHash => "cert",
            Self::SubjectHash => "subject",
            Self::IssuerSerialHash => "number",
            Self::KeyIdHash => "keyid",
            Self::Uri => "uri",
        }
    }

    /// Under which key an attribute is found.
    #[must_use]
    pub const fn of(attribute: A) -> Option<Self> {
        match attribute {
            A::SerialNumber => Some(Self::Serial),
            A::CommonName => Some(Self::CommonName),
            A::Organization => Some(Self::Organization),
            A::Unit => Some(Self::Unit),
            _ => None,
        }
    }

    /// Which attribute it is of.
    #[must_use]
    pub const fn attribute(self) -> Option<A> {
        match self {
            Self::Serial => Some(A::SerialNumber),
            Self::CommonName => Some(A::CommonName),
            Self::Organization => Some(A::Organization),
            Self::Unit => Some(A::Unit),
            _ => None,
        }
    }
}

/// A row: key and value.
pub type Row = (Key, Vec<u8>);

/// The rows of a certificate, sorted, none twice.
#[must_use]
pub fn rows(certificate: &Certificate) -> Vec<Row> {
    let mut rows = vec![
        (Key::All, Vec::new()),
        (Key::Serial, certificate.serial().to_hex().into_bytes()),
        (Key::CertificateHash, sha1(certificate.der())),
        (Key::SubjectHash, sha1(certificate.subject().der())),
        (Key::IssuerSerialHash, issuer_and_serial_hash(certificate)),
    ];
    for (oid, key) in [
        (pki::oid::COMMON_NAME, Key::CommonName),
        (pki::oid::ORGANIZATION, Key::Organization),
        (pki::oid::ORGANIZATIONAL_UNIT, Key::Unit),
    ] {
        let attributes = certificate.subject().attributes().filter(|one| one.oid == oid);
        let texts = attributes.filter_map(|one| one.text.as_deref());
        rows.extend(texts.map(|value| (key, text::normal(value).into_bytes())));
    }
    rows.extend(certificate.ski().map(|id| (Key::KeyIdHash, sha1(&id.0))));
    for name in certificate.san().map(|names| names.0).unwrap_or_default() {
        if let GeneralName::Email(uri) | GeneralName::Dns(uri) = name {
            rows.push((Key::Uri, uri.to_lowercase().into_bytes()));
        }
    }
    rows.sort();
    rows.dedup();
    rows
}

/// The values that an entry would be found by, of one key.
#[must_use]
pub fn values_of(entry: &Entry, key: Key) -> Vec<Vec<u8>> {
    let Some(attribute) = key.attribute() else {
        return if key == Key::All { vec![Vec::new()] } else { Vec::new() };
    };
    let texts = entry.values(attribute).iter().filter_map(|value| std::str::from_utf8(value).ok());
    texts.map(|value| text::normal(value).into_bytes()).collect()
}

/// SHA-1, as RFC 4387 §2.1 has it.
#[must_use]
pub fn sha1(octets: &[u8]) -> Vec<u8> {
    Sha1::digest(octets).to_vec()
}

/// SHA-1 over IssuerAndSerialNumber of CMS.
fn issuer_and_serial_hash(certificate: &Certificate) -> Vec<u8> {
    sha1(&pki::strict::Writer::build(|w| {
        w.sequence(|w| {
            w.raw(certificate.issuer().der());
            w.unsigned(certificate.serial().as_bytes());
        });
    }))
}

/// The name of the entry of a serial number below the folder of certificates.
#[must_use]
pub fn dn_of(folder: &Dn, serial: &str) -> Dn {
    folder.child(A::SerialNumber, serial)
}
