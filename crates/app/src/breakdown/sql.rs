//! All SQL of breakdowns, over `migrations/institution/0936_breakdown_node.sql`.

use sqlx::{AnyConnection, FromRow};
use store::Error;

/// A row of `background_breakdown`.
#[derive(Debug, Clone, FromRow)]
pub(super) struct Breakdown {
    pub node: String,
    pub job: String,
    pub broke_at: i64,
    pub times: i64,
    pub place: String,
    pub recovered_at: Option<i64>,
}

pub(super) async fn broke(
    db: &mut AnyConnection,
    (node, job): (&str, &str),
    (at, place): (i64, &str),
) -> Result<(), Error> {
    let statement = "INSERT INTO background_breakdown (node, job, broke_at, times, place) \
         VALUES ($1, $2, $3, 1, $4) \
         ON CONFLICT (node, job) DO UPDATE SET broke_at = excluded.broke_at, \
         place = excluded.place, times = background_breakdown.times + 1, recovered_at = NULL";
    sqlx::query(statement).bind(node).bind(job).bind(at).bind(place).execute(db).await?;
    Ok(())
}

pub(super) async fn recovered(
    db: &mut AnyConnection,
    (node, job): (&str, &str),
    at: i64,
) -> Result<(), Error> {
    let statement = "UPDATE background_breakdown SET recovered_at = $1 \
         WHERE node = $2 AND job = $3 AND recovered_at IS NULL";
    sqlx::query(statement).bind(at).bind(node).bind(job).execute(db).await?;
    Ok(())
}

/// The jobs whose last round on a node broke down.
pub(super) async fn open(db: &mut AnyConnection, node: &str) -> Result<Vec<String>, Error> {
    let statement = "SELECT job FROM background_breakdown WHERE node = $1 AND recovered_at IS NULL";
    Ok(sqlx::query_scalar(statement).bind(node).fetch_all(db).await?)
}

pub(super) async fn all(db: &mut AnyConnection) -> Result<Vec<Breakdown>, Error> {
    let statement = "SELECT node, job, broke_at, times, place, recovered_at \
         FROM background_breakdown ORDER BY job, node";
    Ok(sqlx::query_as(statement).fetch_all(db).await?)
}
