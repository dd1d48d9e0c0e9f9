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
