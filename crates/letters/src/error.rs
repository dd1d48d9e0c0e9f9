//! What can go wrong with a letter.

use store::ErrorKind;

/// An invalid input, or a fault.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing has this name.
    #[error("没有这份文书，请核对链接或编号")]
    Unknown,
    /// A file that can be no letter.
    #[error("文件不能核对：{0}")]
    File(&'static str),
    /// A fact that the text needs was not given.
    #[error("文书“{kind}”缺少内容“{place}”，请联系管理员")]
    Missing {
        /// Which kind.
        kind: &'static str,
        /// Which place of its text.
        place: String,
    },
    /// The texts of the letters contradict themselves.
    #[error("文书文本有误：{0}")]
    Catalogue(String),
    /// Others took every number that was tried.
    #[error("文书编号繁忙，请稍后重试")]
    Busy,
    /// A row that contradicts its own table.
    #[error("存储的文书有误：{0}，请停机核对")]
    Stored(&'static str),
    /// A background thread died.
    #[error("文书签名意外中止，请稍后重试")]
    Interrupted,
    /// Encodings.
    #[error(transparent)]
    Pki(#[from] pki::Error),
    /// The device.
    #[error(transparent)]
    Device(#[from] gm::DeviceError),
    /// The store.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Error {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "letters.unknown",
            Self::File(_) => "letters.file",
            Self::Missing { .. } => "letters.missing",
            Self::Catalogue(_) => "letters.catalogue",
            Self::Busy => "letters.busy",
            Self::Stored(_) => "letters.stored",
            Self::Interrupted => "letters.interrupted",
            Self::Pki(error) => error.code(),
            Self::Device(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    /// Who has to act.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Unknown | Self::File(_) => ErrorKind::Invalid,
            Self::Store(error) => error.kind(),
            _ => ErrorKind::Fault,
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(store::Error::from(error))
    }
}
