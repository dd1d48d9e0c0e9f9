//! Acts that wait for a signature.

use super::{Answer, instant};
use crate::act::Waiting;
use crate::{Error, PersonId};
use jiff::Timestamp;
use sqlx::{AnyConnection, Row as _};
use store::BlobRef;

/// Adds an act.
pub async fn insert_act(conn: &mut AnyConnection, act: &Waiting, now: Timestamp) -> Answer<()> {
    sqlx::query(
        "INSERT INTO access_act (id, person_id, session_id, kind, object, statement, \
         payload_blob, commitment, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(act.id.as_str())
    .bind(act.person.as_str())
    .bind(act.session.as_str())
    .bind(act.kind.name())
    .bind(act.object.as_str())
    .bind(act.statement.as_str())
    .bind(act.payload.id.as_str())
    .bind(hex::encode(act.payload.commitment))
    .bind(now.as_second())
    .bind(act.expires_at.as_second())
    .execute(conn)
    .await?;
    Ok(())
}

/// An act that was not signed yet, of this person in this session.
pub async fn waiting_act(
    conn: &mut AnyConnection,
    id: &str,
    person: &PersonId,
    session: &str,
) -> Answer<Option<Waiting>> {
    let row = sqlx::query(
        "SELECT kind, object, statement, payload_blob, commitment, expires_at FROM access_act \
         WHERE id = $1 AND person_id = $2 AND session_id = $3 AND completed_at IS NULL",
    )
    .bind(id)
    .bind(person.as_str())
    .bind(session)
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let mut commitment = [0; 32];
    hex::decode_to_slice(row.try_get::<String, _>("commitment")?, &mut commitment)
        .map_err(|_| Error::Stored("签名事项"))?;
    Ok(Some(Waiting {
        id: id.into(),
        person: person.clone(),
        session: session.into(),
        kind: row.try_get::<String, _>("kind")?.parse()?,
        object: row.try_get("object")?,
        statement: row.try_get("statement")?,
        payload: BlobRef { id: row.try_get("payload_blob")?, commitment },
        expires_at: instant(row.try_get("expires_at")?)?,
    }))
}

/// Uses up an act; `false` if it was signed before or is too old.
pub async fn complete_act(conn: &mut AnyConnection, id: &str, now: Timestamp) -> Answer<bool> {
    let done = sqlx::query(
        "UPDATE access_act SET completed_at = $1 \
         WHERE id = $2 AND completed_at IS NULL AND expires_at > $1",
    )
    .bind(now.as_second())
    .bind(id)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Deletes some acts that nobody signed in time; returns their blobs, to be erased.
pub async fn delete_abandoned_acts(
    conn: &mut AnyConnection,
    now: Timestamp,
) -> Answer<Vec<String>> {
    let rows = sqlx::query(
        "DELETE FROM access_act WHERE id IN (SELECT id FROM access_act \
         WHERE expires_at < $1 AND completed_at IS NULL ORDER BY expires_at LIMIT 16) \
         RETURNING payload_blob",
    )
    .bind(now.as_second())
    .fetch_all(conn)
    .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}
