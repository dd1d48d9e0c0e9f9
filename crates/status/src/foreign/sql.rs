//! The two tables of followed lists: the state of each source, and the list that is held.

use sqlx::{AnyConnection, FromRow};

use super::model::SourceState;
use crate::error::Error;

/// A row of `foreign_source`.
#[derive(Debug, FromRow)]
pub struct SourceRow {
    pub address: String,
    pub authority: String,
    next_at: i64,
    tried_at: i64,
    failures: i64,
    trouble: String,
    fetched_at: i64,
    number: String,
    this_update: i64,
    next_update: i64,
    digest: String,
    entries: i64,
}

impl SourceRow {
    /// Address, authority, state.
    pub fn parts(self) -> (String, String, SourceState) {
        let state = SourceState {
            next_at: self.next_at,
            tried_at: self.tried_at,
            failures: u32::try_from(self.failures).unwrap_or(u32::MAX),
            trouble: self.trouble,
            fetched_at: self.fetched_at,
            number: self.number,
            this_update: self.this_update,
            next_update: self.next_update,
            digest: self.digest,
            entries: u64::try_from(self.entries).unwrap_or_default(),
        };
        (self.address, self.authority, state)
    }
}

pub async fn sources(conn: &mut AnyConnection) -> Result<Vec<SourceRow>, Error> {
    let rows = sqlx::query_as(
        "SELECT address, authority, next_at, tried_at, failures, trouble, fetched_at, number, \
         this_update, next_update, digest, entries FROM foreign_source ORDER BY address",
    );
    Ok(rows.fetch_all(conn).await?)
}

/// A source of an authority: new, or what was held under other keys forgotten.
pub async fn begin(conn: &mut AnyConnection, address: &str, authority: &str) -> Result<(), Error> {
    sqlx::query("DELETE FROM foreign_list WHERE address = $1")
        .bind(address)
        .execute(&mut *conn)
        .await?;
    sqlx::query(
        "INSERT INTO foreign_source (address, authority, next_at) VALUES ($1, $2, 0) \
         ON CONFLICT (address) DO UPDATE SET authority = excluded.authority, next_at = 0, \
         tried_at = 0, failures = 0, trouble = '', fetched_at = 0, number = '', this_update = 0, \
         next_update = 0, digest = '', entries = 0",
    )
    .bind(address)
    .bind(authority)
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes a source that is due for this node until a moment; whether it was still due.
pub async fn claim(
    conn: &mut AnyConnection,
    address: &str,
    (now, until): (i64, i64),
) -> Result<bool, Error> {
    let done =
        sqlx::query("UPDATE foreign_source SET next_at = $1 WHERE address = $2 AND next_at <= $3")
            .bind(until)
            .bind(address)
            .bind(now)
            .execute(conn)
            .await?;
    Ok(done.rows_affected() == 1)
}

/// Makes a source due now; whether there is such a source.
pub async fn hasten(conn: &mut AnyConnection, address: &str) -> Result<bool, Error> {
    let done = sqlx::query("UPDATE foreign_source SET next_at = 0 WHERE address = $1")
        .bind(address)
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// An attempt failed: what is held stays.
pub async fn failed(
    conn: &mut AnyConnection,
    address: &str,
    (now, next_at): (i64, i64),
    trouble: &str,
) -> Result<(), Error> {
    sqlx::query(
        "UPDATE foreign_source SET tried_at = $1, next_at = $2, trouble = $3, \
         failures = failures + 1 WHERE address = $4",
    )
    .bind(now)
    .bind(next_at)
    .bind(trouble)
    .bind(address)
    .execute(conn)
    .await?;
    Ok(())
}

/// The state after a list was taken or seen unchanged. A node that was slower than another takes nothing back: only
/// what is still held changes.
pub async fn taken(
    conn: &mut AnyConnection,
    address: &str,
    before: &str,
    state: &SourceState,
) -> Result<bool, Error> {
    let done = sqlx::query(
        "UPDATE foreign_source SET next_at = $1, tried_at = $2, failures = 0, trouble = '', \
         fetched_at = $2, number = $3, this_update = $4, next_update = $5, digest = $6, \
         entries = $7 WHERE address = $8 AND digest = $9",
    )
    .bind(state.next_at)
    .bind(state.tried_at)
    .bind(&state.number)
    .bind(state.this_update)
    .bind(state.next_update)
    .bind(&state.digest)
    .bind(i64::try_from(state.entries).unwrap_or(i64::MAX))
    .bind(address)
    .bind(before)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Keeps the list itself.
pub async fn keep(conn: &mut AnyConnection, address: &str, der: &[u8]) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO foreign_list (address, der) VALUES ($1, $2) \
         ON CONFLICT (address) DO UPDATE SET der = excluded.der",
    )
    .bind(address)
    .bind(der)
    .execute(conn)
    .await?;
    Ok(())
}

/// The list that is held.
pub async fn list(conn: &mut AnyConnection, address: &str) -> Result<Option<Vec<u8>>, Error> {
    let der = sqlx::query_scalar("SELECT der FROM foreign_list WHERE address = $1");
    Ok(der.bind(address).fetch_optional(conn).await?)
}
