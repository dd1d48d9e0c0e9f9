//! `EnvelopedData` (GM/T 0010 §9).

use gm::{Ciphertext, Random};
use zeroize::Zeroizing;

use super::content::{self, EncryptedContent};
use super::parts::{Holder, read_version, unwrap, wrap};
use super::recipient::{RecipientInfo, read_recipients, seal_all};
use crate::{Certificate, Error, oid};

/// Content encrypted to one or more recipients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvelopedData {
    recipients: Vec<RecipientInfo>,
    content: EncryptedContent,
}

impl EnvelopedData {
    /// Encrypts `content` to the keys of these certificates and yields the message.
    ///
    /// # Errors
    /// When there is no recipient, one has no SM2 key, or there is no randomness.
    pub fn seal(
        content: &[u8],
        recipients: &[&Certificate],
        rng: &mut dyn Random,
    ) -> Result<Vec<u8>, Error> {
        let (key, content) = content::seal(content, rng)?;
        let recipients = seal_all(recipients, &key, rng)?;
        Ok(wrap(&oid::GM_ENVELOPED_DATA, |w| {
            w.uint(1);
            w.set_of(recipients);
            content.write(w);
        }))
    }

    /// Reads a message.
    ///
    /// # Errors
    /// When it is not strict DER, or another kind of message.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        let mut fields = unwrap(der, &oid::GM_ENVELOPED_DATA)?;
        read_version(&mut fields)?;
        let recipients = read_recipients(&mut fields)?;
        let content = EncryptedContent::read(&mut fields)?;
        fields.finish()?;
        Ok(Self { recipients, content })
    }

    /// Names the certificates that it is encrypted to.
    pub fn recipients(&self) -> impl Iterator<Item = &Holder> {
        self.recipients.iter().map(|info| &info.holder)
    }

    /// Decrypts the content for one recipient; the closure decrypts the content key.
    ///
    /// # Errors
    /// When it is not for this recipient, or does not decrypt.
    pub fn open<E: From<Error>>(
        &self,
        recipient: &Holder,
        decrypt: impl FnOnce(&Ciphertext) -> Result<Zeroizing<Vec<u8>>, E>,
    ) -> Result<Zeroizing<Vec<u8>>, E> {
        self.content.open(&self.recipients, recipient, decrypt)
    }
}
