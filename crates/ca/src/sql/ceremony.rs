//! Rows of `ceremony_step`: what a ceremony has done.

use sqlx::{AnyConnection, FromRow};

use crate::error::Error;

/// A step that is done.
#[derive(Debug, Clone, FromRow)]
pub struct StepRow {
    pub step: String,
    pub seq: i64,
    pub at: i64,
    pub detail: String,
}

pub async fn steps(conn: &mut AnyConnection, ceremony: &str) -> Result<Vec<StepRow>, Error> {
    let rows = sqlx::query_as(
        "SELECT step, seq, at, detail FROM ceremony_step WHERE ceremony = $1 ORDER BY seq",
    )
    .bind(ceremony)
    .fetch_all(conn)
    .await?;
    Ok(rows)
}

/// Whether a step of a ceremony is done.
pub async fn is_done(conn: &mut AnyConnection, ceremony: &str, step: &str) -> Result<bool, Error> {
    let found: Option<i64> =
        sqlx::query_scalar("SELECT seq FROM ceremony_step WHERE ceremony = $1 AND step = $2")
            .bind(ceremony)
            .bind(step)
            .fetch_optional(conn)
            .await?;
    Ok(found.is_some())
}

/// Details of a step in all other ceremonies that were not given up.
pub async fn others(conn: &mut AnyConnection, step: &str, but: &str) -> Result<Vec<String>, Error> {
    let details = sqlx::query_scalar(
        "SELECT s.detail FROM ceremony_step s WHERE s.step = $1 AND s.ceremony <> $2 \
         AND NOT EXISTS (SELECT 1 FROM ceremony_step g WHERE g.ceremony = s.ceremony \
         AND g.step = 'ceremony.given-up')",
    );
    Ok(details.bind(step).bind(but).fetch_all(conn).await?)
}

/// Notes a step as done; a step is done once.
pub async fn done(conn: &mut AnyConnection, ceremony: &str, row: &StepRow) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO ceremony_step (ceremony, step, seq, at, detail) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(ceremony)
    .bind(&row.step)
    .bind(row.seq)
    .bind(row.at)
    .bind(&row.detail)
    .execute(conn)
    .await?;
    Ok(())
}
