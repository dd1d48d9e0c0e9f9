//! Rows of `crl`, `crl_intent`, `crl_number` and `crl_spare`, and what a CRL lists.

use futures_util::TryStreamExt;
use pki::crl::{Reason, RevokedEntry};
use sqlx::{AnyConnection, FromRow};

use super::{instant, serial};
use crate::error::Error;
use crate::rules::crl::Current;

/// Takes the next number of a scope. Numbers only grow; one that is not used is skipped.
pub async fn next_number(
    conn: &mut AnyConnection,
    issuer_id: i64,
    scope: &str,
) -> Result<i64, Error> {
    let number = sqlx::query_scalar(
        "INSERT INTO crl_number (issuer_id, scope, number) VALUES ($1, $2, 1) \
         ON CONFLICT (issuer_id, scope) DO UPDATE SET number = crl_number.number + 1 RETURNING number",
    )
    .bind(issuer_id)
    .bind(scope)
    .fetch_one(conn)
    .await?;
    Ok(number)
}

/// No series of this issuer goes on below `number`.
pub async fn raise_number(
    conn: &mut AnyConnection,
    issuer_id: i64,
    number: i64,
) -> Result<(), Error> {
    sqlx::query("UPDATE crl_number SET number = $2 WHERE issuer_id = $1 AND number < $2")
        .bind(issuer_id)
        .bind(number)
        .execute(conn)
        .await?;
    Ok(())
}

/// What will be signed.
#[derive(Debug, Clone)]
pub struct NewIntent<'a> {
    pub issuer_id: i64,
    pub key_label: &'a str,
    pub scope: &'a str,
    pub number: i64,
    pub tbs_hash: String,
    pub at: i64,
}

pub async fn insert_intent(conn: &mut AnyConnection, new: &NewIntent<'_>) -> Result<i64, Error> {
    let id = sqlx::query_scalar(
        "INSERT INTO crl_intent (issuer_id, key_label, scope, number, tbs_hash, intended_at, state) \
         VALUES ($1, $2, $3, $4, $5, $6, 'intended') RETURNING id",
    )
    .bind(new.issuer_id)
    .bind(new.key_label)
    .bind(new.scope)
    .bind(new.number)
    .bind(&new.tbs_hash)
    .bind(new.at)
    .fetch_one(conn)
    .await?;
    Ok(id)
}

/// intended → signed (`None`) or rejected (`reason`); false when the intent is not open.
pub async fn close_intent(
    conn: &mut AnyConnection,
    id: i64,
    reason: Option<&str>,
) -> Result<bool, Error> {
    let state = if reason.is_some() { "rejected" } else { "signed" };
    let done = sqlx::query(
        "UPDATE crl_intent SET state = $2, reason = $3 WHERE id = $1 AND state = 'intended'",
    )
    .bind(id)
    .bind(state)
    .bind(reason)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Intents that a crash left open: their signature was never published.
pub async fn open_intents(conn: &mut AnyConnection, label: &str) -> Result<Vec<(i64, i64)>, Error> {
    let rows = sqlx::query_as(
        "SELECT id, number FROM crl_intent WHERE state = 'intended' AND key_label = $1 ORDER BY id",
    )
    .bind(label)
    .fetch_all(conn)
    .await?;
    Ok(rows)
}

/// A CRL to publish, or a spare to keep.
#[derive(Debug, Clone)]
pub struct NewCrl<'a> {
    pub issuer_id: i64,
    pub kind: &'a str,
    pub shard: i64,
    pub number: i64,
    pub base_number: Option<i64>,
    pub this_update: i64,
    pub next_update: i64,
    pub entries: i64,
    pub covers_seq: i64,
    pub spare: bool,
    pub der: &'a [u8],
    pub etag: String,
    pub published_at: i64,
}

/// Publishes: from here on the row with the highest number is the current CRL.
pub async fn insert(conn: &mut AnyConnection, new: &NewCrl<'_>) -> Result<i64, Error> {
    let id = sqlx::query_scalar(
        "INSERT INTO crl (issuer_id, kind, shard, number, base_number, this_update, next_update, entries, \
         covers_seq, spare, der, etag, published_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING id",
    )
    .bind(new.issuer_id)
    .bind(new.kind)
    .bind(new.shard)
    .bind(new.number)
    .bind(new.base_number)
    .bind(new.this_update)
    .bind(new.next_update)
    .bind(new.entries)
    .bind(new.covers_seq)
    .bind(i64::from(new.spare))
    .bind(new.der)
    .bind(&new.etag)
    .bind(new.published_at)
    .fetch_one(conn)
    .await?;
    Ok(id)
}

