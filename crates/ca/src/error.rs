//! What the CA refuses, cannot read, or fails at.
//!
//! The text is Chinese and says what to do next; `code()` is stable. A refusal names the rule
//! it rests on. HTTP statuses are decided in `web`.

use store::ErrorKind;
use thiserror::Error;

use crate::rules::cross::CrossFault;

/// Every way in which an operation of this crate ends without a result.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The rules say no.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// The input cannot be what it claims to be.
    #[error("{0}")]
    Invalid(#[from] Invalid),
    /// A profile, name, key or plan that `pki` does not accept.
    #[error("{0}")]
    Pki(#[from] pki::Error),
    /// The to-be-signed certificate breaks a lint; nothing was signed.
    #[error("待签发内容未通过规范检查，没有签发：{0}；请按提示改正申请或模板")]
    Lint(String),
    /// The database or the journal does not work.
    #[error("{0}")]
    Store(#[from] store::Error),
    /// The cryptographic device does not work.
    #[error("{0}")]
    Device(#[from] gm::DeviceError),
    /// The device answered with a signature that does not verify; its key is quarantined.
    #[error("密码设备返回了错误的签名，密钥“{0}”已停用；请立即检查密码设备，查明后由管理员恢复")]
    WrongSignature(String),
    /// A signing key is quarantined since an earlier wrong signature.
    #[error("签名密钥“{0}”已停用，暂不能签发；请联系管理员检查密码设备")]
    Quarantined(String),
    /// A new CRL was not fit for publication; the previous one stays.
    #[error("新的证书撤销列表未通过发布前检查，仍使用上一份：{0}")]
    CrlRejected(String),
    /// A row or file of ours says something impossible.
    #[error("系统数据异常：{0}；请停止操作并联系管理员")]
    Stored(String),
    /// A file of the ceremony could not be read or written.
    #[error("无法读写文件 {path}：{cause}；请检查路径、权限和磁盘空间")]
    File {
        /// The file.
        path: String,
        /// The system's words.
        cause: String,
    },
}

/// Rules that say no.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Revoked is final (RFC 5280 §5.3.1; Measures Art. 23).
    #[error("证书已撤销，撤销不可恢复；如需继续使用，请重新申请证书")]
    Revoked,
    /// Only a suspended certificate can be resumed.
    #[error("证书没有处于暂停状态，无需恢复")]
    NotSuspended,
    /// Only a key that was stopped can be taken into use again.
    #[error("签发密钥没有停用，无需恢复")]
    NotQuarantined,
    /// A certificate is suspended once.
    #[error("证书已经处于暂停状态")]
    AlreadySuspended,
    /// The certificate's time is over.
    #[error("证书已过有效期，不能再作此操作；如需继续使用，请重新申请证书")]
    Expired,
    /// Revocation cannot be changed to another reason, except to a key compromise.
    #[error(
        "证书已按其他原因撤销，撤销原因不可更改；此后得知密钥泄露的，可以改记为密钥泄露（根签发的 CA 证书也可以改记为 CA 密钥泄露）"
    )]
    ReasonFixed,
    /// The instant of key compromise lies in the future.
    #[error("失效起始时间不能晚于当前时间；请核对时间")]
    InvalidSinceInFuture,
    /// One key, two subjects (certification practice, T-31).
    #[error("该公钥已用于其他主体的证书；请重新生成密钥对后再申请")]
    KeyOfAnother,
    /// The subject's key is in another certificate already and this is no renewal that may keep it.
    #[error("该公钥已有证书，本类证书更新时须更换密钥；请重新生成密钥对后再申请")]
    KeyInUse,
    /// Reported as compromised.
    #[error(
        "该公钥已因泄露被永久停用，不再签发，已暂停的证书不能恢复；申请证书的，请重新生成密钥对；已有证书的，请登记撤销"
    )]
    KeyBlocked,
    /// The request id was used for other contents.
    #[error("该申请编号已用于内容不同的申请；请使用新的申请编号")]
    OtherOrder,
    /// The serial number is taken, or the same request came in twice at the same instant.
    #[error("序列号已被占用，或同一申请正在处理；请稍后用同一申请编号重试")]
    Collision,
    /// An earlier intent of this request was given up.
    #[error("该申请此前已终止（{0}）；请使用新的申请编号重新申请")]
    Abandoned(String),
    /// CA certificates come only out of a key ceremony (T-19).
    #[error("CA 证书只能在密钥仪式中签发，不接受申请")]
    CeremonyOnly,
    /// A certificate must not start before what the journal already saw (T-04).
    #[error("证书起始时间早于已记录的业务时间，不得倒签；请核对服务器时钟")]
    Backdated,
    /// Start dates far ahead are not certified.
    #[error("证书起始时间过晚；请在临近启用时再申请")]
    TooEarly,
    /// The clock went backwards (T-04).
    #[error("服务器时钟早于已记录的业务时间，已停止签发；请校准时钟后重试")]
    ClockBackwards,
    /// The issuing CA certificate does not cover now.
    #[error("签发证书的 CA 证书不在有效期内；请更新 CA 证书")]
    IssuerNotValid,
    /// Two people revoked the issuing CA's own certificate: nobody accepts what it would sign now.
    #[error(
        "本机构签发机构的证书已撤销，已停止签发；请在换代完成后用同一申请编号重试（管理员：请尽快举行签发密钥换代）"
    )]
    IssuerRevoked,
    /// Certificates of a key changed between looking and acting.
    #[error("同一密钥的证书刚有变动，本次没有办理；请稍候重试")]
    KeyMoved,
    /// Another node was faster.
    #[error("另一节点刚刚发布了更新的证书撤销列表，本次生成的没有发布；无需处理")]
    ListOutrun,
    /// Another generation of the authority issues by now; the same order again is issued by that one.
    #[error("签发机构已经换代，本次申请没有签发；请稍候用同一申请编号重试")]
    Superseded,
    /// The key of a generation that still has something to sign.
    #[error(
        "这一代密钥仍在签发，或者它签发的证书还没有全部到期并满状态保存年限，或者还没有发布最后一份撤销列表，不能销毁"
    )]
    NotOver,
    /// Shares of a root key that can still be put together.
    #[error(
        "销毁的分量不够：至少销毁三份不同的分量（编号 1 至 5），余下的才不能再恢复根密钥；请核对分量编号"
    )]
    SharesLeft,
    /// Nobody can be told of a change any more: neither lists nor answers are signed.
    #[error(
        "签发该证书的那一代签发密钥已经结束使用，不再发布撤销列表和状态应答，撤销无法公布，没有登记；证书早已过有效期，密钥泄露的，请把情况和时间书面告知依赖方并存档"
    )]
    IssuerOver,
    /// The ceremony lacks what it needs, or someone holds two offices (GM/T 0034).
    #[error("{0}")]
    Ceremony(String),
    /// A request to publish what the policy does not have.
    #[error("当前策略没有启用此种证书撤销列表；请检查配置")]
    CrlNotConfigured,
    /// What another institution brought to a cross-certification does not hold.
    #[error("{0}")]
    Cross(#[from] CrossFault),
    /// No base for a delta.
    #[error("还没有完整的证书撤销列表，不能发布增量列表；请先发布完整列表")]
    NoBase,
}

