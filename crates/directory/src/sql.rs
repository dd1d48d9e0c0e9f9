//! Reads over the tables of the CA, and the directory's own index.

pub mod cross;
pub mod replica;

use sqlx::{AnyConnection, FromRow};

use crate::error::Error;
use crate::rules::index::{Key, Row};
use crate::rules::plan::Lookup;

/// An issuer.
#[derive(Debug, FromRow)]
pub struct IssuerRow {
    pub id: i64,
    pub name: String,
    pub certificate_der: Vec<u8>,
    pub shards: i64,
}

pub async fn issuers(conn: &mut AnyConnection) -> Result<Vec<IssuerRow>, Error> {
    // One that was certified and is not appointed is nobody's yet (ADR 15).
    let rows = sqlx::query_as(
        "SELECT i.id, i.name, i.certificate_der, i.shards FROM issuer i \
         LEFT JOIN issuer_successor s ON s.issuer_id = i.id \
         WHERE s.issuer_id IS NULL OR s.active_from IS NOT NULL ORDER BY i.id",
    );
    Ok(rows.fetch_all(conn).await?)
}

/// Keys of a root that one of its keys certified and that were not revoked.
pub async fn links(conn: &mut AnyConnection, issuer_id: i64) -> Result<Vec<Vec<u8>>, Error> {
    let rows = sqlx::query_scalar(
        "SELECT d.der FROM certificate c JOIN certificate_der d ON d.certificate_id = c.id \
         WHERE c.issuer_id = $1 AND c.profile = 'link' AND c.status = 'good' ORDER BY c.id",
    );
    Ok(rows.bind(issuer_id).fetch_all(conn).await?)
}

/// A certificate that a lookup brings, without its octets.
#[derive(Debug, Clone, FromRow)]
pub struct FoundRow {
    /// The value under which it was found; empty when it was asked for by its number.
    #[sqlx(default)]
    pub value: Vec<u8>,
    pub id: i64,
    pub serial: String,
    pub profile: String,
    pub subject_der: Vec<u8>,
    pub not_before: i64,
    pub not_after: i64,
    pub status: String,
    pub changed_at: i64,
    pub issued_at: i64,
}

const FOUND: &str = "SELECT x.value, c.id, c.serial, c.profile, c.subject_der, c.not_before, \
     c.not_after, c.status, c.changed_at, c.issued_at FROM directory_index x \
     JOIN certificate c ON c.id = x.certificate_id WHERE x.attribute = $1";

/// The next certificates of a lookup after a value and a number. Both are one walk over the index,
/// from that place on.
pub async fn found(
    conn: &mut AnyConnection,
    lookup: &Lookup,
    (value, id): (&[u8], i64),
    most: i64,
) -> Result<Vec<FoundRow>, Error> {
    let key = lookup.key.as_str();
    if !lookup.is_prefix {
        let sql = format!(
            "{FOUND} AND x.value = $2 AND x.certificate_id > $3 ORDER BY x.certificate_id LIMIT $4"
        );
        let rows = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(key).bind(lookup.value.clone());
        return Ok(rows.bind(id).bind(most).fetch_all(conn).await?);
    }
    let sql = format!(
        "{FOUND} AND x.value >= $2 AND x.value < $3 AND (x.value > $2 OR x.certificate_id > $4) \
         ORDER BY x.value, x.certificate_id LIMIT $5"
    );
    // Values before the place were sent; of the place's own value those up to its number.
    let from = if value.is_empty() { lookup.value.clone() } else { value.to_vec() };
    // Only a prefix of 0xff alone has no end, and no UTF-8 begins so.
    let end = lookup.end().unwrap_or_else(|| vec![0xff; 64]);
    let rows = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(key).bind(from).bind(end);
    Ok(rows.bind(id).bind(most).fetch_all(conn).await?)
}

/// The octets of these certificates.
pub async fn octets(conn: &mut AnyConnection, ids: &[i64]) -> Result<Vec<(i64, Vec<u8>)>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let places: Vec<_> = (1..=ids.len()).map(|at| format!("${at}")).collect();
    let sql = format!(
        "SELECT certificate_id, der FROM certificate_der WHERE certificate_id IN ({})",
        places.join(", ")
    );
    let mut rows = sqlx::query_as(sqlx::AssertSqlSafe(sql));
    for id in ids {
        rows = rows.bind(*id);
    }
    Ok(rows.fetch_all(conn).await?)
}

