//! `SignedData` (GM/T 0010 §8).

use gm::{Digest, Signature, UserId};

use super::bad;
use super::parts::{
    read_bags, read_digests, read_version, unwrap, wrap, write_certificates, write_digests,
};
use super::signer::{SignerInfo, Signing, read_signers, verify_all};
use crate::strict::{Reader, Writer};
use crate::{Certificate, Error, oid};

/// Content with its signatures.
#[derive(Debug, Clone)]
pub struct SignedData {
    content: Option<Vec<u8>>,
    certificates: Vec<Certificate>,
    lists: Vec<Vec<u8>>,
    signers: Vec<SignerInfo>,
}

impl SignedData {
    /// Signs `content` through the closure, which gets `e = SM3(Z ‖ …)` of the certificate's
    /// key, and yields the message. The content travels along.
    ///
    /// # Errors
    /// When the certificate has no SM2 key, the closure fails, or its signature is wrong.
    pub fn sign<E: From<Error>>(
        content: &[u8],
        signing: &Signing<'_>,
        sign: impl FnOnce(&Digest) -> Result<Signature, E>,
    ) -> Result<Vec<u8>, E> {
        let signer = signing.sign(content, sign)?;
        Ok(encode(Some(content), signing.certificate, signer))
    }

    /// As [`SignedData::sign`], for content that is kept elsewhere.
    ///
    /// # Errors
    /// As [`SignedData::sign`].
    pub fn sign_detached<E: From<Error>>(
        content: &[u8],
        signing: &Signing<'_>,
        sign: impl FnOnce(&Digest) -> Result<Signature, E>,
    ) -> Result<Vec<u8>, E> {
        let signer = signing.sign(content, sign)?;
        Ok(encode(None, signing.certificate, signer))
    }

    /// Reads a message.
    ///
    /// # Errors
    /// When it is not strict DER, or another kind of message.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        let mut fields = unwrap(der, &oid::GM_SIGNED_DATA)?;
        read_version(&mut fields)?;
        read_digests(&mut fields)?;
        let content = read_content(fields.sequence()?)?;
        let (certificates, lists) = read_bags(&mut fields)?;
        let signers = read_signers(&mut fields)?;
        fields.finish()?;
        Ok(Self { content, certificates, lists, signers })
    }

    /// The content; `None` when it is kept elsewhere. Not to be believed before
    /// [`SignedData::verify`].
    pub fn content(&self) -> Option<&[u8]> {
        self.content.as_deref()
    }

    /// The certificates that came along.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// DER of the revocation lists that came along.
    pub fn lists(&self) -> &[Vec<u8>] {
        &self.lists
    }

    /// The signatures.
    pub fn signers(&self) -> &[SignerInfo] {
        &self.signers
    }

    /// Verifies every signature and returns the certificates of the signers, whose paths and
    /// status remain to be checked. `detached` is the content when the message has none.
    ///
    /// # Errors
    /// When there is no content, no signature, no certificate of a signer, or a signature
    /// is wrong.
    pub fn verify(&self, detached: Option<&[u8]>, id: &UserId) -> Result<Vec<Certificate>, Error> {
        let content = match (&self.content, detached) {
            (Some(content), None) => content,
            (None, Some(content)) => content,
            (Some(_), Some(_)) => return Err(bad("消息已带有内容")),
            (None, None) => return Err(bad("没有内容")),
        };
        verify_all(&self.signers, content, &self.certificates, id)
    }
}

fn encode(content: Option<&[u8]>, certificate: &Certificate, signer: Vec<u8>) -> Vec<u8> {
    wrap(&oid::GM_SIGNED_DATA, |w: &mut Writer| {
        w.uint(1);
        write_digests(w);
        w.sequence(|w| {
            w.oid(&oid::GM_DATA);
            if let Some(content) = content {
                w.explicit(0, |w| w.octet_string(content));
            }
        });
        write_certificates(w, std::slice::from_ref(certificate));
        w.set_of(vec![signer]);
    })
}

fn read_content(mut info: Reader<'_>) -> Result<Option<Vec<u8>>, Error> {
    if info.oid()? != oid::GM_DATA {
        return Err(bad("签名内容的类型不是数据"));
    }
    let content = match info.explicit(0)? {
        Some(mut inner) => {
            let octets = inner.octet_string()?.to_vec();
            inner.finish()?;
            Some(octets)
        }
        None => None,
    };
    info.finish()?;
    Ok(content)
}
