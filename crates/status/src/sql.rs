//! Reads over the tables of the CA. Nothing is written here, so that answers go on when
//! the store is halted (invariant 4).

use jiff::Timestamp;
use pki::Serial;
use sqlx::{AnyConnection, FromRow};

use crate::error::Error;
use crate::model::{ListKind, ListName, PublishedList};
use crate::rules::StatusRow;

/// An issuer.
#[derive(Debug, FromRow)]
pub struct IssuerRow {
    pub id: i64,
    pub name: String,
    pub certificate_der: Vec<u8>,
}

pub async fn issuers(conn: &mut AnyConnection) -> Result<Vec<IssuerRow>, Error> {
    let rows = sqlx::query_as("SELECT id, name, certificate_der FROM issuer ORDER BY id");
    Ok(rows.fetch_all(conn).await?)
}

/// Certificates of a key by an issuer that are good, newest first.
pub async fn certificates_of_key(
    conn: &mut AnyConnection,
    issuer_id: i64,
    key_hash: &str,
) -> Result<Vec<Vec<u8>>, Error> {
    let rows = sqlx::query_scalar(
        "SELECT d.der FROM certificate c JOIN certificate_der d ON d.certificate_id = c.id \
         WHERE c.key_hash = $1 AND c.issuer_id = $2 AND c.status = 'good' \
         ORDER BY c.not_after DESC, c.id DESC LIMIT 16",
    );
    Ok(rows.bind(key_hash).bind(issuer_id).fetch_all(conn).await?)
}

pub async fn status_of(
    conn: &mut AnyConnection,
    issuer_id: i64,
    serial: &Serial,
) -> Result<Option<StatusRow>, Error> {
    let row: Option<(String, Option<i64>, i64)> = sqlx::query_as(
        "SELECT status, reason, changed_at FROM certificate WHERE issuer_id = $1 AND serial = $2",
    )
    .bind(issuer_id)
    .bind(serial.to_hex())
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|(status, reason, changed_at)| StatusRow { status, reason, changed_at }))
}

/// The journal number of the last change of status; -1 before the first.
pub async fn last_change(conn: &mut AnyConnection) -> Result<i64, Error> {
    let seq = sqlx::query_scalar("SELECT seq FROM status_change ORDER BY seq DESC LIMIT 1");
    Ok(seq.fetch_optional(conn).await?.unwrap_or(-1))
}

/// The next changes after `seq`, oldest first: number and serial.
pub async fn changes_after(
    conn: &mut AnyConnection,
    seq: i64,
    most: i64,
) -> Result<Vec<(i64, String)>, Error> {
    let rows = sqlx::query_as(
        "SELECT seq, serial FROM status_change WHERE seq > $1 ORDER BY seq LIMIT $2",
    );
    Ok(rows.bind(seq).bind(most).fetch_all(conn).await?)
}

/// The list in force: its row and its number.
pub async fn current_list(
    conn: &mut AnyConnection,
    name: &ListName,
) -> Result<Option<(i64, i64)>, Error> {
    let (kind, shard) = match name.kind {
        ListKind::Full => ("full", -1),
        ListKind::Delta => ("delta", -1),
        ListKind::Shard(shard) => ("shard", i64::from(shard)),
    };
    let row = sqlx::query_as(
        "SELECT c.id, c.number FROM crl c JOIN issuer i ON i.id = c.issuer_id \
         WHERE i.name = $1 AND c.kind = $2 AND c.shard = $3 ORDER BY c.number DESC LIMIT 1",
    );
    Ok(row.bind(&name.issuer).bind(kind).bind(shard).fetch_optional(conn).await?)
}

#[derive(FromRow)]
struct ListRow {
    number: i64,
    next_update: i64,
    der: Vec<u8>,
    etag: String,
    published_at: i64,
}

/// The list of a row; `None` when it was removed meanwhile.
pub async fn list(conn: &mut AnyConnection, id: i64) -> Result<Option<PublishedList>, Error> {
    let row: Option<ListRow> = sqlx::query_as(
        "SELECT number, next_update, der, etag, published_at FROM crl WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(conn)
    .await?;
    row.map(read_list).transpose()
}

fn read_list(row: ListRow) -> Result<PublishedList, Error> {
    let wrong = |what: i64| Error::Stored(format!("crl.number {}: {what}", row.number));
    Ok(PublishedList {
        number: u64::try_from(row.number).map_err(|_| wrong(row.number))?,
        published_at: instant(row.published_at).ok_or_else(|| wrong(row.published_at))?,
        next_update: instant(row.next_update).ok_or_else(|| wrong(row.next_update))?,
        der: row.der.into(),
        etag: row.etag,
    })
}

fn instant(seconds: i64) -> Option<Timestamp> {
    Timestamp::from_second(seconds).ok()
}
