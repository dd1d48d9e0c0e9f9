//! How far another directory was brought, and what it doesn't have yet.

use sqlx::{AnyConnection, FromRow};

use super::FoundRow;
use crate::error::Error;

/// How far it was brought.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct PlaceRow {
    pub target: String,
    pub seq: i64,
    pub expired_at: i64,
    pub expired_id: i64,
    pub tree: String,
}

/// The last comparison.
#[derive(Debug, Clone, FromRow)]
pub struct CheckedRow {
    pub checked_at: i64,
    pub checked: String,
}

/// A certificate that is new or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, FromRow)]
pub struct ChangedRow {
    pub seq: i64,
    pub id: i64,
    pub at: i64,
}

pub async fn place(conn: &mut AnyConnection) -> Result<Option<PlaceRow>, Error> {
    let row = sqlx::query_as(
        "SELECT target, seq, expired_at, expired_id, tree FROM directory_replica WHERE id = 1",
    );
    Ok(row.fetch_optional(conn).await?)
}

pub async fn checked(conn: &mut AnyConnection) -> Result<Option<CheckedRow>, Error> {
    let row = sqlx::query_as("SELECT checked_at, checked FROM directory_replica WHERE id = 1");
    Ok(row.fetch_optional(conn).await?)
}

/// Another directory: from the beginning.
pub async fn begin(conn: &mut AnyConnection, place: &PlaceRow) -> Result<(), Error> {
    sqlx::query("DELETE FROM directory_replica_refused").execute(&mut *conn).await?;
    sqlx::query(
        "INSERT INTO directory_replica (id, target, seq, expired_at, expired_id, tree, holder, \
         held_until) VALUES (1, $1, $2, $3, $4, $5, '', 0) ON CONFLICT (id) DO UPDATE SET \
         target = excluded.target, seq = excluded.seq, expired_at = excluded.expired_at, \
         expired_id = excluded.expired_id, tree = excluded.tree, checked_at = 0, checked = ''",
    )
    .bind(&place.target)
    .bind(place.seq)
    .bind(place.expired_at)
    .bind(place.expired_id)
    .bind(&place.tree)
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes or keeps the turn of a node; `false` while another has it.
pub async fn hold(
    conn: &mut AnyConnection,
    holder: &str,
    (now, until): (i64, i64),
) -> Result<bool, Error> {
    let done = sqlx::query(
        "UPDATE directory_replica SET holder = $1, held_until = $2 \
         WHERE id = 1 AND (holder = $1 OR held_until <= $3)",
    )
    .bind(holder)
    .bind(until)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn note_place(conn: &mut AnyConnection, place: &PlaceRow) -> Result<(), Error> {
    sqlx::query(
        "UPDATE directory_replica SET seq = $1, expired_at = $2, expired_id = $3, tree = $4 \
         WHERE id = 1 AND target = $5",
    )
    .bind(place.seq)
    .bind(place.expired_at)
    .bind(place.expired_id)
    .bind(&place.tree)
    .bind(&place.target)
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn note_checked(conn: &mut AnyConnection, at: i64, checked: &str) -> Result<(), Error> {
    sqlx::query("UPDATE directory_replica SET checked_at = $1, checked = $2 WHERE id = 1")
        .bind(at)
        .bind(checked)
        .execute(conn)
        .await?;
    Ok(())
}

/// Certificates whose record comes after `seq`.
pub async fn issued_after(
    conn: &mut AnyConnection,
    seq: i64,
    most: i64,
) -> Result<Vec<ChangedRow>, Error> {
    let rows = sqlx::query_as(
        "SELECT issued_seq AS seq, id, issued_at AS at FROM certificate WHERE issued_seq > $1 \
         ORDER BY issued_seq LIMIT $2",
    );
    Ok(rows.bind(seq).bind(most).fetch_all(conn).await?)
}

/// Changes of status after `seq`.
pub async fn changed_after(
    conn: &mut AnyConnection,
    seq: i64,
    most: i64,
) -> Result<Vec<ChangedRow>, Error> {
    let rows = sqlx::query_as(
        "SELECT seq, certificate_id AS id, at FROM status_change WHERE seq > $1 \
         ORDER BY seq LIMIT $2",
    );
    Ok(rows.bind(seq).bind(most).fetch_all(conn).await?)
}

/// Certificates that ended after a place and up to an instant; `seq` is 0.
pub async fn over_after(
    conn: &mut AnyConnection,
    (at, id): (i64, i64),
    (until, most): (i64, i64),
) -> Result<Vec<ChangedRow>, Error> {
    let rows = sqlx::query_as(
        "SELECT CAST(0 AS BIGINT) AS seq, id, expired_at AS at FROM certificate \
         WHERE expired_at IS NOT NULL AND expired_at <= $3 \
         AND (expired_at > $1 OR (expired_at = $1 AND id > $2)) ORDER BY expired_at, id LIMIT $4",
    );
    Ok(rows.bind(at).bind(id).bind(until).bind(most).fetch_all(conn).await?)
}

/// The newest list that was published, and how often cross-certificates came and went: grows with each. 0 before the
/// first.
pub async fn last_list(conn: &mut AnyConnection) -> Result<i64, Error> {
    let id = sqlx::query_scalar("SELECT id FROM crl ORDER BY id DESC LIMIT 1");
    let id: i64 = id.fetch_optional(&mut *conn).await?.unwrap_or_default();
    let crossed = sqlx::query_scalar(
        "SELECT (SELECT COUNT(*) FROM cross_issued) + (SELECT COUNT(*) FROM cross_issued WHERE withdrawn <> '') \
         + (SELECT COUNT(*) FROM cross_received) + (SELECT COUNT(*) FROM cross_received WHERE withdrawn_at <> 0)",
    );
    let crossed: i64 = crossed.fetch_one(conn).await?;
    Ok(id.saturating_add(crossed))
}

/// The certificate of this number.
pub async fn certificate(conn: &mut AnyConnection, id: i64) -> Result<Option<FoundRow>, Error> {
    let row = sqlx::query_as(
        "SELECT id, serial, profile, subject_der, not_before, not_after, status, changed_at, \
         issued_at FROM certificate WHERE id = $1",
    );
    Ok(row.bind(id).fetch_optional(conn).await?)
}

/// Keeps in mind what was refused.
pub async fn refuse(
    conn: &mut AnyConnection,
    id: i64,
    (code, reason, at): (i64, &str, i64),
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO directory_replica_refused (certificate_id, code, reason, at) \
         VALUES ($1, $2, $3, $4) ON CONFLICT (certificate_id) DO UPDATE SET \
         code = excluded.code, reason = excluded.reason, at = excluded.at",
    )
    .bind(id)
    .bind(code)
    .bind(reason)
    .bind(at)
    .execute(conn)
    .await?;
    Ok(())
}

/// What was refused is there now, or isn't wanted any more.
pub async fn forgive(conn: &mut AnyConnection, id: i64) -> Result<(), Error> {
    sqlx::query("DELETE FROM directory_replica_refused WHERE certificate_id = $1")
        .bind(id)
        .execute(conn)
        .await?;
    Ok(())
}

/// Refused entries, the oldest attempt first: number and the reason.
pub async fn refused(
    conn: &mut AnyConnection,
    before: i64,
    most: i64,
) -> Result<Vec<(i64, String)>, Error> {
    let rows = sqlx::query_as(
        "SELECT certificate_id, reason FROM directory_replica_refused WHERE at <= $1 \
         ORDER BY at, certificate_id LIMIT $2",
    );
    Ok(rows.bind(before).bind(most).fetch_all(conn).await?)
}

pub async fn count_refused(conn: &mut AnyConnection) -> Result<i64, Error> {
    let count = sqlx::query_scalar("SELECT COUNT(*) FROM directory_replica_refused");
    Ok(count.fetch_one(conn).await?)
}
