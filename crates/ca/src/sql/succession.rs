//! Rows of `issuer_successor` and `issuer_end`: the generations of an authority.

use sqlx::{AnyConnection, FromRow};

use super::issuer::IssuerRow;
use crate::error::Error;

/// A generation after the first one.
#[derive(Debug, FromRow)]
pub struct SuccessorRow {
    #[sqlx(flatten)]
    pub issuer: IssuerRow,
    pub name: String,
    pub generation: i64,
    pub active_from: Option<i64>,
}

/// The later generations of an authority, in their order.
pub async fn successors(
    conn: &mut AnyConnection,
    authority: &str,
) -> Result<Vec<SuccessorRow>, Error> {
    let rows = sqlx::query_as(
        "SELECT i.id, i.key_label, i.key_hash, i.certificate_der, i.shards, i.name, s.generation, \
         s.active_from FROM issuer_successor s JOIN issuer i ON i.id = s.issuer_id \
         WHERE s.authority = $1 ORDER BY s.generation",
    );
    Ok(rows.bind(authority).fetch_all(conn).await?)
}

/// Enters a generation that was certified.
pub async fn insert(
    conn: &mut AnyConnection,
    issuer_id: i64,
    (authority, generation): (&str, u32),
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO issuer_successor (issuer_id, authority, generation) VALUES ($1, $2, $3)",
    )
    .bind(issuer_id)
    .bind(authority)
    .bind(i64::from(generation))
    .execute(conn)
    .await?;
    Ok(())
}

/// Appoints a generation, once; false when it is appointed already.
pub async fn appoint(conn: &mut AnyConnection, issuer_id: i64, from: i64) -> Result<bool, Error> {
    let done = sqlx::query(
        "UPDATE issuer_successor SET active_from = $2 WHERE issuer_id = $1 AND active_from IS NULL",
    )
    .bind(issuer_id)
    .bind(from)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Brings the instant of an appointed generation forward; false where it is not later.
pub async fn bring_forward(
    conn: &mut AnyConnection,
    (issuer_id, to): (i64, i64),
) -> Result<bool, Error> {
    let done = sqlx::query(
        "UPDATE issuer_successor SET active_from = $2 WHERE issuer_id = $1 AND active_from > $2",
    )
    .bind(issuer_id)
    .bind(to)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The later generation that issues at `now`; `None`: the first one does.
pub async fn issuing(
    conn: &mut AnyConnection,
    authority: &str,
    now: i64,
) -> Result<Option<i64>, Error> {
    let id = sqlx::query_scalar(
        "SELECT issuer_id FROM issuer_successor WHERE authority = $1 AND active_from <= $2 \
         ORDER BY generation DESC LIMIT 1",
    );
    Ok(id.bind(authority).bind(now).fetch_optional(conn).await?)
}

/// When a generation was over, and when its key was destroyed.
#[derive(Debug, Clone, Copy, FromRow)]
pub struct EndRow {
    pub over_at: i64,
    pub destroyed_at: Option<i64>,
}

pub async fn end_of(conn: &mut AnyConnection, issuer_id: i64) -> Result<Option<EndRow>, Error> {
    let row = sqlx::query_as("SELECT over_at, destroyed_at FROM issuer_end WHERE issuer_id = $1");
    Ok(row.bind(issuer_id).fetch_optional(conn).await?)
}

/// Notes that a generation is over; false when it was noted before.
pub async fn note_over(conn: &mut AnyConnection, issuer_id: i64, at: i64) -> Result<bool, Error> {
    let done = sqlx::query(
        "INSERT INTO issuer_end (issuer_id, over_at) VALUES ($1, $2) ON CONFLICT (issuer_id) DO NOTHING",
    );
    Ok(done.bind(issuer_id).bind(at).execute(conn).await?.rows_affected() == 1)
}

/// Notes that the key of a generation that is over was destroyed.
pub async fn note_destroyed(
    conn: &mut AnyConnection,
    issuer_id: i64,
    at: i64,
) -> Result<(), Error> {
    sqlx::query(
        "UPDATE issuer_end SET destroyed_at = $2 WHERE issuer_id = $1 AND destroyed_at IS NULL",
    )
    .bind(issuer_id)
    .bind(at)
    .execute(conn)
    .await?;
    Ok(())
}

/// The last second of the certificates of an issuer, those of two profiles aside.
pub async fn last_end(
    conn: &mut AnyConnection,
    issuer_id: i64,
    aside: [&str; 2],
) -> Result<Option<i64>, Error> {
    let end = sqlx::query_scalar(
        "SELECT not_after FROM certificate WHERE issuer_id = $1 AND profile <> $2 AND profile <> $3 \
         ORDER BY not_after DESC, id DESC LIMIT 1",
    );
    let [one, other] = aside;
    Ok(end.bind(issuer_id).bind(one).bind(other).fetch_optional(conn).await?)
}
