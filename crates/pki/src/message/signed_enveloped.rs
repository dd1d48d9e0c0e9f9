//! `SignedAndEnvelopedData` (GM/T 0010 §10): signed, and encrypted to its recipients.
//!
//! The signature covers the content in the clear and travels in the clear, as all deployed
//! implementations have it (PKCS#7 1.5 would encrypt the digest once more).

use gm::{Ciphertext, Digest, Random, Signature, UserId};
use zeroize::Zeroizing;

use super::content::{self, EncryptedContent};
use super::parts::{
    Holder, read_bags, read_digests, read_version, unwrap, wrap, write_certificates, write_digests,
};
use super::recipient::{RecipientInfo, read_recipients, seal_all};
use super::signer::{SignerInfo, Signing, read_signers, verify_all};
use crate::{Certificate, Error, oid};

/// Signed content, encrypted to one or more recipients.
#[derive(Debug, Clone)]
pub struct SignedAndEnvelopedData {
    recipients: Vec<RecipientInfo>,
    content: EncryptedContent,
    certificates: Vec<Certificate>,
    lists: Vec<Vec<u8>>,
    signers: Vec<SignerInfo>,
}

impl SignedAndEnvelopedData {
    /// Signs `content` through the closure, encrypts it to the keys of these certificates,
    /// and yields the message.
    ///
    /// # Errors
    /// As [`SignedData::sign`](super::SignedData::sign) and
    /// [`EnvelopedData::seal`](super::EnvelopedData::seal).
    pub fn seal<E: From<Error>>(
        content: &[u8],
        signing: &Signing<'_>,
        recipients: &[&Certificate],
        rng: &mut dyn Random,
        sign: impl FnOnce(&Digest) -> Result<Signature, E>,
    ) -> Result<Vec<u8>, E> {
        let signer = signing.sign(content, sign)?;
        let (key, content) = content::seal(content, rng)?;
        let recipients = seal_all(recipients, &key, rng)?;
        Ok(wrap(&oid::GM_SIGNED_AND_ENVELOPED_DATA, |w| {
            w.uint(1);
            w.set_of(recipients);
            write_digests(w);
            content.write(w);
            write_certificates(w, std::slice::from_ref(signing.certificate));
            w.set_of(vec![signer]);
        }))
    }

    /// Reads a message.
    ///
    /// # Errors
    /// When it is not strict DER, or another kind of message.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        let mut fields = unwrap(der, &oid::GM_SIGNED_AND_ENVELOPED_DATA)?;
        read_version(&mut fields)?;
        let recipients = read_recipients(&mut fields)?;
        read_digests(&mut fields)?;
        let content = EncryptedContent::read(&mut fields)?;
        let (certificates, lists) = read_bags(&mut fields)?;
        let signers = read_signers(&mut fields)?;
        fields.finish()?;
        Ok(Self { recipients, content, certificates, lists, signers })
    }

    /// Names the certificates that it is encrypted to.
    pub fn recipients(&self) -> impl Iterator<Item = &Holder> {
        self.recipients.iter().map(|info| &info.holder)
    }

    /// The certificates that came along.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// DER of the revocation lists that came along.
    pub fn lists(&self) -> &[Vec<u8>] {
        &self.lists
    }

    /// Decrypts the content for one recipient, verifies every signature over it, and returns
    /// it with the certificates of the signers, whose paths remain to be checked. `known`
    /// are certificates of signers besides those that came along.
    ///
    /// # Errors
    /// When it is not for this recipient, does not decrypt, or a signature is wrong.
    pub fn open<E: From<Error>>(
        &self,
        recipient: &Holder,
        known: &[Certificate],
        id: &UserId,
        decrypt: impl FnOnce(&Ciphertext) -> Result<Zeroizing<Vec<u8>>, E>,
    ) -> Result<(Zeroizing<Vec<u8>>, Vec<Certificate>), E> {
        let content = self.content.open(&self.recipients, recipient, decrypt)?;
        let certificates = [&self.certificates, known].concat();
        let signers = verify_all(&self.signers, &content, &certificates, id)?;
        Ok((content, signers))
    }
}
