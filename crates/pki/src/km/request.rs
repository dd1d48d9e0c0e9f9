//! GM/T 0014 §5.2.3: what a CA asks.

use gm::PublicKey;
use jiff::Timestamp;

use super::entity::{EntityName, TaskNumber, time};
use super::{Body, WHAT, field};
use crate::error::Error;
use crate::oid::{self, Oid};
use crate::serial::Serial;
use crate::spki::Spki;
use crate::strict::{Reader, Tag, Writer};

/// ```text
/// KSRequest ::= SEQUENCE { version INTEGER, caName EntName, requestList SEQUENCE OF Request,
///                          requestTime GeneralizedTime, taskNO INTEGER }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KsRequest {
    /// The CA that asks.
    pub ca: EntityName,
    /// What it asks, one or more.
    pub requests: Vec<Request>,
    /// When.
    pub time: Timestamp,
    /// Number of the task, used once.
    pub task: TaskNumber,
}

/// `Request ::= CHOICE { applykeyreq [0], restorekeyreq [1], revokekeyreq [2] }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// An encryption pair for a new certificate.
    Apply(ApplyKey),
    /// The private key once more, to a new signing key.
    Restore(RestoreKey),
    /// The certificate was revoked.
    Revoke(RevokeKey),
}

/// The algorithms in which the private key is to come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplyAlgorithms {
    /// Encrypts the symmetric key.
    pub asymmetric: Oid,
    /// Encrypts the private key.
    pub symmetric: Oid,
    /// Digest of the signature.
    pub hash: Oid,
}

/// `ApplyKeyReq`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplyKey {
    /// Kind of pair: SM2.
    pub key_type: Oid,
    /// Its size in bits: 256.
    pub key_bits: u64,
    /// How the private key comes back.
    pub reply: ReplyAlgorithms,
    /// For whom.
    pub user: ApplyUser,
}

/// `AppUserInfo`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplyUser {
    /// Serial of the future encryption certificate.
    pub cert_serial: Serial,
    /// The subscriber's signing key.
    pub signing_key: Spki,
    /// Validity of the future certificate.
    pub not_before: Timestamp,
    /// Its end.
    pub not_after: Timestamp,
    /// The subscriber's name.
    pub user_name: Option<Vec<u8>>,
    /// `dsCode`: meaning by agreement.
    pub ds_code: Option<Vec<u8>>,
    /// `extendInfo`: meaning by agreement.
    pub extend_info: Option<Vec<u8>>,
}

/// `RestoreKeyReq`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoreKey {
    /// How the private key comes back.
    pub reply: ReplyAlgorithms,
    /// Serial of the encryption certificate.
    pub cert_serial: Serial,
    /// The subscriber's new signing key.
    pub signing_key: Spki,
}

/// `RevokeKeyReq`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokeKey {
    /// Serial of the encryption certificate.
    pub cert_serial: Serial,
}

impl ReplyAlgorithms {
    /// SM2 encryption, SM4, SM3: the only ones a KM of ours answers in.
    pub const SM: Self = Self { asymmetric: oid::SM2_ENCRYPT, symmetric: oid::SM4, hash: oid::SM3 };

    /// Whether they are SM2, SM4 (without mode or ECB) and SM3.
    #[must_use]
    pub fn are_sm(&self) -> bool {
        [oid::SM2_ENCRYPT, oid::SM2].contains(&self.asymmetric)
            && [oid::SM4, oid::SM4_ECB].contains(&self.symmetric)
            && self.hash == oid::SM3
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            asymmetric: field::algorithm(reader)?,
            symmetric: field::algorithm(reader)?,
            hash: field::algorithm(reader)?,
        })
    }

    fn write(&self, writer: &mut Writer) {
        for oid in [&self.asymmetric, &self.symmetric, &self.hash] {
            field::write_algorithm(writer, oid);
        }
    }
}

impl ApplyKey {
    /// A request for a 256-bit SM2 pair, answered in SM2, SM4 and SM3.
    #[must_use]
    pub const fn sm2(user: ApplyUser) -> Self {
        Self { key_type: oid::SM2, key_bits: 256, reply: ReplyAlgorithms::SM, user }
    }

    /// Whether it asks for what exists: SM2, 256 bits, answered in the SM algorithms.
    #[must_use]
    pub fn is_sm2(&self) -> bool {
        [oid::SM2, oid::EC_PUBLIC_KEY].contains(&self.key_type)
            && self.key_bits == 256
            && self.reply.are_sm()
    }

