//! Whom we may recognise: what another institution's CA brings to a cross-certification, and a cross-certificate that
//! another institution issued for one of our CAs (Measures Art. 18 (2), mutual recognition).
//!
//! Both come from strangers, as files. What passes yields a value that nobody else can make: [`Peer`] is what alone a
//! cross-certificate can be planned for, [`Received`] what alone can be published.

use gm::{PublicKey, UserId, sm3};
use jiff::Timestamp;
use pki::ext::KeyUsage;
use pki::{Certificate, CertificationRequest};
use thiserror::Error;

/// Largest file of a certificate or a request, in octets.
pub const MOST_OCTETS: usize = 64 * 1024;

/// Fewest characters of a challenge: it is drawn at random, so that a request which bears it was made for it.
const SHORTEST_CHALLENGE: usize = 16;

/// What is wrong with what another institution brought.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CrossFault {
    /// Too much to be one.
    #[error("{0}超过 64 KiB，不是一张证书或一份申请；请向对方取得原件")]
    Size(&'static str),
    /// It can't be read.
    #[error("{0}不能读取：{1}；请向对方取得 PEM 或 DER 格式的原件")]
    Unreadable(&'static str, String),
    /// Not the certificate that people compared.
    #[error("对方 CA 证书的 SM3 指纹是 {0}，与方案写明的不同；请与对方当面或书面核对后改正方案")]
    Fingerprint(String),
    /// Its holder may not sign certificates.
    #[error(
        "“{0}”不是 CA 证书（应为第 3 版，基本约束为 CA，密钥用法含 keyCertSign）；请向对方取得其签发机构的证书"
    )]
    NotCa(String),
    /// RSA and the like.
    #[error("“{0}”的公钥不是 SM2 公钥，不能交叉认证；请对方提供 SM2 体系的签发机构证书")]
    NotSm2(String),
    /// Its time is over, or has not come.
    #[error("“{0}”不在有效期内（{1} 至 {2}）；请对方提供现用的证书")]
    Validity(String, Timestamp, Timestamp),
    /// It bears one of our names.
    #[error("“{0}”与本机构的 CA 同名，不能交叉认证；请核对是否取错了文件")]
    OwnName(String),
    /// It bears one of our keys.
    #[error("“{0}”的公钥是本机构 CA 的公钥，不能交叉认证；请核对是否取错了文件")]
    OwnKey(String),
    /// Nobody vouches for it.
    #[error("“{0}”不是自签名证书，应同时提供签发它的上级证书，用来核验它的签名")]
    NoIssuer(String),
    /// The signature isn't that of the CA that it names.
    #[error("“{0}”的签名验证不通过，或者所给的上级证书没有签发它；请向对方重新取得")]
    Signature(String),
    /// No proof that whoever asks holds the key.
    #[error("“{0}”不是自签名证书，应同时提供对方用同一密钥签名的证书申请（PKCS#10），证明持有私钥")]
    NoProof(String),
    /// A request by another key.
    #[error("证书申请的公钥与对方 CA 证书的不同；请对方用该 CA 的密钥重新生成申请（不写扩展项）")]
    RequestKey,
    /// A request that does not hold.
    #[error("证书申请不可用：{0}")]
    Request(String),
    /// It would outlast the certificate that it recognises.
    #[error("有效期至 {0}，晚于对方 CA 证书的有效期（至 {1}）；请改正方案")]
    Outlives(Timestamp, Timestamp),
    /// Issued for a key that isn't ours.
    #[error(
        "“{0}”不是签发给本机构 CA 的证书（名称、公钥和密钥标识符应与本机构的 CA 证书一致）；请核对是否取错了文件"
    )]
    NotOurs(String),
    /// Its key was recognised before, and that was withdrawn.
    #[error("“{0}”的密钥已有撤销或暂停的证书，不再认可；请对方更换密钥")]
    Withdrawn(String),
    /// Its key was reported as compromised.
    #[error("“{0}”的密钥已因泄露被永久停用，不能认可；请对方更换密钥")]
    KeyBlocked(String),
    /// Its key stands in a certificate of ours for somebody else.
    #[error(
        "“{0}”的公钥已用于本机构签发的其他主体的证书，不能认可；请核对是否取错了文件，并与对方核实"
    )]
    KeyOfAnother(String),
    /// A request without the challenge that was given for it, or with another one.
    #[error(
        "证书申请中的核对码（challengePassword）与方案写明的不同或者没有；请对方把本机构给出的核对码写入申请，重新生成"
    )]
    Challenge,
    /// A challenge that anybody could have written before.
    #[error(
        "核对码（challenge）至少 16 个字符，由本机构随机生成（例如 openssl rand -hex 16）；过短的不能证明申请是为本次所作"
    )]
    Guessed,
    /// No such cross-certificate.
    #[error("没有序列号为 {0} 的交叉证书；请核对序列号")]
    Missing(String),
    /// It was taken in before.
    #[error("这张交叉证书已经登记过")]
    Known,
}