/// Forgets superseded CRLs but for the last `keep`.
pub async fn prune(
    conn: &mut AnyConnection,
    (issuer_id, kind, shard): (i64, &str, i64),
    keep: u32,
) -> Result<(), Error> {
    sqlx::query(
        "DELETE FROM crl WHERE issuer_id = $1 AND kind = $2 AND shard = $3 AND number < \
         (SELECT MIN(number) FROM (SELECT number FROM crl WHERE issuer_id = $1 AND kind = $2 \
         AND shard = $3 ORDER BY number DESC LIMIT $4) AS kept)",
    )
    .bind(issuer_id)
    .bind(kind)
    .bind(shard)
    .bind(i64::from(keep) + 1)
    .execute(conn)
    .await?;
    Ok(())
}

/// A published CRL without its bytes.
#[derive(Debug, Clone, FromRow)]
pub struct CrlRow {
    pub id: i64,
    pub kind: String,
    pub shard: i64,
    pub number: i64,
    pub base_number: Option<i64>,
    pub this_update: i64,
    pub next_update: i64,
    pub entries: i64,
    pub covers_seq: i64,
    pub spare: i64,
    pub etag: String,
    pub published_at: i64,
}

const COLUMNS: &str = "id, kind, shard, number, base_number, this_update, next_update, entries, \
     covers_seq, spare, etag, published_at";

impl CrlRow {
    /// What the rules want to know about it.
    pub fn current(&self) -> Result<Current, Error> {
        Ok(Current {
            number: self.number,
            this_update: instant(self.this_update)?,
            next_update: instant(self.next_update)?,
            covers_seq: self.covers_seq,
        })
    }
}

/// The current CRL of a kind.
pub async fn current(
    conn: &mut AnyConnection,
    issuer_id: i64,
    kind: &str,
    shard: i64,
) -> Result<Option<CrlRow>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM crl WHERE issuer_id = $1 AND kind = $2 AND shard = $3 \
         ORDER BY number DESC LIMIT 1"
    );
    let row = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(issuer_id)
        .bind(kind)
        .bind(shard)
        .fetch_optional(conn)
        .await?;
    Ok(row)
}

/// Published CRLs, newest first.
pub async fn history(
    conn: &mut AnyConnection,
    issuer_id: i64,
    limit: i64,
) -> Result<Vec<CrlRow>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM crl WHERE issuer_id = $1 ORDER BY id DESC LIMIT $2");
    let rows = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(issuer_id)
        .bind(limit)
        .fetch_all(conn)
        .await?;
    Ok(rows)
}

/// The bytes of a published CRL.
pub async fn der(conn: &mut AnyConnection, id: i64) -> Result<Vec<u8>, Error> {
    sqlx::query_scalar("SELECT der FROM crl WHERE id = $1")
        .bind(id)
        .fetch_optional(conn)
        .await?
        .ok_or_else(|| Error::stored(format!("证书撤销列表 {id} 没有内容")))
}

#[derive(FromRow)]
struct EntryRow {
    serial: String,
    reason: Option<i64>,
    changed_at: i64,
    invalid_since: Option<i64>,
    seen: Option<i64>,
}

impl EntryRow {
    /// A certificate that is good again is written as removed (delta CRLs only).
    fn entry(self) -> Result<RevokedEntry, Error> {
        let reason = match self.reason {
            None => Reason::RemoveFromCrl,
            Some(code) => u8::try_from(code)
                .ok()
                .and_then(Reason::from_code)
                .ok_or_else(|| Error::stored(format!("撤销原因 {code} 不成立")))?,
        };
        Ok(RevokedEntry {
            serial: serial(&self.serial)?,
            at: instant(self.changed_at)?,
            reason,
            invalid_since: self.invalid_since.map(instant).transpose()?,
        })
    }
}

/// Which certificates a CRL is about.
#[derive(Debug, Clone, Copy)]
pub enum Listing {
    /// Every barred certificate that [`crate::rules::crl::listed`] says, of all shards or one.
    /// `previous` is when the CRL before it was made.
    Whole {
        /// One shard only.
        shard: Option<u16>,
        /// thisUpdate of the CRL before.
        previous: Option<i64>,
    },
    /// What changed after a journal number.
    Since(i64),
}