/// Input that cannot be what it claims to be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Invalid {
    /// Request ids are 1 to 128 visible ASCII characters of `[A-Za-z0-9._:-]`.
    #[error("申请编号只能用字母、数字和 . _ : -，最长 128 个字符")]
    RequestId,
    /// Not a role of a certificate.
    #[error("证书用途“{0}”不存在；可选：sign、enc、service、ca")]
    Role(String),
    /// Not a reason for revocation (holds have their own operation; RFC 5280 §5.3.1).
    #[error("撤销原因“{0}”不可用；暂停请使用暂停操作")]
    Reason(String),
    /// No such profile.
    #[error("证书模板“{0}”不存在；请检查模板名称")]
    Profile(String),
    /// No certificate has this serial number.
    #[error("没有序列号为 {0} 的证书；请核对序列号")]
    NoCertificate(String),
    /// No issuer of this name.
    #[error("签发机构“{0}”不存在；请先完成密钥仪式")]
    NoIssuer(String),
    /// A page mark that was not made here.
    #[error("分页标记无效；请从第一页重新查询")]
    Page,
    /// A configuration that contradicts itself.
    #[error("配置有误：{0}")]
    Config(String),
    /// A share file that is damaged or from another key.
    #[error("密钥分量文件不可用：{0}")]
    Share(String),
}

