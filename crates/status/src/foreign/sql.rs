//! The two tables of followed lists: the state of each source, and the list that is held.

use sqlx::{AnyConnection, FromRow};

use super::model::{Floor, SourceState};
use crate::error::Error;

/// Names a row: an address, and whose lists were expected there (the mark of the authority).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    pub address: String,
    pub authority: String,
}

/// A row of `foreign_source`.
#[derive(Debug, FromRow)]
pub struct SourceRow {
    address: String,
    authority: String,
    issuer: String,
    floor_number: String,
    floor_at: i64,
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
    /// Key, issuer, state.
    pub fn parts(self) -> (Key, String, SourceState) {
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
            floor: Floor { number: self.floor_number, this_update: self.floor_at },
        };
        (Key { address: self.address, authority: self.authority }, self.issuer, state)
    }
}

pub async fn sources(conn: &mut AnyConnection) -> Result<Vec<SourceRow>, Error> {
    let rows = sqlx::query_as(
        "SELECT address, authority, issuer, floor_number, floor_at, next_at, tried_at, failures, \
         trouble, fetched_at, number, this_update, next_update, digest, entries \
         FROM foreign_source ORDER BY address, authority",
    );
    Ok(rows.fetch_all(conn).await?)
}

/// A source of an authority that is new, or has other certificates than before. What was held under others stays for
/// the nodes that still have those, unless nobody has asked for it since `unused`.
pub async fn begin(
    conn: &mut AnyConnection,
    key: &Key,
    (issuer, floor): (&str, &Floor),
    unused: i64,
) -> Result<(), Error> {
    const UNUSED: &str = "address = $1 AND authority <> $2 AND tried_at < $3 AND next_at < $3";
    let lists = format!(
        "DELETE FROM foreign_list WHERE address = $1 AND authority IN \
         (SELECT authority FROM foreign_source WHERE {UNUSED})"
    );
    let sources = format!("DELETE FROM foreign_source WHERE {UNUSED}");
    for old in [lists, sources] {
        let old = sqlx::query(sqlx::AssertSqlSafe(old));
        old.bind(&key.address).bind(&key.authority).bind(unused).execute(&mut *conn).await?;
    }
    sqlx::query(
        "INSERT INTO foreign_source (address, authority, issuer, floor_number, floor_at, next_at) \
         VALUES ($1, $2, $3, $4, $5, 0) ON CONFLICT (address, authority) DO NOTHING",
    )
    .bind(&key.address)
    .bind(&key.authority)
    .bind(issuer)
    .bind(&floor.number)
    .bind(floor.this_update)
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes a source that is due for this node until a moment; whether it was still due.
pub async fn claim(
    conn: &mut AnyConnection,
    key: &Key,
    (now, until): (i64, i64),
) -> Result<bool, Error> {
    let done = sqlx::query(
        "UPDATE foreign_source SET next_at = $1 \
         WHERE address = $2 AND authority = $3 AND next_at <= $4",
    );
    let done = done.bind(until).bind(&key.address).bind(&key.authority).bind(now);
    Ok(done.execute(conn).await?.rows_affected() == 1)
}

/// Makes a source due now, whoever's lists are expected there; whether there is such a source.
pub async fn hasten(conn: &mut AnyConnection, address: &str) -> Result<bool, Error> {
    let done = sqlx::query("UPDATE foreign_source SET next_at = 0 WHERE address = $1")
        .bind(address)
        .execute(conn)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// An attempt failed: what is held stays.
pub async fn failed(
    conn: &mut AnyConnection,
    key: &Key,
    (now, next_at): (i64, i64),
    trouble: &str,
) -> Result<(), Error> {
    sqlx::query(
        "UPDATE foreign_source SET tried_at = $1, next_at = $2, trouble = $3, \
         failures = failures + 1 WHERE address = $4 AND authority = $5",
    )
    .bind(now)
    .bind(next_at)
    .bind(trouble)
    .bind(&key.address)
    .bind(&key.authority)
    .execute(conn)
    .await?;
    Ok(())
}

/// The state after a list was taken or seen unchanged. A node that was slower than another takes nothing back: only
/// what is still held changes.
pub async fn taken(
    conn: &mut AnyConnection,
    key: &Key,
    before: &str,
    state: &SourceState,
) -> Result<bool, Error> {
    let done = sqlx::query(
        "UPDATE foreign_source SET next_at = $1, tried_at = $2, failures = 0, trouble = '', \
         fetched_at = $2, number = $3, this_update = $4, next_update = $5, digest = $6, \
         entries = $7 WHERE address = $8 AND authority = $9 AND digest = $10",
    )
    .bind(state.next_at)
    .bind(state.tried_at)
    .bind(&state.number)
    .bind(state.this_update)
    .bind(state.next_update)
    .bind(&state.digest)
    .bind(i64::try_from(state.entries).unwrap_or(i64::MAX))
    .bind(&key.address)
    .bind(&key.authority)
    .bind(before)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Keeps the list itself.
pub async fn keep(conn: &mut AnyConnection, key: &Key, der: &[u8]) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO foreign_list (address, authority, der) VALUES ($1, $2, $3) \
         ON CONFLICT (address, authority) DO UPDATE SET der = excluded.der",
    )
    .bind(&key.address)
    .bind(&key.authority)
    .bind(der)
    .execute(conn)
    .await?;
    Ok(())
}

/// The list that is held.
pub async fn list(conn: &mut AnyConnection, key: &Key) -> Result<Option<Vec<u8>>, Error> {
    let der =
        sqlx::query_scalar("SELECT der FROM foreign_list WHERE address = $1 AND authority = $2");
    Ok(der.bind(&key.address).bind(&key.authority).fetch_optional(conn).await?)
}
