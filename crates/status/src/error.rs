//! What can go wrong when a status is asked for.

use store::ErrorKind;

/// An error of the status services. Relying parties never see it: they get a failure of
/// RFC 6960 instead.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The cryptographic device.
    #[error("密码设备签名失败：{0}")]
    Device(#[from] gm::DeviceError),
    /// A question that is not one, or an answer that cannot be made.
    #[error(transparent)]
    Pki(#[from] pki::Error),
    /// A row that contradicts itself.
    #[error("证书状态数据不一致：{0}；请停机核对")]
    Stored(String),
    /// No certificate for the responder's key.
    #[error("没有可用的 OCSP 应答者证书（{0}）；证书由系统自动签发，原因见运行日志")]
    NoResponder(String),
    /// A question to the verification service that can't be answered.
    #[error(transparent)]
    Question(#[from] crate::verification::Wrong),
    /// No certificate for timestamps.
    #[error("没有可用的时间戳证书；证书由系统自动签发，原因见运行日志")]
    NoTimestampCertificate,
    /// The runtime is shutting down.
    #[error("系统正在关闭，请稍后重试")]
    Closing,
}

impl Error {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::Device(error) => error.code(),
            Self::Pki(error) => error.code(),
            Self::Stored(_) => "status.stored",
            Self::NoResponder(_) => "status.no_responder",
            Self::NoTimestampCertificate => "status.no_timestamp_certificate",
            Self::Question(wrong) => wrong.code(),
            Self::Closing => "status.closing",
        }
    }

    /// Who has to act.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(error) => error.kind(),
            Self::Question(_) => ErrorKind::Invalid,
            Self::Pki(error) => match error.kind() {
                pki::ErrorKind::Refusal => ErrorKind::Refusal,
                pki::ErrorKind::Invalid => ErrorKind::Invalid,
                pki::ErrorKind::Fault => ErrorKind::Fault,
            },
            _ => ErrorKind::Fault,
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(cause: sqlx::Error) -> Self {
        Self::Store(cause.into())
    }
}