impl Error {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.code(),
            Self::Invalid(invalid) => invalid.code(),
            Self::Pki(error) => error.code(),
            Self::Lint(_) => "ca.lint",
            Self::Store(error) => error.code(),
            Self::Device(error) => error.code(),
            Self::WrongSignature(_) => "ca.signature.wrong",
            Self::Quarantined(_) => "ca.signer.quarantined",
            Self::CrlRejected(_) => "ca.crl.rejected",
            Self::Stored(_) => "ca.stored",
            Self::File { .. } => "ca.file",
        }
    }

    /// Who has to act.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Refused(_) | Self::Lint(_) => ErrorKind::Refusal,
            Self::Invalid(_) => ErrorKind::Invalid,
            Self::Pki(error) => match error.kind() {
                pki::ErrorKind::Refusal => ErrorKind::Refusal,
                pki::ErrorKind::Invalid => ErrorKind::Invalid,
                pki::ErrorKind::Fault => ErrorKind::Fault,
            },
            Self::Store(error) => error.kind(),
            _ => ErrorKind::Fault,
        }
    }

    /// A row that contradicts its own table.
    pub(crate) fn stored(what: impl Into<String>) -> Self {
        Self::Stored(what.into())
    }
}

impl From<CrossFault> for Error {
    fn from(fault: CrossFault) -> Self {
        Self::Refused(fault.into())
    }
}

impl Refusal {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Revoked => "ca.status.revoked",
            Self::NotSuspended => "ca.status.not-suspended",
            Self::NotQuarantined => "ca.signer.not-quarantined",
            Self::AlreadySuspended => "ca.status.already-suspended",
            Self::Expired => "ca.status.expired",
            Self::ReasonFixed => "ca.status.reason-fixed",
            Self::InvalidSinceInFuture => "ca.status.invalid-since",
            Self::KeyOfAnother => "ca.key.other-subject",
            Self::KeyInUse => "ca.key.in-use",
            Self::KeyBlocked => "ca.key.blocked",
            Self::OtherOrder => "ca.request.other-order",
            Self::Collision => "ca.request.collision",
            Self::Abandoned(_) => "ca.request.abandoned",
            Self::CeremonyOnly => "ca.profile.ceremony-only",
            Self::Backdated => "ca.time.backdated",
            Self::TooEarly => "ca.time.too-early",
            Self::ClockBackwards => "ca.time.clock-backwards",
            Self::IssuerNotValid => "ca.issuer.not-valid",
            Self::IssuerRevoked => "ca.issuer.revoked",
            Self::KeyMoved => "ca.key.moved",
            Self::ListOutrun => "ca.crl.outrun",
            Self::Superseded => "ca.issuer.superseded",
            Self::NotOver => "ca.issuer.not-over",
            Self::SharesLeft => "ca.ceremony.shares-left",
            Self::IssuerOver => "ca.issuer.over",
            Self::Ceremony(_) => "ca.ceremony",
            Self::CrlNotConfigured => "ca.crl.not-configured",
            Self::Cross(fault) => fault.code(),
            Self::NoBase => "ca.crl.no-base",
        }
    }
}

impl Invalid {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::RequestId => "ca.request-id",
            Self::Role(_) => "ca.role",
            Self::Reason(_) => "ca.reason",
            Self::Profile(_) => "ca.profile",
            Self::NoCertificate(_) => "ca.no-certificate",
            Self::NoIssuer(_) => "ca.no-issuer",
            Self::Page => "ca.page",
            Self::Config(_) => "ca.config",
            Self::Share(_) => "ca.share",
        }
    }
}