impl CrossFault {
    /// Stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Size(_) => "ca.cross.size",
            Self::Unreadable(..) => "ca.cross.unreadable",
            Self::Fingerprint(_) => "ca.cross.fingerprint",
            Self::NotCa(_) => "ca.cross.not-ca",
            Self::NotSm2(_) => "ca.cross.not-sm2",
            Self::Validity(..) => "ca.cross.validity",
            Self::OwnName(_) => "ca.cross.own-name",
            Self::OwnKey(_) => "ca.cross.own-key",
            Self::NoIssuer(_) => "ca.cross.no-issuer",
            Self::Signature(_) => "ca.cross.signature",
            Self::NoProof(_) => "ca.cross.no-proof",
            Self::RequestKey => "ca.cross.request-key",
            Self::Request(_) => "ca.cross.request",
            Self::Outlives(..) => "ca.cross.outlives",
            Self::NotOurs(_) => "ca.cross.not-ours",
            Self::Withdrawn(_) => "ca.cross.withdrawn",
            Self::KeyBlocked(_) => "ca.cross.key-blocked",
            Self::KeyOfAnother(_) => "ca.cross.key-of-another",
            Self::Challenge => "ca.cross.challenge",
            Self::Guessed => "ca.cross.challenge-short",
            Self::Missing(_) => "ca.cross.missing",
            Self::Known => "ca.cross.known",
        }
    }
}

/// The files of another institution's CA, as they came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PeerFiles {
    /// Its own certificate.
    pub certificate: Vec<u8>,
    /// SM3 of that certificate's DER, hexadecimal, as people compared it by another way.
    pub fingerprint: String,
    /// The certificate of the CA above it; not for a self-signed one.
    pub issuer: Option<Vec<u8>>,
    /// A PKCS#10 request by its key; not needed with a self-signed one, which proves the same.
    pub request: Option<Vec<u8>>,
    /// What the request must bear as its challenge password (RFC 2985 §5.4.1), given to the other institution for this
    /// occasion: a request of long ago proves nothing about today.
    pub challenge: Option<String>,
}

/// How possession of the key was proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Possession {
    /// The certificate is signed by its own key.
    SelfSigned,
    /// A request is.
    Request,
}

impl Possession {
    /// The word of journal and protocol.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SelfSigned => "self-signed",
            Self::Request => "request",
        }
    }
}

/// Another institution's CA that may be cross-certified. Made only by [`Peer::examine`].
#[derive(Debug, Clone)]
pub struct Peer {
    certificate: Certificate,
    key: PublicKey,
    possession: Possession,
    is_challenged: bool,
}

