//! `retPriKey`: a private key as `SignedAndEnvelopedData` (GM/T 0010 §10).
//!
//! A key centre whose private keys never leave the device in the clear cannot sign the plaintext.
//! The signature here covers the DER of `encryptedContentInfo`, as a public key-management
//! implementation does: the CA can check it, and whoever changes the ciphertext is found out.
//! Since the whole answer is signed by the KM as well, nothing rests on this signature alone.
//!
//! The content is the bare 32-octet scalar under SM4-ECB, so that a CA can put it into
//! SM2EnvelopedKey (GM/T 0009 §7.4) or ENVELOPEDKEYBLOB (GM/T 0016) without opening it. On
//! reading, the 64-octet field of GM/T 0016 with the key in its right half is accepted too.

use std::borrow::Cow;

use gm::{Ciphertext, EnvelopedKey, PublicKey, Signature, UserId};

use super::field;
use crate::error::Error;
use crate::oid;
use crate::serial::Serial;
use crate::strict::{Defect, Reader, Tag, Writer};

/// Chinese name of the structure.
const WHAT: &str = "私钥数字信封";

/// `IssuerAndSerialNumber`: names a key by its certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// DER of the issuer's name.
    pub issuer: Vec<u8>,
    /// Serial of the certificate.
    pub serial: Serial,
}

/// An envelope before its signature.
#[derive(Debug, Clone)]
pub struct UnsignedEnvelope {
    content_info: Vec<u8>,
    recipient_info: Vec<u8>,
}

/// A private key in its envelope, as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivateKeyEnvelope {
    key_cipher: Ciphertext,
    encrypted_private_key: [u8; 32],
    content_info: Vec<u8>,
    signature: Signature,
}

impl UnsignedEnvelope {
    /// Puts an enveloped key into the message form, for the holder of `recipient`.
    #[must_use]
    pub fn new(key: &EnvelopedKey, recipient: &Holder) -> Self {
        let content_info = Writer::build(|w| {
            w.sequence(|w| {
                w.oid(&oid::GM_DATA);
                field::write_algorithm(w, &oid::SM4_ECB);
                w.implicit(0, &key.encrypted_private_key);
            });
        });
        let recipient_info = Writer::build(|w| {
            w.sequence(|w| {
                w.uint(1);
                recipient.write(w);
                field::write_algorithm(w, &oid::SM2_ENCRYPT);
                w.octet_string(&key.key_cipher.to_der());
            });
        });
        Self { content_info, recipient_info }
    }

    /// The bytes to sign: DER of `encryptedContentInfo`.
    #[must_use]
    pub fn signed_bytes(&self) -> &[u8] {
        &self.content_info
    }

    /// The finished structure.
    #[must_use]
    pub fn finish(&self, signer: &Holder, signature: &Signature) -> Vec<u8> {
        let digest = Writer::build(|w| field::write_algorithm(w, &oid::SM3));
        let signer_info = Writer::build(|w| {
            w.sequence(|w| {
                w.uint(1);
                signer.write(w);
                w.raw(&digest);
                field::write_algorithm(w, &oid::SM2_SIGN);
                w.octet_string(&signature.to_der());
            });
        });
        Writer::build(|w| {
            w.sequence(|w| {
                w.uint(1);
                w.set_of(vec![self.recipient_info.clone()]);
                w.set_of(vec![digest.clone()]);
                w.raw(&self.content_info);
                w.set_of(vec![signer_info]);
            });
        })
    }
}

