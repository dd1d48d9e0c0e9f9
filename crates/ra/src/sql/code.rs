//! Rows of `ra_code`: what opens an application, and what hands its certificates over.

use jiff::Timestamp;

use super::{Connection, column, count, instant_maybe};
use crate::error::Error;
use crate::model::ApplicationId;

/// What a code is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Opens the application.
    Check,
    /// Confirms receipt.
    Activation,
}

impl Purpose {
    /// The word in the database, and the field of its keyed hash.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Activation => "activation",
        }
    }
}

/// A code as it is stored.
pub(crate) struct Code {
    pub index: String,
    pub failures: u64,
    pub locked_until: Option<Timestamp>,
}

/// Stores a code in place of the one before.
pub(crate) async fn put(
    conn: &mut Connection,
    id: &ApplicationId,
    purpose: Purpose,
    index: &str,
) -> Result<(), Error> {
    let text = "INSERT INTO ra_code (application, purpose, code_index, failures, locked_until) \
         VALUES ($1, $2, $3, 0, NULL) ON CONFLICT (application, purpose) \
         DO UPDATE SET code_index = excluded.code_index";
    sqlx::query(text).bind(id.as_str()).bind(purpose.word()).bind(index).execute(conn).await?;
    Ok(())
}

/// The code of an application.
pub(crate) async fn load(
    conn: &mut Connection,
    id: &ApplicationId,
    purpose: Purpose,
) -> Result<Option<Code>, Error> {
    let text = "SELECT code_index, failures, locked_until FROM ra_code \
         WHERE application = $1 AND purpose = $2";
    let row = sqlx::query(text).bind(id.as_str()).bind(purpose.word()).fetch_optional(conn).await?;
    row.map(|row| {
        Ok(Code {
            index: column(&row, "code_index")?,
            failures: count(&row, "failures")?,
            locked_until: instant_maybe(&row, "locked_until")?,
        })
    })
    .transpose()
}

/// Counts failures, or forgets them.
pub(crate) async fn tried(
    conn: &mut Connection,
    id: &ApplicationId,
    purpose: Purpose,
    (failures, locked_until): (u64, Option<Timestamp>),
) -> Result<(), Error> {
    let text = "UPDATE ra_code SET failures = $1, locked_until = $2 \
         WHERE application = $3 AND purpose = $4";
    sqlx::query(text)
        .bind(i64::try_from(failures).unwrap_or(i64::MAX))
        .bind(locked_until.map(|at| at.as_second()))
        .bind(id.as_str())
        .bind(purpose.word())
        .execute(conn)
        .await?;
    Ok(())
}
