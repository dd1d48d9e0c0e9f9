//! What is asked.

use gm::{Digest, Signature, UserId};
use jiff::Timestamp;
use pki::strict::Reader;
use pki::{Certificate, Oid, Serial, pem};

use super::{Evidence, Purpose};
use crate::verification::message;

/// Does this certificate hold?
#[derive(Debug, Clone)]
pub struct CertificateQuestion {
    /// DER of the certificate, or what was sent as such.
    pub der: Vec<u8>,
    /// What came along.
    pub evidence: Evidence,
    /// When it is to hold; now, if nothing is said. Never later than now.
    pub at: Option<Timestamp>,
    /// What for.
    pub purpose: Purpose,
    /// Policies of which one must hold; any if there is none.
    pub policies: Vec<Oid>,
}

/// Does this signature hold?
#[derive(Debug, Clone)]
pub struct SignatureQuestion {
    /// The signature.
    pub form: Form,
    /// What it is to cover.
    pub covered: Covered,
    /// The signer's certificate, if it was given.
    pub certificate: Option<Certificate>,
    /// The serial number of a certificate that we issued, in place of the certificate.
    pub serial: Option<Serial>,
    /// What came along.
    pub evidence: Evidence,
    /// The identifier in the digest (GM/T 0009 §10).
    pub user_id: UserId,
    /// Policies of which one must hold; any if there is none.
    pub policies: Vec<Oid>,
}

/// What was signed, as far as the asker gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Covered {
    /// The content itself.
    Content(Vec<u8>),
    /// SM3 of the content.
    Digest(Digest),
    /// `e = SM3(Z ‖ content)` for the signer's key, and perhaps SM3 of the content too.
    Value {
        /// What SM2 signs.
        e: Digest,
        /// SM3 of the content.
        digest: Option<Digest>,
    },
    /// Nothing: the signature carries its content.
    Nothing,
}

impl Covered {
    /// SM3 of the content, where it is known.
    pub fn digest(&self) -> Option<Digest> {
        match self {
            Self::Content(content) => Some(gm::sm3::hash(content)),
            Self::Digest(digest) => Some(*digest),
            Self::Value { digest, .. } => *digest,
            Self::Nothing => None,
        }
    }
}

/// A signature, by its form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// `r ‖ s` or DER of SM2Signature (GM/T 0009 §7.3), with the octets as they came.
    Raw(Signature, Vec<u8>),
    /// A signed message: GM/T 0010, PKCS#7, CMS.
    Message(Vec<u8>),
    /// A PDF, which isn't verified here.
    Pdf(Vec<u8>),
}

/// Labels under which signed messages stand in PEM.
const MESSAGES: [&str; 3] = ["PKCS7", "CMS", "PKCS #7 SIGNED DATA"];

impl Form {
    /// The longest signature that is read, in octets: an attached message carries its content.
    pub const MOST_OCTETS: usize = 24 << 20;

    /// Recognises a signature.
    ///
    /// # Errors
    /// When it is none of the forms.
    pub fn of(octets: &[u8]) -> Result<Self, Wrong> {
        let der = pem::der_of(octets, &MESSAGES, Self::MOST_OCTETS);
        let der = der.map_err(|why| Wrong::Signature(why.to_string()))?;
        if der.starts_with(b"%PDF-") {
            return Ok(Self::Pdf(der));
        }
        if let Ok(signature) = Signature::from_der(&der) {
            return Ok(Self::Raw(signature, der));
        }
        if let Ok(raw) = <&[u8; 64]>::try_from(der.as_slice()) {
            let signature = Signature::from_raw(raw);
            let wrong = |_| Wrong::Signature("r 或 s 不在 1 至 n-1 之间".to_owned());
            return Ok(Self::Raw(signature.map_err(wrong)?, der));
        }
        if looks_like_message(&der) {
            return Ok(Self::Message(der));
        }
        Err(Wrong::Signature("既不是 SM2 签名值，也不是签名消息".to_owned()))
    }

    /// The octets as they came.
    pub fn octets(&self) -> &[u8] {
        match self {
            Self::Raw(_, octets) | Self::Message(octets) | Self::Pdf(octets) => octets,
        }
    }

    /// Its word in interfaces.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Raw(..) => "raw",
            Self::Message(_) => "signed-message",
            Self::Pdf(_) => "pdf",
        }
    }
}

/// A SEQUENCE that begins with one of the identifiers of signed data.
fn looks_like_message(der: &[u8]) -> bool {
    let first = |mut outer: Reader<'_>| outer.sequence().ok()?.oid().ok();
    first(Reader::new(der)).is_some_and(|kind| message::Family::of(&kind).is_some())
}

/// What is wrong with a question, so that there is no report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Wrong {
    /// No certificate at all.
    #[error("不是证书文件：{0}；请选择 PEM 或 DER 格式的证书")]
    Certificate(String),
    /// No signature at all.
    #[error(
        "不能识别签名：{0}；请提交 SM2 签名值（DER 或 64 字节 r‖s）或签名消息（PKCS#7、CMS、GM/T 0010）"
    )]
    Signature(String),
    /// No timestamp at all.
    #[error("不能识别时间戳：{0}；请提交时间戳应答或时间戳（RFC 3161、GM/T 0033，DER）")]
    Stamp(String),
    /// An enclosed certificate that can't be read.
    #[error("附带的证书不能读取：{0}")]
    Certificates(String),
    /// An enclosed list that can't be read.
    #[error("附带的撤销列表不能读取：{0}")]
    Lists(String),
    /// An enclosed answer that can't be read.
    #[error("附带的 OCSP 应答不能读取：{0}")]
    Answers(String),
    /// Something enclosed that can't be read.
    #[error("附带的文件不能读取：{0}")]
    Enclosed(String),
    /// Something enclosed is of another kind.
    #[error("附带的文件中没有所要的内容（{0}）；请提交 PEM 或 DER 格式的文件")]
    NotPem(String),
    /// Too much enclosed.
    #[error("附带的内容过多，每种至多 {0} 份；请只附与所验证的证书有关的内容")]
    TooMany(usize),
    /// A time to come.
    #[error("验证时间不能晚于现在；请改正验证时间，或者不填（按现在验证）")]
    Future,
    /// A raw signature without anything that it could cover.
    #[error("没有提供签名的内容；请提交原文，或者提交按签名者公钥算出的 e 值（SM3(Z‖原文)）")]
    NothingCovered,
}

impl Wrong {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Certificate(_) => "verify.certificate",
            Self::Signature(_) => "verify.signature",
            Self::Stamp(_) => "verify.timestamp",
            Self::Certificates(_) => "verify.certificates",
            Self::Lists(_) => "verify.lists",
            Self::Answers(_) => "verify.answers",
            Self::Enclosed(_) | Self::NotPem(_) => "verify.enclosed",
            Self::TooMany(_) => "verify.too_many",
            Self::Future => "verify.future",
            Self::NothingCovered => "verify.nothing_covered",
        }
    }
}
