//! Failures to sign in.

use super::Answer;
use crate::signin::Tally;
use jiff::Timestamp;
use sqlx::{AnyConnection, Row as _};

/// The tally of something; zero if there is none.
pub async fn tally(conn: &mut AnyConnection, what: &str) -> Answer<Tally> {
    let row = sqlx::query(
        "SELECT failures, since, last_at, succeeded_at FROM access_failure WHERE what = $1",
    )
    .bind(what)
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(Tally::default()) };
    Ok(Tally {
        failures: row.try_get(0)?,
        since: row.try_get(1)?,
        last_at: row.try_get(2)?,
        succeeded_at: row.try_get(3)?,
    })
}

/// Writes a tally down.
pub async fn put_tally(conn: &mut AnyConnection, what: &str, tally: Tally) -> Answer<()> {
    sqlx::query(
        "INSERT INTO access_failure (what, failures, since, last_at, succeeded_at) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (what) DO UPDATE \
         SET failures = $2, since = $3, last_at = $4, succeeded_at = $5",
    )
    .bind(what)
    .bind(tally.failures)
    .bind(tally.since)
    .bind(tally.last_at)
    .bind(tally.succeeded_at)
    .execute(conn)
    .await?;
    Ok(())
}

/// Forgets tallies that mean nothing any more.
pub async fn forget_tallies(conn: &mut AnyConnection, before: Timestamp) -> Answer<()> {
    sqlx::query("DELETE FROM access_failure WHERE last_at < $1 AND succeeded_at < $1")
        .bind(before.as_second())
        .execute(conn)
        .await?;
    Ok(())
}
