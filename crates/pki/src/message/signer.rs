//! `SignerInfo`: one signature of a message (GM/T 0010 §8).

use gm::{Digest, Signature, UserId, sm2, sm3};
use jiff::Timestamp;

use super::parts::{Holder, elements, read_version};
use super::{WHAT, bad};
use crate::spki::AlgorithmIdentifier;
use crate::strict::{Reader, Tag, Tlv, Writer};
use crate::{Certificate, Error, Oid, oid};

/// PKCS#9 signing time.
const SIGNING_TIME: Oid = Oid::new("1.2.840.113549.1.9.5");

/// Who signs, and how.
#[derive(Debug, Clone, Copy)]
pub struct Signing<'a> {
    /// Certificate of the signing key; it travels with the message.
    pub certificate: &'a Certificate,
    /// User ID of the signature.
    pub id: &'a UserId,
    /// With a time, signed attributes are written and the signature covers them;
    /// without, it covers the content itself.
    pub at: Option<Timestamp>,
}

impl Signing<'_> {
    /// Signs `content` through the closure, which is given `e`.
    pub(super) fn sign<E: From<Error>>(
        &self,
        content: &[u8],
        sign: impl FnOnce(&Digest) -> Result<Signature, E>,
    ) -> Result<Vec<u8>, E> {
        let key = self.certificate.public_key()?;
        let attributes = self.at.map(|at| signed_attributes(content, at));
        let e = match &attributes {
            Some(attributes) => sm2::digest(&key, self.id, &set_of(attributes.clone())),
            None => sm2::digest(&key, self.id, content),
        };
        let signature = sign(&e)?;
        sm2::verify_digest(&key, &e, &signature).map_err(|_| Error::Signature { what: WHAT })?;
        Ok(self.encode(attributes, &signature))
    }

    fn encode(&self, attributes: Option<Vec<Vec<u8>>>, signature: &Signature) -> Vec<u8> {
        Writer::build(|w| {
            w.sequence(|w| {
                w.uint(1);
                Holder::of(self.certificate).write(w);
                AlgorithmIdentifier::bare(oid::SM3).write(w);
                if let Some(attributes) = attributes {
                    w.set_of_tagged(Tag::context_constructed(0), attributes);
                }
                AlgorithmIdentifier::bare(oid::SM2_SIGN).write(w);
                w.octet_string(&signature.to_der());
            });
        })
    }
}

fn set_of(elements: Vec<Vec<u8>>) -> Vec<u8> {
    Writer::build(|w| w.set_of(elements))
}

fn signed_attributes(content: &[u8], at: Timestamp) -> Vec<Vec<u8>> {
    let digest = sm3::hash(content);
    vec![
        attribute(&oid::CONTENT_TYPE, |w| w.oid(&oid::GM_DATA)),
        attribute(&SIGNING_TIME, |w| w.time(at)),
        attribute(&oid::MESSAGE_DIGEST, |w| w.octet_string(digest.as_bytes())),
    ]
}

fn attribute(id: &Oid, value: impl FnOnce(&mut Writer)) -> Vec<u8> {
    Writer::build(|w| {
        w.sequence(|w| {
            w.oid(id);
            w.nested(Tag::SET, value);
        });
    })
}

/// One signature as it was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignerInfo {
    holder: Holder,
    /// DER of the attributes as a SET, which is what is signed.
    attributes: Option<Vec<u8>>,
    at: Option<Timestamp>,
    digest: Option<Vec<u8>>,
    signature: Signature,
}

impl SignerInfo {
    pub(super) fn read(element: &Tlv<'_>) -> Result<Self, Error> {
        let mut outer = Reader::new(element.raw());
        let mut fields = outer.sequence()?;
        read_version(&mut fields)?;
        let holder = Holder::read(&mut fields)?;
        known(&AlgorithmIdentifier::read(&mut fields)?, &[oid::SM3])?;
        let attributes = fields.optional(Tag::context_constructed(0))?;
        let algorithm = AlgorithmIdentifier::read(&mut fields)?;
        known(&algorithm, &[oid::SM2_SIGN, oid::SM2_WITH_SM3, oid::SM2])?;
        let signature = read_signature(fields.octet_string()?)?;
        if let Some(unsigned) = fields.optional(Tag::context_constructed(1))? {
            elements(&unsigned)?;
        }
        fields.finish()?;
        let mut signer = Self { holder, attributes: None, at: None, digest: None, signature };
        if let Some(attributes) = attributes {
            signer.read_attributes(&attributes)?;
        }
        Ok(signer)
    }

