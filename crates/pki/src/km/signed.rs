//! The signed frame that requests and answers share.

use gm::{PublicKey, Signature, UserId};

use super::{WHAT, field};
use crate::error::Error;
use crate::oid;
use crate::strict::{self, Limits, Reader, Writer};

/// Largest message: 64 requests with generous names need a tenth of it.
const LIMITS: Limits = Limits::of(WHAT, 256 * 1024);

/// What stands inside a signed frame.
pub trait Body: Sized {
    /// Reads the content.
    ///
    /// # Errors
    /// When it is not this structure.
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error>;

    /// Writes the whole element.
    fn write(&self, writer: &mut Writer);
}

/// A body with its signature and the very bytes that were signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed<B> {
    body: B,
    body_der: Vec<u8>,
    signature: Signature,
}

impl<B: Body> Signed<B> {
    /// Encodes the body and has it signed by `sign`, which gets the bytes of the body.
    ///
    /// # Errors
    /// Those of `sign`.
    pub fn sign<E>(body: B, sign: impl FnOnce(&[u8]) -> Result<Signature, E>) -> Result<Self, E> {
        let body_der = Writer::build(|w| body.write(w));
        let signature = sign(&body_der)?;
        Ok(Self { body, body_der, signature })
    }

    /// Reads strict DER. The signature is not verified yet.
    ///
    /// # Errors
    /// When the bytes are not DER, or not this structure.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        strict::check(der, &LIMITS)?;
        let mut frame = Reader::sequence_of(der)?;
        let mut elements = frame.clone();
        let body_der = elements.read()?.raw().to_vec();
        let body = B::read(&mut frame)?;
        signature_algorithm(field::algorithm(&mut frame)?)?;
        let signature = Signature::from_der(frame.octet_string()?)
            .map_err(|_| Error::malformed(WHAT, "签名值不是 GM/T 0009 的 SM2 签名"))?;
        frame.finish()?;
        Ok(Self { body, body_der, signature })
    }

    /// The message.
    #[must_use]
    pub fn to_der(&self) -> Vec<u8> {
        Writer::build(|w| {
            w.sequence(|w| {
                w.raw(&self.body_der);
                field::write_algorithm(w, &oid::SM2_WITH_SM3);
                w.octet_string(&self.signature.to_der());
            });
        })
    }

    /// Verifies the signature over the original bytes of the body.
    ///
    /// # Errors
    /// [`Error::Signature`].
    pub fn verify(&self, key: &PublicKey, id: &UserId) -> Result<&B, Error> {
        gm::sm2::verify(key, id, &self.body_der, &self.signature)
            .map_err(|_| Error::Signature { what: WHAT })?;
        Ok(&self.body)
    }

    /// The body. Nothing in it is authentic before [`Signed::verify`].
    #[must_use]
    pub const fn body(&self) -> &B {
        &self.body
    }

    /// The bytes that were signed.
    #[must_use]
    pub fn body_der(&self) -> &[u8] {
        &self.body_der
    }
}

/// SM2 with SM3 as 501; two of the implementations write the SM2 signature identifier.
fn signature_algorithm(found: crate::Oid) -> Result<(), Error> {
    if [oid::SM2_WITH_SM3, oid::SM2_SIGN].contains(&found) {
        Ok(())
    } else {
        Err(Error::Algorithm { what: WHAT, oid: found.to_string() })
    }
}