impl Peer {
    /// Holds the files against the rules; `own` are the certificates of all our CAs.
    pub fn examine(
        files: &PeerFiles,
        own: &[Certificate],
        now: Timestamp,
    ) -> Result<Self, CrossFault> {
        let certificate = read("对方 CA 证书", &files.certificate)?;
        let fingerprint = sm3::hash(certificate.der()).to_hex();
        if !plain(&files.fingerprint).eq_ignore_ascii_case(&fingerprint) {
            return Err(CrossFault::Fingerprint(fingerprint));
        }
        let key = authority(&certificate, now)?;
        is_stranger(&certificate, &key, own)?;
        let is_own = certificate.subject().matches(certificate.issuer());
        let is_self_signed = is_own && is_signed(&certificate, &key);
        if !is_self_signed {
            vouched(&certificate, files.issuer.as_deref(), now)?;
        }
        let possession = match &files.request {
            Some(_) if files.challenge.as_deref().is_some_and(is_guessed) => {
                return Err(CrossFault::Guessed);
            }
            Some(request) => by_request(&certificate, request, files.challenge.as_deref())?,
            None if files.challenge.is_some() => return Err(CrossFault::Challenge),
            None if is_self_signed => Possession::SelfSigned,
            None => return Err(CrossFault::NoProof(name(&certificate))),
        };
        let is_challenged = files.challenge.is_some();
        Ok(Self { certificate, key, possession, is_challenged })
    }

    /// Its own certificate.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Its key.
    #[must_use]
    pub const fn key(&self) -> &PublicKey {
        &self.key
    }

    /// How it was proven that whoever asks holds the key.
    #[must_use]
    pub const fn possession(&self) -> Possession {
        self.possession
    }

    /// Whether the proof answers a challenge of ours, and so was made for this occasion.
    #[must_use]
    pub const fn is_challenged(&self) -> bool {
        self.is_challenged
    }

    /// A cross-certificate ends with what it recognises, or before.
    pub fn check_end(&self, until: Timestamp) -> Result<(), CrossFault> {
        let end = self.certificate.not_after();
        if until > end { Err(CrossFault::Outlives(until, end)) } else { Ok(()) }
    }
}

/// A cross-certificate that another institution issued for one of our CAs.
#[derive(Debug, Clone)]
pub struct Received {
    certificate: Certificate,
    maker: PublicKey,
    holder: usize,
}

impl Received {
    /// Holds a cross-certificate and the certificate of the CA that issued it against the rules. `own` are the
    /// certificates of our CAs; `fingerprint` is what people compared of the issuing CA's certificate.
    pub fn examine(
        (certificate, issuer, fingerprint): (&[u8], &[u8], &str),
        own: &[Certificate],
        now: Timestamp,
    ) -> Result<Self, CrossFault> {
        let issuer = read("对方 CA 证书", issuer)?;
        let found = sm3::hash(issuer.der()).to_hex();
        if !plain(fingerprint).eq_ignore_ascii_case(&found) {
            return Err(CrossFault::Fingerprint(found));
        }
        let maker = authority(&issuer, now)?;
        is_stranger(&issuer, &maker, own)?;
        let certificate = read("交叉证书", certificate)?;
        let key = authority(&certificate, now)?;
        let is_holder = |one: &Certificate| {
            one.subject().matches(certificate.subject())
                && one.public_key().is_ok_and(|own| own == key)
                && one.ski() == certificate.ski()
        };
        let not_ours = || CrossFault::NotOurs(name(&certificate));
        let holder = own.iter().position(is_holder).ok_or_else(not_ours)?;
        let is_named = certificate.issuer().matches(issuer.subject());
        if !is_named || !is_signed(&certificate, &maker) {
            return Err(CrossFault::Signature(name(&certificate)));
        }
        Ok(Self { certificate, maker, holder })
    }

    /// The cross-certificate.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The key that made it.
    #[must_use]
    pub const fn maker(&self) -> &PublicKey {
        &self.maker
    }

    /// Which of our CAs it was issued for: the place in the list that was given.
    #[must_use]
    pub const fn holder(&self) -> usize {
        self.holder
    }
}

