//! GM/T 0014 §5.2.3: what a KM answers.

use jiff::Timestamp;

use super::entity::{EntityName, TaskNumber, time};
use super::{Body, WHAT, field};
use crate::error::Error;
use crate::serial::Serial;
use crate::spki::Spki;
use crate::strict::{Reader, Tag, Writer};

/// ```text
/// KSRespond ::= SEQUENCE { version INTEGER, kmName EntName, respondList SEQUENCE OF Respond,
///                          respondTime GeneralizedTime, taskNO INTEGER }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KsRespond {
    /// The KM that answers.
    pub km: EntityName,
    /// One answer to each request, in their order; or one error for the whole.
    pub responds: Vec<Respond>,
    /// When.
    pub time: Timestamp,
    /// Number of the task, echoed.
    pub task: TaskNumber,
}

/// `Respond ::= CHOICE { apply [0], restore [1], revoke [2], error [3] }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Respond {
    /// The pair that was applied for.
    Apply(RetKey),
    /// The restored key.
    Restore(RetKey),
    /// The pair of this certificate is in the history store.
    Revoke(Serial),
    /// A refusal.
    Error(ErrorPackage),
}

/// `RetKeyRespond ::= SEQUENCE { userCertNo, retPubKey, retPriKey }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetKey {
    /// Serial of the encryption certificate.
    pub cert_serial: Serial,
    /// The encryption public key.
    pub public_key: Spki,
    /// `SignedAndEnvelopedData` of GM/T 0010 with the private key: see
    /// [`super::PrivateKeyEnvelope`].
    pub private_key: Vec<u8>,
}

/// `ErrorPkgRespond ::= SEQUENCE { errNo INTEGER, errDesc [0] EXPLICIT … OPTIONAL }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorPackage {
    /// Number of the error.
    pub number: u64,
    /// Its text.
    pub text: Option<String>,
}

impl RetKey {
    fn read(mut fields: Reader<'_>) -> Result<Self, Error> {
        let cert_serial = Serial::from_integer(fields.integer()?)?;
        let public_key = Spki::read(&mut fields)?;
        let private_key = fields.expect(Tag::SEQUENCE)?.raw().to_vec();
        fields.finish()?;
        Ok(Self { cert_serial, public_key, private_key })
    }

    fn write(&self, writer: &mut Writer) {
        writer.unsigned(self.cert_serial.as_bytes());
        writer.raw(self.public_key.der());
        writer.raw(&self.private_key);
    }
}

impl ErrorPackage {
    fn read(mut fields: Reader<'_>) -> Result<Self, Error> {
        let number = fields.uint()?;
        let text = match fields.explicit(0)? {
            None => None,
            Some(mut inner) => Some(text(&mut inner)?),
        };
        fields.finish()?;
        Ok(Self { number, text })
    }

    fn write(&self, writer: &mut Writer) {
        writer.uint(self.number);
        if let Some(text) = &self.text {
            writer.explicit(0, |w| w.utf8_string(text));
        }
    }
}

/// errDesc: a string of any type, in one implementation wrapped in a SEQUENCE.
fn text(reader: &mut Reader<'_>) -> Result<String, Error> {
    if reader.peek() == Some(Tag::SEQUENCE) {
        let mut inner = reader.sequence()?;
        reader.finish()?;
        let octets = field::string(&mut inner)?;
        inner.finish()?;
        return Ok(String::from_utf8_lossy(octets).into_owned());
    }
    let octets = field::string(reader)?;
    reader.finish()?;
    Ok(String::from_utf8_lossy(octets).into_owned())
}

impl Respond {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let tlv = reader.read()?;
        let mut fields = field::alternative(&tlv)?;
        let tag = tlv.tag();
        if tag == Tag::context_constructed(0) {
            return RetKey::read(fields).map(Self::Apply);
        }
        if tag == Tag::context_constructed(1) {
            return RetKey::read(fields).map(Self::Restore);
        }
        if tag == Tag::context_constructed(3) {
            return ErrorPackage::read(fields).map(Self::Error);
        }
        if tag != Tag::context_constructed(2) {
            return Err(Error::malformed(WHAT, "响应种类不是申请、恢复、撤销或错误"));
        }
        let serial = Serial::from_integer(fields.integer()?)?;
        fields.finish()?;
        Ok(Self::Revoke(serial))
    }

    fn write(&self, writer: &mut Writer) {
        match self {
            Self::Apply(key) => writer.explicit(0, |w| key.write(w)),
            Self::Restore(key) => writer.explicit(1, |w| key.write(w)),
            Self::Revoke(serial) => writer.explicit(2, |w| w.unsigned(serial.as_bytes())),
            Self::Error(error) => writer.explicit(3, |w| error.write(w)),
        }
    }
}

impl Body for KsRespond {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut fields = reader.sequence()?;
        field::version(&mut fields)?;
        let km = EntityName::read(&mut fields)?;
        let mut list = fields.sequence()?;
        let mut responds = Vec::new();
        while !list.is_empty() {
            responds.push(Respond::read(&mut list)?);
        }
        let (time, task) = (time(&mut fields)?, TaskNumber::read(&mut fields)?);
        fields.finish()?;
        Ok(Self { km, responds, time, task })
    }

    fn write(&self, writer: &mut Writer) {
        writer.sequence(|w| {
            w.uint(1);
            self.km.write(w);
            w.sequence(|w| self.responds.iter().for_each(|respond| respond.write(w)));
            w.generalized_time(self.time);
            self.task.write(w);
        });
    }
}
