//! The answer: `SVSRespond` (GM/T 0029 §A.4, §A.5).

use jiff::Timestamp;

use super::{Code, Kind, MAX_OCTETS, WHAT, bad};
use crate::Error;
use crate::strict::{Limits, Reader, Tag, Writer, check};

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// What was asked.
    pub kind: Kind,
    /// How it went.
    pub code: Code,
    /// What came of it; nothing unless it went well.
    pub content: Content,
    /// When the answer was made.
    pub at: Timestamp,
}

/// What an answer carries beside its code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Nothing.
    Nothing,
    /// DER of a certificate.
    Certificate(Vec<u8>),
    /// An item, a signature, or a message.
    Octets(Vec<u8>),
    /// A status.
    State(u64),
}

impl Content {
    /// The name of the field in forms of HTTP (Annex B), where there is one.
    pub const fn field(&self, kind: Kind) -> Option<&'static str> {
        match (self, kind) {
            (Self::Nothing, _) => None,
            (Self::Certificate(_), _) => Some("cert"),
            (Self::State(_), _) => Some("state"),
            (Self::Octets(_), Kind::ParseCert) => Some("info"),
            (Self::Octets(_), Kind::SignMessage | Kind::SignMessageFinal) => Some("signedMessage"),
            (Self::Octets(_), Kind::SignData | Kind::SignDataFinal) => Some("signature"),
            (Self::Octets(_), _) => Some("hashValue"),
        }
    }
}

impl Reply {
    /// An answer that says what is wrong.
    pub const fn refused(kind: Kind, code: Code, at: Timestamp) -> Self {
        Self { kind, code, content: Content::Nothing, at }
    }

    /// The answer in DER.
    pub fn to_der(&self) -> Vec<u8> {
        Writer::build(|w| {
            w.sequence(|w| {
                w.uint(u64::from(self.kind.number()));
                w.explicit(self.kind.number(), |w| {
                    w.uint(self.code.number());
                    match &self.content {
                        Content::Nothing => {}
                        Content::Certificate(der) => w.raw(der),
                        Content::Octets(octets) => w.octet_string(octets),
                        Content::State(state) => w.uint(*state),
                    }
                });
                w.generalized_time(self.at);
            });
        })
    }

    /// Reads an answer, as a client does.
    ///
    /// # Errors
    /// When it is not strict DER, not this structure, or carries what its kind has not.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        check(der, &Limits::of(WHAT, MAX_OCTETS))?;
        let mut fields = Reader::sequence_of(der)?;
        let first = fields.uint()?;
        let number = match fields.peek() {
            Some(Tag::INTEGER) if first == 0 => fields.uint()?,
            _ => first,
        };
        let kind = Kind::of(number).ok_or(bad("响应类型未知"))?;
        let mut body = fields.explicit(kind.number())?.ok_or(bad("响应类型与响应包不一致"))?;
        let at = fields.expect(Tag::GENERALIZED_TIME)?.instant()?;
        fields.finish()?;
        let code = Code::of(body.uint()?).ok_or(bad("响应码不在标准所列之内"))?;
        let content = read_content(kind, &mut body)?;
        body.finish()?;
        Ok(Self { kind, code, content, at })
    }
}

fn read_content(kind: Kind, body: &mut Reader<'_>) -> Result<Content, Error> {
    if body.is_empty() {
        return Ok(Content::Nothing);
    }
    Ok(match kind {
        Kind::ExportCert => Content::Certificate(body.expect(Tag::SEQUENCE)?.raw().to_vec()),
        Kind::ValidateCert => Content::State(body.uint()?),
        Kind::VerifySignedData
        | Kind::VerifySignedDataFinal
        | Kind::VerifySignedMessage
        | Kind::VerifySignedMessageFinal => return Err(bad("验签响应中有多余的内容")),
        _ => Content::Octets(body.octet_string()?.to_vec()),
    })
}
