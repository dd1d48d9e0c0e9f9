//! `RecipientInfo`: the content key for one recipient (GM/T 0010 §9).

use gm::{Ciphertext, Random, sm2};

use super::parts::{Holder, elements, read_version};
use super::signer::known;
use super::{WHAT, bad};
use crate::spki::AlgorithmIdentifier;
use crate::strict::{Reader, Tag, Tlv, Writer};
use crate::{Certificate, Error, oid};

/// A content key encrypted to one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RecipientInfo {
    pub(super) holder: Holder,
    pub(super) key: Ciphertext,
}

impl RecipientInfo {
    pub(super) fn seal(
        recipient: &Certificate,
        key: &[u8; 16],
        rng: &mut dyn Random,
    ) -> Result<Self, Error> {
        let cipher = sm2::encrypt(&recipient.public_key()?, key, rng);
        let key = cipher.map_err(|_| Error::Internal("随机数或密码运算不可用"))?;
        Ok(Self { holder: Holder::of(recipient), key })
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        Writer::build(|w| {
            w.sequence(|w| {
                w.uint(1);
                self.holder.write(w);
                AlgorithmIdentifier::bare(oid::SM2_ENCRYPT).write(w);
                w.octet_string(&self.key.to_der());
            });
        })
    }

    fn read(element: &Tlv<'_>) -> Result<Self, Error> {
        let mut outer = Reader::new(element.raw());
        let mut fields = outer.sequence()?;
        read_version(&mut fields)?;
        let holder = Holder::read(&mut fields)?;
        known(&AlgorithmIdentifier::read(&mut fields)?, &[oid::SM2_ENCRYPT, oid::SM2])?;
        let key = Ciphertext::from_der(fields.octet_string()?)
            .map_err(|_| Error::malformed(WHAT, "内容密钥的密文不是 SM2 密文"))?;
        fields.finish()?;
        Ok(Self { holder, key })
    }
}

pub(super) fn seal_all(
    recipients: &[&Certificate],
    key: &[u8; 16],
    rng: &mut dyn Random,
) -> Result<Vec<Vec<u8>>, Error> {
    if recipients.is_empty() {
        return Err(bad("没有接收者"));
    }
    let seal = |recipient: &&Certificate| Ok(RecipientInfo::seal(recipient, key, rng)?.encode());
    recipients.iter().map(seal).collect()
}

pub(super) fn read_recipients(reader: &mut Reader<'_>) -> Result<Vec<RecipientInfo>, Error> {
    let set = reader.expect(Tag::SET)?;
    let recipients = elements(&set)?.iter().map(RecipientInfo::read).collect::<Result<Vec<_>, _>>();
    match recipients {
        Ok(empty) if empty.is_empty() => Err(bad("没有接收者")),
        other => other,
    }
}