impl PrivateKeyEnvelope {
    /// Reads the structure with one recipient and one signer.
    ///
    /// # Errors
    /// When it is another structure, or its content is no 32-octet key.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        let mut fields = Reader::sequence_of(der)?;
        require(fields.uint()? == 1, "版本号不是 1")?;
        let key_cipher = recipient(&mut only(fields.set()?)?)?;
        fields.set()?;
        let content = fields.expect(Tag::SEQUENCE)?;
        fields.explicit(0)?;
        fields.explicit(1)?;
        let signature = signer(&mut only(fields.set()?)?)?;
        fields.finish()?;
        Ok(Self {
            key_cipher,
            encrypted_private_key: encrypted_content(content.reader())?,
            content_info: content.raw().to_vec(),
            signature,
        })
    }

    /// Verifies that the KM signed this ciphertext.
    ///
    /// # Errors
    /// [`Error::Signature`].
    pub fn verify(&self, km: &PublicKey, id: &UserId) -> Result<(), Error> {
        gm::sm2::verify(km, id, &self.content_info, &self.signature)
            .map_err(|_| Error::Signature { what: WHAT })
    }

    /// The same key in the form of GM/T 0009, with its public half.
    #[must_use]
    pub fn into_enveloped(self, public_key: PublicKey) -> EnvelopedKey {
        EnvelopedKey {
            key_cipher: self.key_cipher,
            public_key,
            encrypted_private_key: self.encrypted_private_key,
        }
    }
}

impl Holder {
    fn write(&self, writer: &mut Writer) {
        writer.sequence(|w| {
            w.raw(&self.issuer);
            w.unsigned(self.serial.as_bytes());
        });
    }
}

/// The one SEQUENCE of a set.
fn only(mut set: Reader<'_>) -> Result<Reader<'_>, Error> {
    let inner = set.sequence()?;
    set.finish()?;
    Ok(inner)
}

/// `RecipientInfo`: the version is 1; one operating KM writes 0.
fn recipient(fields: &mut Reader<'_>) -> Result<Ciphertext, Error> {
    require(fields.uint()? <= 1, "接收者信息的版本号不是 1")?;
    fields.sequence()?;
    require(field::algorithm(fields)? == oid::SM2_ENCRYPT, "密钥加密算法不是 SM2")?;
    let encrypted = fields.octet_string()?;
    fields.finish()?;
    Ciphertext::from_der(&shortest(encrypted))
        .map_err(|_| Error::malformed(WHAT, "密钥密文不是 SM2 密文"))
}

/// An operating KM writes the length of SM2Cipher as `81 nn` where one octet would do.
fn shortest(cipher: &[u8]) -> Cow<'_, [u8]> {
    match cipher {
        [sequence @ 0x30, 0x81, length @ ..=0x7f, content @ ..] => {
            [&[*sequence, *length], content].concat().into()
        }
        _ => cipher.into(),
    }
}

/// `EncryptedContentInfo`: SM4 without mode means ECB here.
fn encrypted_content(mut fields: Reader<'_>) -> Result<[u8; 32], Error> {
    require(fields.oid()? == oid::GM_DATA, "内容类型不是数据")?;
    let algorithm = field::algorithm(&mut fields)?;
    require([oid::SM4, oid::SM4_ECB].contains(&algorithm), "内容加密算法不是 SM4-ECB")?;
    let content = fields.expect(Tag::context(0))?;
    fields.finish()?;
    let key = match content.value().len() {
        64 => content.value().last_chunk(),
        32 => content.value().first_chunk(),
        _ => None,
    };
    key.copied().ok_or(content.defect(Defect::UnexpectedTag))
}

/// `SignerInfo` without attributes.
fn signer(fields: &mut Reader<'_>) -> Result<Signature, Error> {
    require(fields.uint()? == 1, "签名者信息的版本号不是 1")?;
    fields.sequence()?;
    require(field::algorithm(fields)? == oid::SM3, "摘要算法不是 SM3")?;
    let algorithm = field::algorithm(fields)?;
    require([oid::SM2_SIGN, oid::SM2_WITH_SM3].contains(&algorithm), "签名算法不是 SM2")?;
    let signature = fields.octet_string()?;
    fields.finish()?;
    Signature::from_der(signature).map_err(|_| Error::malformed(WHAT, "签名值不是 SM2 签名"))
}

fn require(holds: bool, otherwise: &'static str) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(Error::malformed(WHAT, otherwise)) }
}
