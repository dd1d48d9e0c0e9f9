//! Attestations of keys, and what came of them.

use pki::attestation::Judged;
use sqlx::any::AnyRow;

use super::{Connection, column};
use crate::error::Error;
use crate::model::ApplicationId;

/// Keeps the verdict about the key of an attempt, with its evidence.
pub(crate) async fn add(
    conn: &mut Connection,
    (id, attempt): (&ApplicationId, u32),
    judged: &Judged,
) -> Result<(), Error> {
    let verdict = serde_json::to_value(judged.verdict()).map_err(|_| Error::Stored("verdict"))?;
    let text = "INSERT INTO ra_attestation (application, attempt, verdict, chain) \
         VALUES ($1, $2, $3, $4)";
    sqlx::query(text)
        .bind(id.as_str())
        .bind(i64::from(attempt))
        .bind(store::to_canonical(&verdict)?)
        .bind(judged.evidence().map(str::to_owned))
        .execute(conn)
        .await?;
    Ok(())
}

/// What is kept about the last key.
pub(crate) async fn last(
    conn: &mut Connection,
    id: &ApplicationId,
) -> Result<Option<Judged>, Error> {
    let text = "SELECT verdict, chain FROM ra_attestation WHERE application = $1 \
         ORDER BY attempt DESC LIMIT 1";
    let row = sqlx::query(text).bind(id.as_str()).fetch_optional(conn).await?;
    row.as_ref().map(judged).transpose()
}

/// What is kept about the key of an attempt.
pub(crate) async fn of(
    conn: &mut Connection,
    (id, attempt): (&ApplicationId, u32),
) -> Result<Option<Judged>, Error> {
    let text = "SELECT verdict, chain FROM ra_attestation WHERE application = $1 AND attempt = $2";
    let row =
        sqlx::query(text).bind(id.as_str()).bind(i64::from(attempt)).fetch_optional(conn).await?;
    row.as_ref().map(judged).transpose()
}

fn judged(row: &AnyRow) -> Result<Judged, Error> {
    let verdict: String = column(row, "verdict")?;
    let verdict = serde_json::from_str(&verdict).map_err(|_| Error::Stored("verdict"))?;
    Ok(Judged::kept(verdict, column(row, "chain")?))
}

/// Keeps the attestation of a row until the row becomes a request.
pub(crate) async fn keep_of_row(
    conn: &mut Connection,
    id: &ApplicationId,
    chain: &str,
) -> Result<(), Error> {
    sqlx::query("INSERT INTO ra_batch_attestation (application, chain) VALUES ($1, $2)")
        .bind(id.as_str())
        .bind(chain)
        .execute(conn)
        .await?;
    Ok(())
}

/// The attestation that came with a row.
pub(crate) async fn of_row(
    conn: &mut Connection,
    id: &ApplicationId,
) -> Result<Option<String>, Error> {
    let text = "SELECT chain FROM ra_batch_attestation WHERE application = $1";
    let row = sqlx::query(text).bind(id.as_str()).fetch_optional(conn).await?;
    row.as_ref().map(|row| column(row, "chain")).transpose()
}