/// A certificate to be indexed.
#[derive(Debug, FromRow)]
pub struct IssuedRow {
    pub id: i64,
    pub seq: i64,
    pub profile: String,
    pub der: Vec<u8>,
}

/// Certificates whose record comes after `seq`, in the order of their records.
pub async fn issued_after(
    conn: &mut AnyConnection,
    seq: i64,
    most: i64,
) -> Result<Vec<IssuedRow>, Error> {
    let rows = sqlx::query_as(
        "SELECT c.id, c.issued_seq AS seq, c.profile, d.der FROM certificate c \
         JOIN certificate_der d ON d.certificate_id = c.id \
         WHERE c.issued_seq > $1 ORDER BY c.issued_seq LIMIT $2",
    );
    Ok(rows.bind(seq).bind(most).fetch_all(conn).await?)
}

/// Certificates after a number, in the order of numbers.
pub async fn certificates_after(
    conn: &mut AnyConnection,
    id: i64,
    most: i64,
) -> Result<Vec<IssuedRow>, Error> {
    let rows = sqlx::query_as(
        "SELECT c.id, c.issued_seq AS seq, c.profile, d.der FROM certificate c \
         JOIN certificate_der d ON d.certificate_id = c.id \
         WHERE c.id > $1 ORDER BY c.id LIMIT $2",
    );
    Ok(rows.bind(id).bind(most).fetch_all(conn).await?)
}

/// The rows of the index over certificates after one number and up to another.
pub async fn rows_between(
    conn: &mut AnyConnection,
    (after, until): (i64, i64),
) -> Result<Vec<(i64, String, Vec<u8>)>, Error> {
    let rows = sqlx::query_as(
        "SELECT certificate_id, attribute, value FROM directory_index \
         WHERE certificate_id > $1 AND certificate_id <= $2",
    );
    Ok(rows.bind(after).bind(until).fetch_all(conn).await?)
}

/// Policy and record up to which it was followed.
pub async fn progress(conn: &mut AnyConnection) -> Result<Option<(String, i64)>, Error> {
    let row = sqlx::query_as("SELECT policy, seq FROM directory_progress WHERE id = 1");
    Ok(row.fetch_optional(conn).await?)
}

pub async fn note_progress(conn: &mut AnyConnection, policy: &str, seq: i64) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO directory_progress (id, policy, seq) VALUES (1, $1, $2) \
         ON CONFLICT (id) DO UPDATE SET policy = excluded.policy, seq = excluded.seq",
    )
    .bind(policy)
    .bind(seq)
    .execute(conn)
    .await?;
    Ok(())
}

/// Adds rows of a certificate; those that are there stay.
pub async fn insert(conn: &mut AnyConnection, id: i64, rows: &[Row]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let places = (0..rows.len()).map(|at| format!("(${}, ${}, $1)", 2 * at + 2, 2 * at + 3));
    let sql = format!(
        "INSERT INTO directory_index (attribute, value, certificate_id) VALUES {} \
         ON CONFLICT (attribute, value, certificate_id) DO NOTHING",
        places.collect::<Vec<_>>().join(", ")
    );
    let mut statement = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id);
    for (key, value) in rows {
        statement = statement.bind(key.as_str()).bind(value.clone());
    }
    statement.execute(conn).await?;
    Ok(())
}

pub async fn remove(
    conn: &mut AnyConnection,
    id: i64,
    attribute: &str,
    value: Vec<u8>,
) -> Result<(), Error> {
    let sql =
        "DELETE FROM directory_index WHERE certificate_id = $1 AND attribute = $2 AND value = $3";
    sqlx::query(sql).bind(id).bind(attribute).bind(value).execute(conn).await?;
    Ok(())
}

/// Removes a part of the index; how many rows. Nothing is left when that is none.
pub async fn clear_some(conn: &mut AnyConnection) -> Result<u64, Error> {
    let done = sqlx::query(
        "DELETE FROM directory_index WHERE certificate_id <= (SELECT MAX(id) FROM \
         (SELECT certificate_id AS id FROM directory_index ORDER BY certificate_id LIMIT 2000) AS few)",
    );
    Ok(done.execute(conn).await?.rows_affected())
}

/// How many certificates are in the index.
pub async fn count(conn: &mut AnyConnection) -> Result<i64, Error> {
    let count = sqlx::query_scalar("SELECT COUNT(*) FROM directory_index WHERE attribute = $1");
    Ok(count.bind(Key::All.as_str()).fetch_one(conn).await?)
}
