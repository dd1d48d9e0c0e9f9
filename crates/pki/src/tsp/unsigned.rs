//! Making a token: what is to be said becomes octets to be signed, and with the signature the
//! `ContentInfo` that goes out.

use gm::{Digest, PublicKey, Signature, UserId, sm2, sm3};
use jiff::Timestamp;

use super::info::truncated;
use super::token::Format;
use super::{Accuracy, Defect, Request, TstInfo, WHAT, ess, is_time_stamping};
use crate::ext::GeneralName;
use crate::message::Holder;
use crate::spki::AlgorithmIdentifier;
use crate::strict::{Tag, Writer};
use crate::{Certificate, Error, Oid, Serial, oid};

/// A token before it is encoded.
#[derive(Debug, Clone)]
pub struct Draft<'a> {
    /// What is answered: imprint, nonce, and whether the certificate comes along.
    pub request: &'a Request,
    /// Whose key signs.
    pub certificate: &'a Certificate,
    /// The object identifiers around the content.
    pub format: Format,
    /// The policy under which it is issued.
    pub policy: Oid,
    /// Used for no other token, ever.
    pub serial: Serial,
    /// What time it is.
    pub at: Timestamp,
    /// Digits of a second that are given.
    pub digits: u8,
    /// How exact the time is.
    pub accuracy: Option<Accuracy>,
    /// Whether the certificate is named by SHA-1 too, as GM/T 0033 and old clients have it.
    pub is_named_by_sha1: bool,
}

impl Draft<'_> {
    /// Encodes what is signed.
    ///
    /// # Errors
    /// When the certificate is none for timestamps, or not valid at this time.
    pub fn encode(&self) -> Result<UnsignedToken, Error> {
        if !is_time_stamping(self.certificate) {
            return Err(Defect::Purpose.into());
        }
        if !self.certificate.is_valid_at(self.at) {
            return Err(Defect::CertificateExpired.into());
        }
        let info = TstInfo {
            policy: self.policy,
            imprint: self.request.imprint().clone(),
            serial: self.serial,
            gen_time: truncated(self.at, self.digits),
            accuracy: self.accuracy,
            ordering: false,
            nonce: self.request.nonce().cloned(),
            authority: Some(GeneralName::Directory(self.certificate.subject().clone())),
        };
        let content = info.encode();
        let attributes = self.attributes(&content);
        Ok(UnsignedToken {
            signed: Writer::build(|w| w.set_of(attributes.clone())),
            attributes,
            content,
            info,
            format: self.format,
            certificate: self.certificate.clone(),
            carries_certificate: self.request.wants_certificate(),
        })
    }

    fn attributes(&self, content: &[u8]) -> Vec<Vec<u8>> {
        let (certificate, digest) = (self.certificate, sm3::hash(content));
        let mut attributes = vec![
            attribute(&oid::CONTENT_TYPE, |w| w.oid(&oid::TST_INFO)),
            attribute(&oid::MESSAGE_DIGEST, |w| w.octet_string(digest.as_bytes())),
            attribute(&oid::SIGNING_CERTIFICATE_V2, |w| ess::write_second(w, certificate)),
        ];
        if self.is_named_by_sha1 {
            attributes
                .push(attribute(&oid::SIGNING_CERTIFICATE, |w| ess::write_first(w, certificate)));
        }
        attributes
    }
}

fn attribute(id: &Oid, value: impl FnOnce(&mut Writer)) -> Vec<u8> {
    Writer::build(|w| {
        w.sequence(|w| {
            w.oid(id);
            w.nested(Tag::SET, value);
        });
    })
}

/// A token that lacks only its signature.
#[derive(Debug, Clone)]
pub struct UnsignedToken {
    info: TstInfo,
    content: Vec<u8>,
    attributes: Vec<Vec<u8>>,
    signed: Vec<u8>,
    format: Format,
    certificate: Certificate,
    carries_certificate: bool,
}

impl UnsignedToken {
    /// What it says.
    pub fn info(&self) -> &TstInfo {
        &self.info
    }

    /// The octets that are signed: the attributes as a SET.
    pub fn signed_der(&self) -> &[u8] {
        &self.signed
    }

    /// `e = SM3(Z ‖ attributes)` for the authority's key.
    pub fn digest(&self, key: &PublicKey, id: &UserId) -> Digest {
        sm2::digest(key, id, &self.signed)
    }

    /// Verifies the signature with the key of the certificate and yields the whole token.
    ///
    /// # Errors
    /// When the signature does not verify.
    pub fn assemble(&self, id: &UserId, signature: &Signature) -> Result<Vec<u8>, Error> {
        let key = self.certificate.public_key()?;
        sm2::verify_digest(&key, &self.digest(&key, id), signature)
            .map_err(|_| Error::Signature { what: WHAT })?;
        let types = self.format.types();
        Ok(Writer::build(|w| {
            w.sequence(|w| {
                w.oid(&types.signed_data);
                w.explicit(0, |w| w.sequence(|w| self.write_signed_data(w, signature)));
            });
        }))
    }

    fn write_signed_data(&self, w: &mut Writer, signature: &Signature) {
        w.uint(self.format.types().version);
        w.set_of(vec![Writer::build(|w| AlgorithmIdentifier::bare(oid::SM3).write(w))]);
        w.sequence(|w| {
            w.oid(&oid::TST_INFO);
            w.explicit(0, |w| w.octet_string(&self.content));
        });
        if self.carries_certificate {
            let certificates = vec![self.certificate.der().to_vec()];
            w.set_of_tagged(Tag::context_constructed(0), certificates);
        }
        w.set_of(vec![Writer::build(|w| self.write_signer(w, signature))]);
    }

    fn write_signer(&self, w: &mut Writer, signature: &Signature) {
        w.sequence(|w| {
            w.uint(1);
            Holder::of(&self.certificate).write(w);
            AlgorithmIdentifier::bare(oid::SM3).write(w);
            w.set_of_tagged(Tag::context_constructed(0), self.attributes.clone());
            AlgorithmIdentifier::bare(self.format.types().signature).write(w);
            w.octet_string(&signature.to_der());
        });
    }
}
