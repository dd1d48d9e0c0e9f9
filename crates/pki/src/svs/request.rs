//! The question: `SVSRequest` (GM/T 0029 §A.3, §A.5).

use jiff::Timestamp;
use zeroize::Zeroizing;

use super::{Defect, Kind, MAX_OCTETS, WHAT, bad};
use crate::Error;
use crate::strict::{Limits, Reader, Tag, Tlv, Writer, check};

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What is asked.
    pub body: Body,
    /// When it was made, by the asker's clock. Nothing depends on it.
    pub at: Timestamp,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// A certificate, by the name that the server knows it by.
    ExportCert {
        /// The name.
        identification: Vec<u8>,
    },
    /// One item of a certificate.
    ParseCert {
        /// Its number in GM/T 0006 table 8.
        item: u64,
        /// DER of the certificate.
        certificate: Vec<u8>,
    },
    /// Whether a certificate holds.
    ValidateCert {
        /// DER of the certificate.
        certificate: Vec<u8>,
        /// Whether its status is to be told too.
        status: bool,
    },
    /// A signature by a key of the server.
    SignData(SignOrder),
    /// Whether a signature holds.
    VerifySignedData {
        /// Whose.
        signer: Signer,
        /// The content.
        data: Vec<u8>,
        /// The signature (GM/T 0009).
        signature: Vec<u8>,
        /// 0 time; 1 time and root; 2 time, root and CRL.
        level: u8,
    },
    /// A signed message by a key of the server.
    SignMessage(SignOrder, Options),
    /// Whether a signed message holds.
    VerifySignedMessage {
        /// The content, or its digest.
        data: Vec<u8>,
        /// The message (GM/T 0010).
        message: Vec<u8>,
        /// How it was made.
        options: Options,
    },
    /// A step of a message in several parts, not read further.
    Parts(Kind),
}

/// What is to be signed, and by which key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignOrder {
    /// The algorithm (GM/T 0006 §5.2.4).
    pub method: u64,
    /// The number of the key.
    pub key: u64,
    /// 私钥权限标识码, whatever the asker put there. Nobody may print it.
    pub key_value: Zeroizing<Vec<u8>>,
    /// What is to be signed.
    pub data: Vec<u8>,
}

/// Choices for signed messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// The data is the digest of the content.
    pub is_hashed: bool,
    /// The message carries the content.
    pub content: Option<bool>,
    /// The message carries the chain.
    pub chain: Option<bool>,
    /// The message carries a list.
    pub list: Option<bool>,
    /// The message has signed attributes.
    pub attributes: Option<bool>,
}

/// How the signer is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signer {
    /// By DER of the certificate.
    Certificate(Vec<u8>),
    /// By a serial number, as octets.
    Serial(Vec<u8>),
}

impl Body {
    /// Its kind.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::ExportCert { .. } => Kind::ExportCert,
            Self::ParseCert { .. } => Kind::ParseCert,
            Self::ValidateCert { .. } => Kind::ValidateCert,
            Self::SignData(_) => Kind::SignData,
            Self::VerifySignedData { .. } => Kind::VerifySignedData,
            Self::SignMessage(..) => Kind::SignMessage,
            Self::VerifySignedMessage { .. } => Kind::VerifySignedMessage,
            Self::Parts(kind) => *kind,
        }
    }
}

impl Request {
    /// Reads a request.
    ///
    /// # Errors
    /// When it is not strict DER within [`MAX_OCTETS`], or not this structure.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        check(der, &Limits::of(WHAT, MAX_OCTETS))?;
        let mut fields = Reader::sequence_of(der)?;
        let kind = read_kind(&mut fields)?;
        let chosen = fields.read()?;
        if chosen.tag() != Tag::context_constructed(kind.number()) {
            return Err(Defect::Mismatch.into());
        }
        let at = fields.expect(Tag::GENERALIZED_TIME)?.instant()?;
        fields.finish()?;
        Ok(Self { body: read_body(kind, chosen.reader())?, at })
    }

    /// The kind that octets claim to be, as far as that can be told: what can't be read otherwise
    /// still gets an answer of its kind.
    pub fn kind_of(der: &[u8]) -> Option<Kind> {
        read_kind(&mut Reader::new(der).sequence().ok()?).ok()
    }

    /// The request in DER. Steps in several parts have no body here and are written empty.
    pub fn to_der(&self) -> Vec<u8> {
        let kind = self.body.kind();
        Writer::build(|w| {
            w.sequence(|w| {
                w.uint(u64::from(kind.number()));
                w.explicit(kind.number(), |w| write_body(w, &self.body));
                w.generalized_time(self.at);
            });
        })
    }
}

/// `version`, which is 0 where it is written out, and the type.
fn read_kind(fields: &mut Reader<'_>) -> Result<Kind, Error> {
    let first = fields.uint()?;
    let number = match fields.peek() {
        Some(Tag::INTEGER) if first == 0 => fields.uint()?,
        Some(Tag::INTEGER) => return Err(Defect::Version.into()),
        _ => first,
    };
    Kind::of(number).ok_or_else(|| Defect::Kind.into())
}

