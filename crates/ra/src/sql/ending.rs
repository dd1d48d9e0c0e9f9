//! Rows of `ra_ending`: certificates that end because their holder has another.

use jiff::Timestamp;

use super::{Connection, column, parsed};
use crate::error::Error;
use crate::model::ApplicationId;

/// Owes the end of a certificate. The same again changes nothing.
pub(crate) async fn owe(
    conn: &mut Connection,
    id: &ApplicationId,
    (serial, ground): (&str, &str),
    at: Timestamp,
) -> Result<(), Error> {
    let text = "INSERT INTO ra_ending (application, serial, ground, due_at) \
         VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    sqlx::query(text)
        .bind(id.as_str())
        .bind(serial)
        .bind(ground)
        .bind(at.as_second())
        .execute(conn)
        .await?;
    Ok(())
}

/// What is owed, the longest due first: application, serial, ground.
pub(crate) async fn owed(
    conn: &mut Connection,
    limit: i64,
) -> Result<Vec<(ApplicationId, String, String)>, Error> {
    let text = "SELECT application, serial, ground FROM ra_ending WHERE done_at IS NULL \
         ORDER BY due_at, application LIMIT $1";
    let rows = sqlx::query(text).bind(limit).fetch_all(conn).await?;
    rows.iter()
        .map(|row| {
            Ok((parsed(row, "application")?, column(row, "serial")?, column(row, "ground")?))
        })
        .collect()
}

/// Notes that it was done, or refused for good. False if that was noted before.
pub(crate) async fn settle(
    conn: &mut Connection,
    id: &ApplicationId,
    refusal: Option<&str>,
    at: Timestamp,
) -> Result<bool, Error> {
    let text = "UPDATE ra_ending SET done_at = $1, refusal = $2 \
         WHERE application = $3 AND done_at IS NULL";
    let done = sqlx::query(text)
        .bind(at.as_second())
        .bind(refusal.map(str::to_owned))
        .bind(id.as_str())
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}
