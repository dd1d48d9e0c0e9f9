//! Responders of other institutions, what is asked of them, and what they said.

use std::pin::Pin;
use std::sync::Arc;

use jiff::Timestamp;
use pki::Certificate;
use pki::ocsp::{CertId, CertStatus, Failure, HashAlgorithm};

use crate::foreign::model::Address;

/// A responder, as the trust list names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignResponder {
    /// Where it is.
    pub address: Address,
    /// The digest under which issuers are named to it.
    pub hash: HashAlgorithm,
    /// Certificates of which one has to sign. Without any, the issuer signs, or whom the issuer itself certified for it
    /// (RFC 6960 §4.2.2.2).
    pub pinned: Vec<Certificate>,
    /// Whether an answer without our nonce is refused. Responders that sign ahead of time know no nonces.
    pub is_nonce_required: bool,
}

impl ForeignResponder {
    /// What about a certificate is asked here; `None` for a digest that isn't computed.
    pub fn question(
        self: &Arc<Self>,
        child: &Certificate,
        issuer: &Certificate,
    ) -> Option<ResponderQuestion> {
        let id = CertId::of(self.hash, issuer.subject(), issuer.spki(), child.serial())?;
        Some(ResponderQuestion { responder: self.clone(), issuer: issuer.clone(), id })
    }
}

/// One question to one responder.
#[derive(Debug, Clone)]
pub struct ResponderQuestion {
    /// Who is asked.
    pub responder: Arc<ForeignResponder>,
    /// Who issued the certificate.
    pub issuer: Certificate,
    /// Which certificate.
    pub id: CertId,
}

impl ResponderQuestion {
    /// Names the certificate: issuer (name and key, T-15) and serial number. What was believed of it counts whoever is
    /// asked, and wherever the responder moves to.
    pub(crate) fn about(&self) -> [u8; 32] {
        let (name, key) = (self.issuer.subject().der(), self.issuer.spki().der());
        gm::sm3::hash_parts(&[name, key, self.id.serial().as_bytes()]).0
    }

    /// Names the question and by what its answer is judged: with another pinned certificate it is another. Answers are
    /// kept under it.
    pub(crate) fn key(&self) -> [u8; 32] {
        let ForeignResponder { address, pinned, is_nonce_required, .. } = &*self.responder;
        let prints: Vec<String> = pinned.iter().map(Certificate::fingerprint).collect();
        let text = format!("{address} {is_nonce_required} {} ", prints.join(" "));
        gm::sm3::hash_parts(&[text.as_bytes(), self.issuer.der(), self.id.der()]).0
    }
}

/// Who signed an answer.
#[derive(Debug, Clone)]
pub enum By {
    /// The issuer of the certificate.
    Issuer,
    /// One whom the operator pinned.
    Pinned(Box<Certificate>),
    /// One whom the issuer certified for it.
    Delegated {
        /// Its certificate.
        certificate: Box<Certificate>,
        /// Whether the issuer waives that its status is looked at (`id-pkix-ocsp-nocheck`).
        unchecked: bool,
    },
}

/// An answer that was believed.
#[derive(Debug, Clone)]
pub struct Said {
    /// The status.
    pub status: CertStatus,
    /// The moment for which it is known to be right.
    pub this_update: Timestamp,
    /// When newer information will be there.
    pub next_update: Option<Timestamp>,
    /// When it was signed.
    pub produced_at: Timestamp,
    /// When it came.
    pub asked_at: Timestamp,
    /// Who signed.
    pub by: By,
}

/// Why nothing was said that could be believed, for whoever reads a report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Untold {
    /// No answer came.
    #[error("{0}")]
    NoAnswer(String),
    /// It failed too often lately.
    #[error("最近几次没有应答，{0} 之后再询问（{1}）")]
    Rests(Timestamp, String),
    /// Too many are waiting.
    #[error("同时等待应答的验证过多，请稍后再试")]
    Busy,
    /// Not asked yet.
    #[error("还没有询问")]
    NotAsked,
    /// It can't be read.
    #[error("内容不是 OCSP 应答：{0}")]
    NotAnAnswer(String),
    /// It says that it can't answer.
    #[error("应答者答复不能办理（{0}）")]
    Failed(&'static str, bool),
    /// Another question's answer.
    #[error("应答中的随机数与询问的不同")]
    Nonce,
    /// The trust list demands a nonce.
    #[error("应答中没有随机数，而信任列表要求有")]
    NoNonce,
    /// Signed by somebody who may not, or altered.
    #[error("{0}")]
    Signer(String),
    /// Another certificate's, or another issuer's.
    #[error("应答说的不是这家颁发者的这张证书")]
    Another,
    /// Several words on one certificate.
    #[error("应答对同一张证书有几种说法")]
    Contradictory,
    /// From the future.
    #[error("应答的时间 {0} 晚于现在；相差较大的，请核对双方的时钟")]
    Future(Timestamp),
    /// Its end is over.
    #[error("应答已于 {0} 过期")]
    Over(Timestamp),
    /// Too long ago.
    #[error("应答的时间 {0} 过早")]
    Old(Timestamp),
    /// Something newer was believed before.
    #[error("应答的时间 {0} 早于此前已采信的应答，可能是途中换成的旧应答")]
    Older(Timestamp),
    /// What was believed before can't be looked up.
    #[error("此前采信的应答不能读取，不能与这次的比较；请稍后重试，仍不能的请联系管理员")]
    Unrecorded,
    /// It may be of whenever.
    #[error("应答没有写明下次更新时间，又不是刚刚作出的")]
    Undated,
}

impl Untold {
    pub(super) const fn of(failure: Failure) -> Self {
        match failure {
            Failure::MalformedRequest => Self::Failed("不能读取询问", false),
            Failure::InternalError => Self::Failed("内部故障", true),
            Failure::TryLater => Self::Failed("请稍后再试", true),
            Failure::SigRequired => Self::Failed("要求询问者签名", false),
            Failure::Unauthorized => Self::Failed("不负责这张证书", false),
        }
    }

    /// Whether the responder itself is in trouble, and not this one question.
    pub(super) const fn is_outage(&self) -> bool {
        matches!(self, Self::NoAnswer(_) | Self::Failed(_, true))
    }
}

/// What came of a question.
pub type Told = Result<Arc<Said>, Untold>;

/// How a responder is doing, since this process started.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResponderState {
    /// How often it was asked.
    pub asked: u64,
    /// How often its answer was believed.
    pub answered: u64,
    /// When it was asked last.
    pub asked_at: Option<Timestamp>,
    /// When an answer was believed last.
    pub answered_at: Option<Timestamp>,
    /// Outages in a row.
    pub failures: u32,
    /// When the last of them was counted.
    pub failed_at: Option<Timestamp>,
    /// Until when it isn't asked.
    pub rests_until: Option<Timestamp>,
    /// What was wrong at the last question, in Chinese; empty when nothing was.
    pub trouble: String,
}

/// Posts a question (DER) to an address and brings at most so many octets back. The error text is for the operator.
pub type Ask = Arc<
    dyn Fn(Address, Vec<u8>, usize) -> Pin<Box<dyn Future<Output = Result<Vec<u8>, String>> + Send>>
        + Send
        + Sync,
>;
