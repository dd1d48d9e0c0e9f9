//! The attributes that say which certificate signed (RFC 2634 §5.4, RFC 5035 §3, RFC 5816 §2):
//! without them a token could be shown with another certificate of the same key.

use sha1::{Digest as _, Sha1};

use super::{HashAlgorithm, bad};
use crate::ext::{GeneralName, write_general_names};
use crate::spki::AlgorithmIdentifier;
use crate::strict::{Reader, Tag, Tlv, Writer};
use crate::{Certificate, Error, Serial};

/// `ESSCertID` or `ESSCertIDv2`: the certificate meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CertHash {
    /// `None`: SHA-1, of the first edition. It names a certificate that is verified otherwise.
    algorithm: Option<HashAlgorithm>,
    digest: Vec<u8>,
    /// Issuer and serial number, where they are given.
    holder: Option<(GeneralName, Serial)>,
}

/// The value of signingCertificate: SHA-1 of the certificate.
pub(super) fn write_first(w: &mut Writer, certificate: &Certificate) {
    in_list(w, |w| {
        w.octet_string(&Sha1::digest(certificate.der()));
        write_holder(w, certificate);
    });
}

/// The value of signingCertificateV2: SM3 of the certificate, named since SHA-256 is the default.
pub(super) fn write_second(w: &mut Writer, certificate: &Certificate) {
    in_list(w, |w| {
        AlgorithmIdentifier::bare(HashAlgorithm::Sm3.oid()).write(w);
        w.octet_string(&HashAlgorithm::Sm3.digest(certificate.der()));
        write_holder(w, certificate);
    });
}

/// One identifier in the lists around it.
fn in_list(w: &mut Writer, content: impl FnOnce(&mut Writer)) {
    w.sequence(|w| w.sequence(|w| w.sequence(content)));
}

fn write_holder(w: &mut Writer, certificate: &Certificate) {
    w.sequence(|w| {
        write_general_names(w, &[GeneralName::Directory(certificate.issuer().clone())]);
        w.unsigned(certificate.serial().as_bytes());
    });
}

impl CertHash {
    /// Reads the first identifier of signingCertificate, which names the signer.
    pub(super) fn read_first(values: &mut Reader<'_>) -> Result<Self, Error> {
        Self::of(&list(values)?, false)
    }

    /// The same of signingCertificateV2.
    pub(super) fn read_second(values: &mut Reader<'_>) -> Result<Self, Error> {
        Self::of(&list(values)?, true)
    }

    fn of(element: &Tlv<'_>, is_second: bool) -> Result<Self, Error> {
        let mut fields = element.reader();
        let algorithm = match is_second {
            true => Some(read_algorithm(&mut fields)?),
            false => None,
        };
        let digest = fields.octet_string()?.to_vec();
        let holder = match fields.optional(Tag::SEQUENCE)? {
            Some(holder) => Some(read_holder(&holder)?),
            None => None,
        };
        fields.finish()?;
        Ok(Self { algorithm, digest, holder })
    }

    /// Whether this certificate is meant.
    pub(super) fn is(&self, certificate: &Certificate) -> bool {
        let digest = match self.algorithm {
            Some(algorithm) => algorithm.digest(certificate.der()),
            None => Sha1::digest(certificate.der()).to_vec(),
        };
        let is_holder = |(issuer, serial): &(GeneralName, Serial)| {
            *serial == certificate.serial()
                && *issuer == GeneralName::Directory(certificate.issuer().clone())
        };
        digest == self.digest && self.holder.as_ref().is_none_or(is_holder)
    }
}

/// The first of the identifiers. Others limit the path, and policies its policies; the path is
/// validated by rules that are stricter.
fn list<'a>(values: &mut Reader<'a>) -> Result<Tlv<'a>, Error> {
    let mut value = values.sequence()?;
    let mut identifiers = value.sequence()?;
    let first = identifiers.expect(Tag::SEQUENCE)?;
    while !identifiers.is_empty() {
        identifiers.expect(Tag::SEQUENCE)?;
    }
    value.optional(Tag::SEQUENCE)?;
    value.finish()?;
    Ok(first)
}

/// `hashAlgorithm AlgorithmIdentifier DEFAULT sha256`.
fn read_algorithm(fields: &mut Reader<'_>) -> Result<HashAlgorithm, Error> {
    if fields.peek() != Some(Tag::SEQUENCE) {
        return Ok(HashAlgorithm::Sha256);
    }
    let algorithm = AlgorithmIdentifier::read(fields)?;
    let known = HashAlgorithm::of(&algorithm.oid).filter(|_| algorithm.has_no_parameters());
    known.ok_or_else(|| Error::Algorithm { what: super::WHAT, oid: algorithm.oid.to_string() })
}

fn read_holder(holder: &Tlv<'_>) -> Result<(GeneralName, Serial), Error> {
    let mut fields = holder.reader();
    let mut names = fields.sequence()?;
    let issuer = GeneralName::read(&mut names)?;
    names.finish().map_err(|_| bad("签名者证书的颁发者不是一个名称"))?;
    let serial = Serial::from_integer(fields.integer()?)?;
    fields.finish()?;
    Ok((issuer, serial))
}
