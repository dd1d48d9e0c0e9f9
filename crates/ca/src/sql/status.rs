//! Changes of status, and the sweep of what has expired.

use sqlx::{AnyConnection, FromRow};

use super::certificate::{COLUMNS, CertificateRow};
use super::seconds;
use crate::error::Error;
use crate::model::{CertificateRecord, Status};

/// Writes a change: the certificate's columns and the row that others follow. The old status
/// guards the update, so that two changes at once cannot both succeed.
pub async fn change(
    conn: &mut AnyConnection,
    issuer_key_hash: &str,
    from: &CertificateRecord,
    to: &Status,
    (seq, at): (i64, i64),
) -> Result<bool, Error> {
    let reason = to.reason().map(|reason| i64::from(reason.code()));
    let (since, invalid_since) = match to {
        Status::Good => (at, None),
        Status::Suspended { since } => (seconds(*since), None),
        Status::Revoked { since, invalid_since, .. } => {
            (seconds(*since), invalid_since.map(seconds))
        }
    };
    let done = sqlx::query(
        "UPDATE certificate SET status = $2, reason = $3, changed_at = $4, invalid_since = $5 \
         WHERE id = $1 AND status = $6",
    )
    .bind(from.id)
    .bind(to.as_str())
    .bind(reason)
    .bind(since)
    .bind(invalid_since)
    .bind(from.status.as_str())
    .execute(&mut *conn)
    .await?;
    if done.rows_affected() != 1 {
        return Ok(false);
    }
    sqlx::query(
        "INSERT INTO status_change (seq, issuer_id, issuer_key_hash, certificate_id, serial, status, \
         reason, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(seq)
    .bind(from.issuer_id)
    .bind(issuer_key_hash)
    .bind(from.id)
    .bind(from.serial.to_hex())
    .bind(to.as_str())
    .bind(reason)
    .bind(at)
    .execute(conn)
    .await?;
    Ok(true)
}

/// The journal number of the last change of status under an issuer; -1 when there is none.
pub async fn last_change(conn: &mut AnyConnection, issuer_id: i64) -> Result<i64, Error> {
    let seq = sqlx::query_scalar(
        "SELECT seq FROM status_change WHERE issuer_id = $1 ORDER BY seq DESC LIMIT 1",
    )
    .bind(issuer_id)
    .fetch_optional(conn)
    .await?;
    Ok(seq.unwrap_or(-1))
}

/// The same among the certificates of one shard.
pub async fn last_change_in(
    conn: &mut AnyConnection,
    issuer_id: i64,
    shard: u16,
) -> Result<i64, Error> {
    let seq = sqlx::query_scalar(
        "SELECT s.seq FROM status_change s JOIN certificate c ON c.id = s.certificate_id \
         WHERE s.issuer_id = $1 AND c.shard = $2 ORDER BY s.seq DESC LIMIT 1",
    )
    .bind(issuer_id)
    .bind(i64::from(shard))
    .fetch_optional(conn)
    .await?;
    Ok(seq.unwrap_or(-1))
}

/// Certificates of an issuer that are not good, have not ended, and whose last change came after a record; one whose change
/// has no row is among them. The plus keeps SQLite from going through all changes of the issuer from the last one on to find
/// the greatest number: those of one certificate are found by their index.
#[must_use]
pub fn changed_since_query() -> String {
    format!(
        "SELECT {COLUMNS} FROM certificate WHERE issuer_id = $1 AND status <> 'good' AND not_after >= $2 \
         AND COALESCE((SELECT MAX(+s.seq) FROM status_change s \
         WHERE s.issuer_id = certificate.issuer_id AND s.serial = certificate.serial), \
         9223372036854775807) > $3 ORDER BY certificate.id"
    )
}

/// Those of an issuer, after a record.
pub async fn changed_since(
    conn: &mut AnyConnection,
    issuer_id: i64,
    (seq, now): (i64, i64),
) -> Result<Vec<CertificateRow>, Error> {
    let rows = sqlx::query_as(sqlx::AssertSqlSafe(changed_since_query()));
    Ok(rows.bind(issuer_id).bind(now).bind(seq).fetch_all(conn).await?)
}

/// A certificate that is over and not noted as such.
#[derive(Debug, FromRow)]
pub struct Over {
    pub id: i64,
    pub serial: String,
    pub not_after: i64,
}

/// Certificates that ended before `now`, oldest end first.
pub async fn over(
    conn: &mut AnyConnection,
    issuer_id: i64,
    now: i64,
    limit: i64,
) -> Result<Vec<Over>, Error> {
    let rows = sqlx::query_as(
        "SELECT id, serial, not_after FROM certificate \
         WHERE expired_at IS NULL AND not_after < $2 AND issuer_id = $1 ORDER BY not_after, id LIMIT $3",
    )
    .bind(issuer_id)
    .bind(now)
    .bind(limit)
    .fetch_all(conn)
    .await?;
    Ok(rows)
}

/// Notes the end of a certificate.
pub async fn mark_over(conn: &mut AnyConnection, id: i64, now: i64) -> Result<bool, Error> {
    let done =
        sqlx::query("UPDATE certificate SET expired_at = $2 WHERE id = $1 AND expired_at IS NULL")
            .bind(id)
            .bind(now)
            .execute(conn)
            .await?;
    Ok(done.rows_affected() == 1)
}