fn read_body(kind: Kind, mut fields: Reader<'_>) -> Result<Body, Error> {
    let body = match kind {
        Kind::ExportCert => Body::ExportCert { identification: fields.octet_string()?.to_vec() },
        Kind::ParseCert => {
            let item = fields.uint()?;
            Body::ParseCert { item, certificate: certificate(&mut fields)? }
        }
        Kind::ValidateCert => {
            let certificate = certificate(&mut fields)?;
            Body::ValidateCert { certificate, status: defaulted(&mut fields)? }
        }
        Kind::SignData => Body::SignData(order(&mut fields)?),
        Kind::VerifySignedData => verify_signed_data(&mut fields)?,
        Kind::SignMessage => {
            let order = order(&mut fields)?;
            Body::SignMessage(order, options(&mut fields)?)
        }
        Kind::VerifySignedMessage => {
            let data = data(&mut fields)?;
            let message = fields.octet_string()?.to_vec();
            Body::VerifySignedMessage { data, message, options: options(&mut fields)? }
        }
        parts => return Ok(Body::Parts(parts)),
    };
    fields.finish()?;
    Ok(body)
}

fn verify_signed_data(fields: &mut Reader<'_>) -> Result<Body, Error> {
    let named = fields.uint()?;
    let certificate = fields.optional(Tag::context_constructed(0))?;
    let serial = fields.optional(Tag::context(1))?;
    let signer = match (named, certificate, serial) {
        (1, Some(certificate), None) => Signer::Certificate(sequence(&certificate)),
        (2, None, Some(serial)) => Signer::Serial(serial.value().to_vec()),
        _ => return Err(Defect::Signer.into()),
    };
    let data = data(fields)?;
    let signature = fields.octet_string()?.to_vec();
    let level = u8::try_from(fields.uint()?).ok().filter(|level| *level <= 2);
    Ok(Body::VerifySignedData { signer, data, signature, level: level.ok_or(Defect::Level)? })
}

fn order(fields: &mut Reader<'_>) -> Result<SignOrder, Error> {
    let (method, key) = (fields.uint()?, fields.uint()?);
    let key_value = Zeroizing::new(fields.octet_string()?.to_vec());
    Ok(SignOrder { method, key, key_value, data: data(fields)? })
}

/// `inDataLen` and `inData`.
fn data(fields: &mut Reader<'_>) -> Result<Vec<u8>, Error> {
    let length = fields.uint()?;
    let octets = fields.octet_string()?;
    if u64::try_from(octets.len()) != Ok(length) {
        return Err(Defect::Length.into());
    }
    Ok(octets.to_vec())
}

fn options(fields: &mut Reader<'_>) -> Result<Options, Error> {
    let is_hashed = defaulted(fields)?;
    let mut choice =
        |number| fields.optional(Tag::context(number))?.map(|one| boolean(&one)).transpose();
    let (content, chain, list, attributes) = (choice(0)?, choice(1)?, choice(2)?, choice(3)?);
    Ok(Options { is_hashed, content, chain, list, attributes })
}

/// A `BOOLEAN DEFAULT FALSE`, also where FALSE is written out.
fn defaulted(fields: &mut Reader<'_>) -> Result<bool, Error> {
    Ok(fields.optional(Tag::BOOLEAN)?.is_some_and(|one| one.value() == [0xff]))
}

/// A BOOLEAN under an implicit tag.
fn boolean(one: &Tlv<'_>) -> Result<bool, Error> {
    match one.value() {
        [0] => Ok(false),
        [0xff] => Ok(true),
        _ => Err(bad("选项不是布尔值")),
    }
}

fn certificate(fields: &mut Reader<'_>) -> Result<Vec<u8>, Error> {
    Ok(fields.expect(Tag::SEQUENCE)?.raw().to_vec())
}

/// The SEQUENCE that stands under an implicit tag.
fn sequence(tagged: &Tlv<'_>) -> Vec<u8> {
    Writer::build(|w| w.tlv(Tag::SEQUENCE, tagged.value()))
}

fn write_body(w: &mut Writer, body: &Body) {
    match body {
        Body::ExportCert { identification } => w.octet_string(identification),
        Body::ParseCert { item, certificate } => {
            w.uint(*item);
            w.raw(certificate);
        }
        Body::ValidateCert { certificate, status } => {
            w.raw(certificate);
            write_defaulted(w, *status);
        }
        Body::SignData(order) => write_order(w, order),
        Body::VerifySignedData { signer, data, signature, level } => {
            write_signer(w, signer);
            write_data(w, data);
            w.octet_string(signature);
            w.uint(u64::from(*level));
        }
        Body::SignMessage(order, options) => {
            write_order(w, order);
            write_options(w, options);
        }
        Body::VerifySignedMessage { data, message, options } => {
            write_data(w, data);
            w.octet_string(message);
            write_options(w, options);
        }
        Body::Parts(_) => {}
    }
}

fn write_signer(w: &mut Writer, signer: &Signer) {
    match signer {
        Signer::Certificate(der) => {
            w.uint(1);
            let content = Reader::new(der).read().map(|one| one.value()).unwrap_or_default();
            w.tlv(Tag::context_constructed(0), content);
        }
        Signer::Serial(octets) => {
            w.uint(2);
            w.implicit(1, octets);
        }
    }
}

fn write_order(w: &mut Writer, order: &SignOrder) {
    w.uint(order.method);
    w.uint(order.key);
    w.octet_string(&order.key_value);
    write_data(w, &order.data);
}

fn write_data(w: &mut Writer, data: &[u8]) {
    w.uint(data.len() as u64);
    w.octet_string(data);
}

fn write_options(w: &mut Writer, options: &Options) {
    write_defaulted(w, options.is_hashed);
    let choices = [options.content, options.chain, options.list, options.attributes];
    for (number, choice) in (0..).zip(choices) {
        if let Some(choice) = choice {
            w.implicit(number, &[if choice { 0xff } else { 0 }]);
        }
    }
}

fn write_defaulted(w: &mut Writer, value: bool) {
    if value {
        w.boolean(true);
    }
}
