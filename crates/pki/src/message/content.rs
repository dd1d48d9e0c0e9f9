//! `EncryptedContentInfo`: the content under SM4 (GM/T 0010 §9).

use gm::{Ciphertext, Random, sm4};
use zeroize::Zeroizing;

use super::bad;
use super::parts::Holder;
use super::recipient::RecipientInfo;
use crate::spki::AlgorithmIdentifier;
use crate::strict::{Reader, Tag, Writer};
use crate::{Error, oid};

/// How the content is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// With PKCS#7 padding.
    Cbc([u8; 16]),
    /// Whole blocks, no padding: how key centres send private keys. Read, never written.
    Ecb,
}

/// Encrypted content of type `data`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EncryptedContent {
    mode: Mode,
    octets: Vec<u8>,
}

/// A fresh content key and the content under it.
pub(super) fn seal(
    content: &[u8],
    rng: &mut dyn Random,
) -> Result<(Zeroizing<[u8; 16]>, EncryptedContent), Error> {
    let (mut key, mut iv) = (Zeroizing::new([0; 16]), [0; 16]);
    let failed = |_| Error::Internal("随机数不可用");
    rng.fill(&mut *key).map_err(failed)?;
    rng.fill(&mut iv).map_err(failed)?;
    let octets = sm4::cbc_encrypt(&key, &iv, content);
    Ok((key, EncryptedContent { mode: Mode::Cbc(iv), octets }))
}

impl EncryptedContent {
    pub(super) fn write(&self, w: &mut Writer) {
        w.sequence(|w| {
            w.oid(&oid::GM_DATA);
            w.sequence(|w| match self.mode {
                Mode::Cbc(iv) => {
                    w.oid(&oid::SM4_CBC);
                    w.octet_string(&iv);
                }
                Mode::Ecb => w.oid(&oid::SM4_ECB),
            });
            w.implicit(0, &self.octets);
        });
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut fields = reader.sequence()?;
        if fields.oid()? != oid::GM_DATA {
            return Err(bad("加密内容的类型不是数据"));
        }
        let mode = read_mode(&AlgorithmIdentifier::read(&mut fields)?)?;
        let octets = fields.expect(Tag::context(0))?.value().to_vec();
        // sharedInfo of GM/T 0010, which no algorithm here uses.
        fields.optional(Tag::context(1))?;
        fields.optional(Tag::context(2))?;
        fields.finish()?;
        Ok(Self { mode, octets })
    }

    /// Finds the recipient's content key, has it decrypted by the closure, and decrypts. All
    /// failures look alike, so that nobody learns where it failed.
    pub(super) fn open<E: From<Error>>(
        &self,
        recipients: &[RecipientInfo],
        recipient: &Holder,
        decrypt: impl FnOnce(&Ciphertext) -> Result<Zeroizing<Vec<u8>>, E>,
    ) -> Result<Zeroizing<Vec<u8>>, E> {
        let info = recipients.iter().find(|info| info.holder == *recipient);
        let key = decrypt(&info.ok_or(bad("不是发给此证书的"))?.key)?;
        let closed = || bad("无法解密");
        let key: &[u8; 16] = key.as_slice().try_into().map_err(|_| closed())?;
        let plain = match self.mode {
            Mode::Cbc(iv) => sm4::cbc_decrypt(key, &iv, &self.octets).map_err(|_| closed())?,
            Mode::Ecb => sm4::ecb_decrypt(key, &self.octets).map_err(|_| closed())?,
        };
        Ok(plain)
    }
}

fn read_mode(algorithm: &AlgorithmIdentifier) -> Result<Mode, Error> {
    match algorithm.oid {
        oid::SM4_CBC => {
            let mut parameters = Reader::new(algorithm.parameters.as_deref().unwrap_or_default());
            let iv =
                parameters.octet_string()?.try_into().map_err(|_| bad("初始向量不是 16 字节"))?;
            parameters.finish()?;
            Ok(Mode::Cbc(iv))
        }
        oid::SM4_ECB | oid::SM4 if algorithm.has_no_parameters() => Ok(Mode::Ecb),
        other => Err(Error::Algorithm { what: super::WHAT, oid: other.to_string() }),
    }
}
