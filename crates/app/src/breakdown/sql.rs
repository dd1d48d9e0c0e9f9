//! All SQL of breakdowns, over `migrations/institution/0926_breakdown.sql`.

use sqlx::{AnyConnection, FromRow};
use store::Error;

/// A row of `background_breakdown`.
#[derive(Debug, Clone, FromRow)]
pub(super) struct Breakdown {
    pub job: String,
    pub broke_at: i64,
    pub times: i64,
    pub text: String,
    pub recovered_at: Option<i64>,
}

pub(super) async fn broke(
    db: &mut AnyConnection,
    job: &str,
    (at, text): (i64, &str),
) -> Result<(), Error> {
    let statement = "INSERT INTO background_breakdown (job, broke_at, times, text) VALUES ($1, $2, 1, $3) \
         ON CONFLICT (job) DO UPDATE SET broke_at = excluded.broke_at, text = excluded.text, \
         times = background_breakdown.times + 1, recovered_at = NULL";
    sqlx::query(statement).bind(job).bind(at).bind(text).execute(db).await?;
    Ok(())
}

pub(super) async fn recovered(db: &mut AnyConnection, job: &str, at: i64) -> Result<(), Error> {
    let statement =
        "UPDATE background_breakdown SET recovered_at = $1 WHERE job = $2 AND recovered_at IS NULL";
    sqlx::query(statement).bind(at).bind(job).execute(db).await?;
    Ok(())
}

/// The jobs whose last round of some process broke down.
pub(super) async fn open(db: &mut AnyConnection) -> Result<Vec<String>, Error> {
    let statement = "SELECT job FROM background_breakdown WHERE recovered_at IS NULL";
    Ok(sqlx::query_scalar(statement).fetch_all(db).await?)
}

pub(super) async fn all(db: &mut AnyConnection) -> Result<Vec<Breakdown>, Error> {
    let statement =
        "SELECT job, broke_at, times, text, recovered_at FROM background_breakdown ORDER BY job";
    Ok(sqlx::query_as(statement).fetch_all(db).await?)
}