fn read(what: &'static str, octets: &[u8]) -> Result<Certificate, CrossFault> {
    if octets.len() > MOST_OCTETS {
        return Err(CrossFault::Size(what));
    }
    Certificate::from_pem_or_der(octets)
        .map_err(|error| CrossFault::Unreadable(what, error.to_string()))
}

/// Whether a challenge could stand in a request that was made for another occasion.
fn is_guessed(challenge: &str) -> bool {
    challenge.trim().chars().count() < SHORTEST_CHALLENGE
}

/// Digits without what people put between them.
fn plain(fingerprint: &str) -> String {
    fingerprint.chars().filter(|c| !c.is_whitespace() && *c != ':').collect()
}

fn name(certificate: &Certificate) -> String {
    certificate.subject().to_string()
}

/// A CA of SM2 that may sign certificates now; its key.
fn authority(certificate: &Certificate, now: Timestamp) -> Result<PublicKey, CrossFault> {
    // What its own rules say of the key comes first: people look at the algorithm when this is refused.
    let key = certificate.public_key().map_err(|_| CrossFault::NotSm2(name(certificate)))?;
    let may_sign =
        certificate.key_usage().is_some_and(|usage| usage.contains(KeyUsage::KEY_CERT_SIGN));
    if certificate.version() != 3 || !certificate.is_ca() || !may_sign {
        return Err(CrossFault::NotCa(name(certificate)));
    }
    if !certificate.is_valid_at(now) {
        let (from, until) = (certificate.not_before(), certificate.not_after());
        return Err(CrossFault::Validity(name(certificate), from, until));
    }
    Ok(key)
}

/// None of ours, by name or by key.
fn is_stranger(
    certificate: &Certificate,
    key: &PublicKey,
    own: &[Certificate],
) -> Result<(), CrossFault> {
    if own.iter().any(|one| one.subject().matches(certificate.subject())) {
        return Err(CrossFault::OwnName(name(certificate)));
    }
    if own.iter().any(|one| one.public_key().is_ok_and(|own| own == *key)) {
        return Err(CrossFault::OwnKey(name(certificate)));
    }
    Ok(())
}

fn is_signed(certificate: &Certificate, by: &PublicKey) -> bool {
    certificate.verify_signature(by, &UserId::default()).is_ok()
}

/// The CA above it made it. Whether that one is trusted is what people compared fingerprints for.
fn vouched(
    certificate: &Certificate,
    issuer: Option<&[u8]>,
    now: Timestamp,
) -> Result<(), CrossFault> {
    let wrong = || CrossFault::Signature(name(certificate));
    if certificate.subject().matches(certificate.issuer()) && issuer.is_none() {
        return Err(wrong());
    }
    let issuer = issuer.ok_or_else(|| CrossFault::NoIssuer(name(certificate)))?;
    let issuer = read("对方的上级证书", issuer)?;
    let key = authority(&issuer, now)?;
    let is_named = certificate.issuer().matches(issuer.subject());
    if is_named && is_signed(certificate, &key) { Ok(()) } else { Err(wrong()) }
}

/// Possession by a request of the same key (RFC 2986), with the challenge if one was given.
fn by_request(
    certificate: &Certificate,
    request: &[u8],
    challenge: Option<&str>,
) -> Result<Possession, CrossFault> {
    if request.len() > MOST_OCTETS {
        return Err(CrossFault::Size("证书申请"));
    }
    let wrong = |error: pki::Error| CrossFault::Request(error.to_string());
    let request = CertificationRequest::from_pem_or_der(request).map_err(wrong)?;
    let proof = request.prove_possession(&UserId::default()).map_err(wrong)?;
    if challenge.is_some() && request.challenge_password().as_deref() != challenge {
        return Err(CrossFault::Challenge);
    }
    let is_same = certificate.public_key().is_ok_and(|key| key == *proof.public_key());
    if is_same { Ok(Possession::Request) } else { Err(CrossFault::RequestKey) }
}
