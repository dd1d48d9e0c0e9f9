//! What can go wrong when subjects are joined: their own errors, and a few of this layer.

use store::ErrorKind;

/// Every way in which a use case ends without a result. Texts are Chinese and say what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The CA.
    #[error(transparent)]
    Ca(#[from] ca::Error),
    /// The key management centre.
    #[error(transparent)]
    Kmc(#[from] kmc::Error),
    /// Who may do what.
    #[error(transparent)]
    Access(#[from] access::Error),
    /// Formats.
    #[error(transparent)]
    Pki(#[from] pki::Error),
    /// Database and journal.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Cryptographic device.
    #[error(transparent)]
    Device(#[from] gm::DeviceError),
    /// The status service.
    #[error(transparent)]
    Status(#[from] status::Error),
    /// The directory.
    #[error(transparent)]
    Directory(#[from] directory::Error),
    /// Registration.
    #[error(transparent)]
    Ra(#[from] ra::Error),
    /// Letters.
    #[error(transparent)]
    Letters(#[from] letters::Error),
    /// The signing service for applications.
    #[error(transparent)]
    Signing(#[from] crate::signing::Refusal),
    /// No PDF could be made.
    #[error("不能生成 PDF：{0}")]
    Typeset(String),
    /// No complaint has this number and check code, or the number is locked; which of it is not said.
    #[error("编号或查询码不正确，请核对后重新输入；同一编号连续输错五次的，请在十五分钟后再查")]
    NoComplaint,
    /// The same request id with other contents.
    #[error("申请编号“{0}”已用于内容不同的申请；请换一个申请编号")]
    RequestDiffers(String),
    /// The request was refused before.
    #[error("该申请此前已被拒绝：{0}；请改正后用新的申请编号重新提交")]
    RequestRefused(String),
    /// No request of this id.
    #[error("没有编号为“{0}”的申请；请核对申请编号")]
    NoRequest(String),
    /// The kind of certificate does not exist.
    #[error("没有名为“{0}”的证书种类；可用种类请查询 /api/v1/kinds")]
    NoKind(String),
    /// An act that does not fit this certificate.
    #[error("{0}")]
    NotApplicable(&'static str),
    /// Settings or data folder.
    #[error("{0}")]
    Setup(String),
    /// The trust anchors can't be read; which file and why is for the operator (doctor, log).
    #[error("验证服务暂时不可用：信任锚不能读取；请稍后重试，或与本机构联系")]
    NoTrust,
    /// A row of ours says something impossible.
    #[error("系统数据异常：{0}；请停止操作并联系管理员")]
    Stored(&'static str),
    /// A background thread died.
    #[error("内部任务意外中止，请用同一申请编号重试；如再次出现请联系管理员")]
    Interrupted,
}

impl Error {
    /// The stable code that programs may rely on.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Ca(e) => e.code(),
            Self::Kmc(e) => e.code(),
            Self::Access(e) => e.code(),
            Self::Pki(e) => e.code(),
            Self::Store(e) => e.code(),
            Self::Device(e) => e.code(),
            Self::Status(e) => e.code(),
            Self::Directory(e) => e.code(),
            Self::Ra(e) => e.code(),
            Self::Letters(e) => e.code(),
            Self::Signing(refusal) => refusal.code(),
            Self::Typeset(_) => "app.typeset",
            Self::NoComplaint => "app.no_complaint",
            Self::RequestDiffers(_) => "app.request_differs",
            Self::RequestRefused(_) => "app.request_refused",
            Self::NoRequest(_) => "app.no_request",
            Self::NoKind(_) => "app.no_kind",
            Self::NotApplicable(_) => "app.not_applicable",
            Self::Setup(_) => "app.setup",
            Self::NoTrust => "app.no_trust",
            Self::Stored(_) => "app.stored",
            Self::Interrupted => "app.interrupted",
        }
    }

    /// Who has to act.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Ca(e) => e.kind(),
            Self::Kmc(e) => e.kind(),
            Self::Access(e) => e.kind(),
            Self::Pki(e) => pki_kind(e),
            Self::Store(e) => e.kind(),
            Self::Status(e) => e.kind(),
            Self::Directory(e) => e.kind(),
            Self::Ra(e) => e.kind(),
            Self::Letters(e) => e.kind(),
            Self::Typeset(_) => ErrorKind::Fault,
            Self::NoComplaint => ErrorKind::Invalid,
            Self::Device(_) | Self::NoTrust | Self::Stored(_) | Self::Interrupted => {
                ErrorKind::Fault
            }
            Self::RequestDiffers(_)
            | Self::RequestRefused(_)
            | Self::NotApplicable(_)
            | Self::Signing(_) => ErrorKind::Refusal,
            Self::NoRequest(_) | Self::NoKind(_) | Self::Setup(_) => ErrorKind::Invalid,
        }
    }

    /// Whether what was asked for does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NoRequest(_) | Self::Ra(ra::Error::Unknown { .. }))
            || matches!(self, Self::Signing(crate::signing::Refusal::NoKey(_)))
            || matches!(self, Self::Ca(ca::Error::Invalid(ca::Invalid::NoCertificate(_))))
            || matches!(self, Self::Store(store::Error::NotFound(_)))
            || matches!(self, Self::Letters(letters::Error::Unknown) | Self::NoComplaint)
    }

    /// Whether the service as a whole cannot act at the moment.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        let store = match self {
            Self::Store(e)
            | Self::Ca(ca::Error::Store(e))
            | Self::Access(access::Error::Store(e))
            | Self::Ra(ra::Error::Store(e))
            | Self::Letters(letters::Error::Store(e)) => Some(e),
            _ => None,
        };
        let halted = matches!(
            store,
            Some(
                store::Error::Halted(_)
                    | store::Error::AnchorUnwritten(_)
                    | store::Error::ClockBehind { .. }
            )
        );
        let stopped =
            matches!(self, Self::Ca(ca::Error::Quarantined(_) | ca::Error::WrongSignature(_)));
        let centre = matches!(self, Self::Kmc(e) if e.is_unavailable());
        let anchors = matches!(self, Self::NoTrust);
        // Asked again, the next generation issues, or it is looked at anew.
        let superseded = matches!(
            self,
            Self::Ca(ca::Error::Refused(
                ca::Refusal::Superseded | ca::Refusal::IssuerRevoked | ca::Refusal::KeyMoved
            ))
        );
        superseded
            || anchors
            || halted
            || stopped
            || centre
            || self.is_retryable()
            || self.is_device_away()
    }

    fn is_device_away(&self) -> bool {
        matches!(
            self,
            Self::Device(gm::DeviceError::Gone)
                | Self::Ca(ca::Error::Device(gm::DeviceError::Gone))
        )
    }

    /// Whether the same request may simply be sent again after a while.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Store(e) | Self::Ca(ca::Error::Store(e)) => e.is_retryable() || e.is_outage(),
            Self::Access(access::Error::Store(e)) | Self::Ra(ra::Error::Store(e)) => {
                e.is_retryable() || e.is_outage()
            }
            Self::Kmc(e) => e.is_retryable(),
            Self::Device(e) | Self::Ca(ca::Error::Device(e)) => matches!(e, gm::DeviceError::Busy),
            Self::Interrupted => true,
            _ => false,
        }
    }
}

/// The same three kinds, in the words of the layers above L0.
fn pki_kind(error: &pki::Error) -> ErrorKind {
    match error.kind() {
        pki::ErrorKind::Refusal => ErrorKind::Refusal,
        pki::ErrorKind::Invalid => ErrorKind::Invalid,
        pki::ErrorKind::Fault => ErrorKind::Fault,
    }
}