/// Hands every entry, in the numeric order of serials, to `take`, from one snapshot of the
/// database and without holding them all. Answers the last change of status that the same snapshot has, if there is an
/// entry: a second question could see a later one.
pub async fn each_entry(
    conn: &mut AnyConnection,
    issuer_id: i64,
    listing: Listing,
    take: &mut (dyn FnMut(RevokedEntry) -> Result<(), Error> + Send),
) -> Result<Option<i64>, Error> {
    let (sql, bound, shard) = match listing {
        Listing::Whole { shard: None, previous } => (WHOLE, previous.unwrap_or(i64::MIN), 0),
        Listing::Whole { shard: Some(shard), previous } => {
            (SHARD, previous.unwrap_or(i64::MIN), i64::from(shard))
        }
        Listing::Since(seq) => (SINCE, seq, 0),
    };
    let mut rows = sqlx::query_as(sql).bind(issuer_id).bind(bound).bind(shard).fetch(conn);
    let mut seen = None;
    while let Some(row) = rows.try_next().await? {
        let row: EntryRow = row;
        seen = row.seen;
        take(row.entry()?)?;
    }
    Ok(seen)
}

const WHOLE: &str = "SELECT serial, reason, changed_at, invalid_since, \
     (SELECT MAX(seq) FROM status_change WHERE issuer_id = $1) AS seen FROM certificate \
     WHERE issuer_id = $1 AND status <> 'good' AND (not_after >= $2 OR changed_at >= $2) AND $3 = 0 \
     ORDER BY length(serial), serial";

const SHARD: &str = "SELECT serial, reason, changed_at, invalid_since, \
     (SELECT MAX(seq) FROM status_change WHERE issuer_id = $1) AS seen FROM certificate \
     WHERE issuer_id = $1 AND shard = $3 AND status <> 'good' \
     AND (not_after >= $2 OR changed_at >= $2) ORDER BY length(serial), serial";

const SINCE: &str = "SELECT serial, reason, changed_at, invalid_since, \
     (SELECT MAX(seq) FROM status_change WHERE issuer_id = $1) AS seen FROM certificate \
     WHERE $3 = 0 AND id IN (SELECT certificate_id FROM status_change WHERE issuer_id = $1 AND seq > $2) \
     ORDER BY length(serial), serial";

/// notAfter and status of one certificate, for the check of consecutive CRLs.
pub async fn end_of(
    conn: &mut AnyConnection,
    issuer_id: i64,
    serial: &str,
) -> Result<Option<(i64, String)>, Error> {
    let row = sqlx::query_as(
        "SELECT not_after, status FROM certificate WHERE issuer_id = $1 AND serial = $2",
    )
    .bind(issuer_id)
    .bind(serial)
    .fetch_optional(conn)
    .await?;
    Ok(row)
}

/// A spare with its bytes.
#[derive(Debug, Clone, FromRow)]
pub struct SpareRow {
    pub number: i64,
    pub this_update: i64,
    pub next_update: i64,
    pub entries: i64,
    pub covers_seq: i64,
    pub der: Vec<u8>,
}

/// Keeps a spare in place of the one before.
pub async fn keep_spare(conn: &mut AnyConnection, new: &NewCrl<'_>) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO crl_spare (issuer_id, shard, number, this_update, next_update, entries, covers_seq, \
         der) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
         ON CONFLICT (issuer_id, shard) DO UPDATE SET number = excluded.number, \
         this_update = excluded.this_update, next_update = excluded.next_update, \
         entries = excluded.entries, covers_seq = excluded.covers_seq, der = excluded.der",
    )
    .bind(new.issuer_id)
    .bind(new.shard)
    .bind(new.number)
    .bind(new.this_update)
    .bind(new.next_update)
    .bind(new.entries)
    .bind(new.covers_seq)
    .bind(new.der)
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn spare(
    conn: &mut AnyConnection,
    issuer_id: i64,
    shard: i64,
) -> Result<Option<SpareRow>, Error> {
    let row = sqlx::query_as(
        "SELECT number, this_update, next_update, entries, covers_seq, der FROM crl_spare \
         WHERE issuer_id = $1 AND shard = $2",
    )
    .bind(issuer_id)
    .bind(shard)
    .fetch_optional(conn)
    .await?;
    Ok(row)
}

pub async fn drop_spare(conn: &mut AnyConnection, issuer_id: i64, shard: i64) -> Result<(), Error> {
    sqlx::query("DELETE FROM crl_spare WHERE issuer_id = $1 AND shard = $2")
        .bind(issuer_id)
        .bind(shard)
        .execute(conn)
        .await?;
    Ok(())
}

/// Drops every spare of an issuer: one that signs no more, or whose numbers go on above those of a backup.
pub async fn drop_spares(conn: &mut AnyConnection, issuer_id: i64) -> Result<(), Error> {
    sqlx::query("DELETE FROM crl_spare WHERE issuer_id = $1").bind(issuer_id).execute(conn).await?;
    Ok(())
}
