//! All SQL of the registration, over the tables of `migrations/institution/0500_ra.sql` and
//! `0800_status.sql`. Nothing here
//! decides. Rows come out as the types of [`crate::model`]; a row that contradicts its own table is an
//! error, never a guess.

pub(crate) mod application;
pub(crate) mod attestation;
pub(crate) mod backing;
pub(crate) mod batch;
pub(crate) mod batch_act;
pub(crate) mod code;
pub(crate) mod comparison;
pub(crate) mod content;
pub(crate) mod ending;
pub(crate) mod evidence;
pub(crate) mod hold;
pub(crate) mod list;
pub(crate) mod office;
pub(crate) mod revocation;
pub(crate) mod signing;
pub(crate) mod statistics;

use jiff::Timestamp;
use law::CivilDate;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use crate::error::Error;

/// A connection or a transaction of either engine.
pub(crate) type Connection = AnyConnection;

/// Reads a column; a type that does not fit is damaged data.
pub(crate) fn column<'r, T>(row: &'r AnyRow, name: &'static str) -> Result<T, Error>
where
    T: sqlx::Decode<'r, sqlx::Any> + sqlx::Type<sqlx::Any>,
{
    row.try_get(name).map_err(|_| Error::Stored(name))
}

/// Reads a text that is one of our types.
pub(crate) fn parsed<T: std::str::FromStr>(row: &AnyRow, name: &'static str) -> Result<T, Error> {
    column::<String>(row, name)?.parse().map_err(|_| Error::Stored(name))
}

/// Reads a text that may be missing and is one of our types.
pub(crate) fn parsed_maybe<T: std::str::FromStr>(
    row: &AnyRow,
    name: &'static str,
) -> Result<Option<T>, Error> {
    let text: Option<String> = column(row, name)?;
    text.map(|text| text.parse().map_err(|_| Error::Stored(name))).transpose()
}

/// Reads Unix seconds.
pub(crate) fn instant(row: &AnyRow, name: &'static str) -> Result<Timestamp, Error> {
    Timestamp::from_second(column(row, name)?).map_err(|_| Error::Stored(name))
}

/// Reads Unix seconds that may be missing.
pub(crate) fn instant_maybe(row: &AnyRow, name: &'static str) -> Result<Option<Timestamp>, Error> {
    let seconds: Option<i64> = column(row, name)?;
    seconds.map(|s| Timestamp::from_second(s).map_err(|_| Error::Stored(name))).transpose()
}

/// Reads a count, which is never negative.
pub(crate) fn count(row: &AnyRow, name: &'static str) -> Result<u64, Error> {
    u64::try_from(column::<i64>(row, name)?).map_err(|_| Error::Stored(name))
}

/// A day as the database keeps it.
pub(crate) fn iso(day: CivilDate) -> String {
    format!("{day:?}")
}
