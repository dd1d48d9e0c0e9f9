//! What can go wrong in the directory.

use store::ErrorKind;

/// An error of the directory. Clients of LDAP see a result code instead.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A certificate in the tables that cannot be read.
    #[error(transparent)]
    Pki(#[from] pki::Error),
    /// A revocation list that could not be had.
    #[error("证书撤销列表暂时取不到：{0}")]
    List(String),
    /// A row that contradicts itself.
    #[error("证书目录数据不一致：{0}；请停机核对")]
    Stored(String),
    /// Settings that cannot be.
    #[error("{0}")]
    Setting(String),
}

impl Error {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::Pki(error) => error.code(),
            Self::List(_) => "directory.list",
            Self::Stored(_) => "directory.stored",
            Self::Setting(_) => "directory.setting",
        }
    }

    /// Who has to act.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(error) => error.kind(),
            Self::Setting(_) => ErrorKind::Invalid,
            _ => ErrorKind::Fault,
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(cause: sqlx::Error) -> Self {
        Self::Store(cause.into())
    }
}
