//! CSRResponse (GM/T 0092-2020 §8): what an applicant gets back.
//!
//! ```text
//! CSRResponse ::= SEQUENCE {                     -- IMPLICIT TAGS
//!     signCertificate          CertificateSet,
//!     encryptedPrivateKey  [0] SM2EnvelopedKey OPTIONAL,
//!     encryptCertificate   [1] CertificateSet OPTIONAL }
//! ```
//!
//! The annex of the standard writes `EncryptedData` for `[0]`; the body says SM2EnvelopedKey,
//! and the body counts. `[0]` is written with the implicit tag of the module; an explicit one
//! around a whole SEQUENCE, which a deployed implementation writes, is read too.

use gm::sm2::PrivateKey;
use gm::{EnvelopedKey, PublicKey};

use crate::strict::{Defect, Limits, Reader, Tag, Tlv, Writer, check};
use crate::{Certificate, Error, envelope};

/// Chinese name of the structure in messages.
const WHAT: &str = "证书申请应答（CSRResponse）";
/// Largest answer that is read, in octets.
const MAX_OCTETS: usize = 512 * 1024;

/// The encryption half of an answer: certificates and key come together or not at all.
#[derive(Debug, Clone)]
pub struct Encryption {
    /// The applicant's encryption certificate, and certificates of its chain.
    pub certificates: Vec<Certificate>,
    /// The encryption key, enveloped to the applicant's signing key.
    pub key: EnvelopedKey,
}

/// An answer to a certification request.
#[derive(Debug, Clone)]
pub struct CsrResponse {
    /// The applicant's signing certificate, and certificates of its chain.
    pub sign_certificates: Vec<Certificate>,
    /// The encryption certificate with its key.
    pub encryption: Option<Encryption>,
}

/// What the applicant has after opening an answer.
#[derive(Debug)]
pub struct Opened {
    /// The signing certificate for the applicant's own key.
    pub sign_certificate: Certificate,
    /// The encryption certificate and its private key.
    pub encryption: Option<(Certificate, PrivateKey)>,
}

impl CsrResponse {
    /// Encodes the answer. The sets stand in DER order.
    pub fn encode(&self) -> Vec<u8> {
        let set = |certificates: &[Certificate]| {
            certificates.iter().map(|certificate| certificate.der().to_vec()).collect()
        };
        Writer::build(|w| {
            w.sequence(|w| {
                w.set_of(set(&self.sign_certificates));
                if let Some(encryption) = &self.encryption {
                    w.explicit(0, |w| envelope::write_fields(w, &encryption.key));
                    w.set_of_tagged(Tag::context_constructed(1), set(&encryption.certificates));
                }
            });
        })
    }

    /// Decodes an answer.
    ///
    /// # Errors
    /// When it is not strict DER, or not this structure.
    pub fn decode(der: &[u8]) -> Result<Self, Error> {
        check(der, &Limits::of(WHAT, MAX_OCTETS))?;
        let mut fields = Reader::sequence_of(der)?;
        let sign_certificates = read_set(&fields.expect(Tag::SET)?)?;
        let key = fields.explicit(0)?.map(read_key).transpose()?;
        let certificates = fields.optional(Tag::context_constructed(1))?;
        let certificates = certificates.map(|set| read_set(&set)).transpose()?;
        fields.finish()?;
        let encryption = match (key, certificates) {
            (Some(key), Some(certificates)) => Some(Encryption { certificates, key }),
            (None, None) => None,
            _ => return Err(Error::malformed(WHAT, "加密证书和加密私钥必须同时出现")),
        };
        Ok(Self { sign_certificates, encryption })
    }

    /// Opens the answer with the applicant's signing key: one certificate must be for that
    /// key, and the enveloped key must fit an encryption certificate.
    ///
    /// # Errors
    /// When the answer is for someone else, or does not fit together.
    pub fn open(&self, signing_private: &PrivateKey) -> Result<Opened, Error> {
        let own = signing_private.public_key();
        let sign_certificate = certificate_for(&self.sign_certificates, own)
            .ok_or(Error::malformed(WHAT, "签名证书中的公钥不是申请人的公钥"))?;
        let encryption = match &self.encryption {
            None => None,
            Some(encryption) => {
                let private = envelope::unwrap(&encryption.key, signing_private)?;
                let certificate =
                    certificate_for(&encryption.certificates, private.public_key())
                        .ok_or(Error::malformed(WHAT, "加密证书中的公钥与加密私钥不成对"))?;
                Some((certificate, private))
            }
        };
        Ok(Opened { sign_certificate, encryption })
    }
}

fn certificate_for(certificates: &[Certificate], key: &PublicKey) -> Option<Certificate> {
    certificates.iter().find(|certificate| certificate.public_key().as_ref() == Ok(key)).cloned()
}

/// A `CertificateSet`: not empty, in DER order also under the implicit tag.
fn read_set(set: &Tlv<'_>) -> Result<Vec<Certificate>, Error> {
    let (mut reader, mut certificates) = (set.reader(), Vec::new());
    let mut previous: &[u8] = &[];
    while !reader.is_empty() {
        let element = reader.read()?;
        if element.raw() < previous {
            return Err(element.defect(Defect::SetOrder));
        }
        previous = element.raw();
        certificates.push(Certificate::from_der(element.raw())?);
    }
    if certificates.is_empty() {
        return Err(Error::malformed(WHAT, "证书集合为空"));
    }
    Ok(certificates)
}

/// The key under `[0]`: implicit, or explicit around a whole SEQUENCE. The first element of
/// the implicit form is a SEQUENCE as well, but is followed by more.
fn read_key(content: Reader<'_>) -> Result<EnvelopedKey, Error> {
    let mut probe = content.clone();
    let first = probe.expect(Tag::SEQUENCE)?;
    envelope::read_fields(if probe.is_empty() { first.reader() } else { content })
}