    fn read(mut fields: Reader<'_>) -> Result<Self, Error> {
        let request = Self {
            key_type: field::algorithm(&mut fields)?,
            key_bits: fields.uint()?,
            reply: ReplyAlgorithms::read(&mut fields)?,
            user: ApplyUser::read(&mut fields)?,
        };
        fields.finish()?;
        Ok(request)
    }

    fn write(&self, writer: &mut Writer) {
        field::write_algorithm(writer, &self.key_type);
        writer.uint(self.key_bits);
        self.reply.write(writer);
        self.user.write(writer);
    }
}

impl ApplyUser {
    /// The signing key as an SM2 key.
    ///
    /// # Errors
    /// When it is another kind of key, or no point of the curve.
    pub fn sm2_key(&self) -> Result<PublicKey, Error> {
        self.signing_key.public_key()
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut fields = reader.sequence()?;
        let user = Self {
            cert_serial: Serial::from_integer(fields.integer()?)?,
            signing_key: Spki::read(&mut fields)?,
            not_before: time(&mut fields)?,
            not_after: time(&mut fields)?,
            user_name: field::optional_octets(&mut fields, 0)?,
            ds_code: field::optional_octets(&mut fields, 1)?,
            extend_info: field::optional_octets(&mut fields, 2)?,
        };
        fields.finish()?;
        Ok(user)
    }

    fn write(&self, writer: &mut Writer) {
        writer.sequence(|w| {
            w.unsigned(self.cert_serial.as_bytes());
            w.raw(self.signing_key.der());
            w.generalized_time(self.not_before);
            w.generalized_time(self.not_after);
            if let Some(name) = &self.user_name {
                w.explicit(0, |w| w.octet_string(name));
            }
            if let Some(code) = &self.ds_code {
                w.explicit(1, |w| field::write_text(w, code));
            }
            if let Some(info) = &self.extend_info {
                w.explicit(2, |w| field::write_text(w, info));
            }
        });
    }
}

impl RestoreKey {
    fn read(mut fields: Reader<'_>) -> Result<Self, Error> {
        let request = Self {
            reply: ReplyAlgorithms::read(&mut fields)?,
            cert_serial: Serial::from_integer(fields.integer()?)?,
            signing_key: Spki::read(&mut fields)?,
        };
        fields.finish()?;
        Ok(request)
    }

    fn write(&self, writer: &mut Writer) {
        self.reply.write(writer);
        writer.unsigned(self.cert_serial.as_bytes());
        writer.raw(self.signing_key.der());
    }
}

impl Request {
    /// The certificate serial that it is about.
    #[must_use]
    pub const fn cert_serial(&self) -> &Serial {
        match self {
            Self::Apply(apply) => &apply.user.cert_serial,
            Self::Restore(restore) => &restore.cert_serial,
            Self::Revoke(revoke) => &revoke.cert_serial,
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let tlv = reader.read()?;
        let mut fields = field::alternative(&tlv)?;
        if tlv.tag() == Tag::context_constructed(0) {
            return ApplyKey::read(fields).map(Self::Apply);
        }
        if tlv.tag() == Tag::context_constructed(1) {
            return RestoreKey::read(fields).map(Self::Restore);
        }
        if tlv.tag() != Tag::context_constructed(2) {
            return Err(Error::malformed(WHAT, "请求种类不是申请、恢复或撤销"));
        }
        let cert_serial = Serial::from_integer(fields.integer()?)?;
        fields.finish()?;
        Ok(Self::Revoke(RevokeKey { cert_serial }))
    }

    fn write(&self, writer: &mut Writer) {
        match self {
            Self::Apply(apply) => writer.explicit(0, |w| apply.write(w)),
            Self::Restore(restore) => writer.explicit(1, |w| restore.write(w)),
            Self::Revoke(revoke) => {
                writer.explicit(2, |w| w.unsigned(revoke.cert_serial.as_bytes()));
            }
        }
    }
}

impl Body for KsRequest {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut fields = reader.sequence()?;
        field::version(&mut fields)?;
        let ca = EntityName::read(&mut fields)?;
        let mut list = fields.sequence()?;
        let mut requests = Vec::new();
        while !list.is_empty() {
            requests.push(Request::read(&mut list)?);
        }
        let (time, task) = (time(&mut fields)?, TaskNumber::read(&mut fields)?);
        fields.finish()?;
        Ok(Self { ca, requests, time, task })
    }

    fn write(&self, writer: &mut Writer) {
        writer.sequence(|w| {
            w.uint(1);
            self.ca.write(w);
            w.sequence(|w| self.requests.iter().for_each(|request| request.write(w)));
            w.generalized_time(self.time);
            self.task.write(w);
        });
    }
}
