//! All SQL of the CA, over the tables of `migrations/institution/0100_ca.sql`.
//!
//! One text for SQLite and PostgreSQL. Rows come out as the types of [`crate::model`]; a row
//! that contradicts its own table is an error, never a guess.

pub mod ceremony;
pub mod certificate;
pub mod crl;
pub mod cross;
pub mod evidence;
pub mod issuance;
pub mod issuer;
pub mod list;
pub mod signer;
pub mod status;
pub mod succession;

use jiff::Timestamp;
use pki::Serial;

use crate::error::Error;

/// An instant as the database keeps it: whole seconds since 1970 UTC.
pub(crate) fn seconds(at: Timestamp) -> i64 {
    at.as_second()
}

/// An instant out of the database.
pub(crate) fn instant(seconds: i64) -> Result<Timestamp, Error> {
    Timestamp::from_second(seconds).map_err(|_| Error::stored(format!("时间 {seconds} 超出范围")))
}

/// A serial number out of the database.
pub(crate) fn serial(text: &str) -> Result<Serial, Error> {
    Serial::from_hex(text).map_err(|_| Error::stored(format!("序列号 {text} 无效")))
}

/// A count out of the database.
pub(crate) fn count(number: i64) -> Result<u64, Error> {
    u64::try_from(number).map_err(|_| Error::stored(format!("计数 {number} 为负")))
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(store::Error::from(error))
    }
}