    fn read_attributes(&mut self, attributes: &Tlv<'_>) -> Result<(), Error> {
        let mut content_type = None;
        for element in elements(attributes)? {
            let mut outer = Reader::new(element.raw());
            let mut fields = outer.sequence()?;
            let id = fields.oid()?;
            let mut values = fields.set()?;
            fields.finish()?;
            let fresh = match id {
                oid::CONTENT_TYPE => content_type.replace(values.oid()?).is_none(),
                oid::MESSAGE_DIGEST => {
                    self.digest.replace(values.octet_string()?.to_vec()).is_none()
                }
                SIGNING_TIME => self.at.replace(values.instant()?).is_none(),
                _ => continue,
            };
            values.finish()?;
            if !fresh {
                return Err(bad("签名属性重复"));
            }
        }
        if self.digest.is_none() || content_type != Some(oid::GM_DATA) {
            return Err(bad("签名属性缺少内容类型或内容杂凑值"));
        }
        let set = Writer::build(|w| w.tlv(Tag::SET, attributes.value()));
        self.attributes = Some(set);
        Ok(())
    }

    /// Names the signer's certificate.
    pub fn holder(&self) -> &Holder {
        &self.holder
    }

    /// When the signer says to have signed.
    pub fn at(&self) -> Option<Timestamp> {
        self.at
    }

    /// Verifies this signature over the content with the signer's certificate.
    ///
    /// # Errors
    /// When the content was changed, or the signature is of another key.
    pub fn verify(
        &self,
        content: &[u8],
        certificate: &Certificate,
        id: &UserId,
    ) -> Result<(), Error> {
        let wrong = || Error::Signature { what: WHAT };
        if !self.holder.is(certificate) {
            return Err(wrong());
        }
        let signed = match (&self.attributes, &self.digest) {
            (Some(attributes), Some(digest)) => {
                if digest.as_slice() != sm3::hash(content).as_bytes() {
                    return Err(wrong());
                }
                attributes
            }
            _ => content,
        };
        sm2::verify(&certificate.public_key()?, id, signed, &self.signature).map_err(|_| wrong())
    }
}

/// DER of SM2Signature, or raw `r ‖ s` as the table of the 2012 edition can be read.
fn read_signature(octets: &[u8]) -> Result<Signature, Error> {
    let wrong = |_| bad("签名值格式不对");
    match <&[u8; 64]>::try_from(octets) {
        // 64 octets could be DER only if both numbers had three leading zero octets.
        Ok(raw) => Signature::from_der(octets).or_else(|_| Signature::from_raw(raw)).map_err(wrong),
        Err(_) => Signature::from_der(octets).map_err(wrong),
    }
}

pub(super) fn known(algorithm: &AlgorithmIdentifier, allowed: &[Oid]) -> Result<(), Error> {
    if allowed.contains(&algorithm.oid) && algorithm.has_no_parameters() {
        return Ok(());
    }
    Err(Error::Algorithm { what: WHAT, oid: algorithm.oid.to_string() })
}

/// Finds the certificate of each signer and verifies every signature.
pub(super) fn verify_all(
    signers: &[SignerInfo],
    content: &[u8],
    certificates: &[Certificate],
    id: &UserId,
) -> Result<Vec<Certificate>, Error> {
    let verify = |signer: &SignerInfo| {
        let certificate = certificates.iter().find(|candidate| signer.holder.is(candidate));
        let certificate = certificate.ok_or(bad("没有签名者的证书"))?;
        signer.verify(content, certificate, id)?;
        Ok(certificate.clone())
    };
    if signers.is_empty() {
        return Err(bad("没有签名"));
    }
    signers.iter().map(verify).collect()
}

pub(super) fn read_signers(reader: &mut Reader<'_>) -> Result<Vec<SignerInfo>, Error> {
    let set = reader.expect(Tag::SET)?;
    elements(&set)?.iter().map(SignerInfo::read).collect()
}
