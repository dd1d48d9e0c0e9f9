//! The tables of `migrations/kmc/0100_kmc.sql`, one file per subject. Nothing here decides, and
//! nothing here deletes a key: the only `DELETE` is of task numbers that the time window refuses
//! anyway.

pub(crate) mod moves;
pub(crate) mod pairs;
pub(crate) mod recovery;
pub(crate) mod register;
pub(crate) mod task;

use gm::{PublicKey, Signature};
use jiff::Timestamp;
use pki::Serial;
use sqlx::{AnyConnection, Row, any::AnyRow};

use crate::error::Error;
use crate::model::Text;

/// A connection or a transaction of either engine.
pub(crate) type Connection = AnyConnection;

/// Turns a database error into the crate's.
pub(crate) fn fault(error: sqlx::Error) -> Error {
    Error::Store(store::Error::from(error))
}

/// Reads a column by its name; a type that does not fit is damaged data.
pub(crate) fn column<'r, T>(row: &'r AnyRow, name: &'static str) -> Result<T, Error>
where
    T: sqlx::Decode<'r, sqlx::Any> + sqlx::Type<sqlx::Any>,
{
    row.try_get(name).map_err(|_| Error::StoredData(name))
}

/// Reads an SM2 public key.
pub(crate) fn key(row: &AnyRow, name: &'static str) -> Result<PublicKey, Error> {
    let octets: Vec<u8> = column(row, name)?;
    PublicKey::from_sec1(&octets).map_err(|_| Error::StoredData(name))
}

/// Reads an SM2 signature.
pub(crate) fn signature(row: &AnyRow, name: &'static str) -> Result<Signature, Error> {
    let octets: Vec<u8> = column(row, name)?;
    Signature::from_der(&octets).map_err(|_| Error::StoredData(name))
}

/// Reads Unix seconds.
pub(crate) fn instant(row: &AnyRow, name: &'static str) -> Result<Timestamp, Error> {
    Timestamp::from_second(column(row, name)?).map_err(|_| Error::StoredData(name))
}

/// Reads a certificate serial.
pub(crate) fn serial(row: &AnyRow, name: &'static str) -> Result<Serial, Error> {
    let text: String = column(row, name)?;
    Serial::from_hex(&text).map_err(|_| Error::StoredData(name))
}

/// Reads a text of the records.
pub(crate) fn text(row: &AnyRow, name: &'static str) -> Result<Text, Error> {
    let text: String = column(row, name)?;
    Text::parse(name, &text).map_err(|_| Error::StoredData(name))
}

/// Reads a count, which is never negative.
pub(crate) fn count(row: &AnyRow, name: &'static str) -> Result<u64, Error> {
    let number: i64 = column(row, name)?;
    u64::try_from(number).map_err(|_| Error::StoredData(name))
}
