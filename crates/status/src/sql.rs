//! Reads over the tables of the CA. Nothing is written here, so that answers go on when
//! the store is halted (invariant 4).

use jiff::Timestamp;
use pki::Serial;
use sqlx::{AnyConnection, FromRow};

use crate::error::Error;
use crate::model::{ListKind, ListName, ListWindow};
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

/// The status of a certificate, and its last second.
pub async fn status_of(
    conn: &mut AnyConnection,
    issuer_id: i64,
    serial: &Serial,
) -> Result<Option<(StatusRow, i64)>, Error> {
    let row: Option<(String, Option<i64>, i64, i64)> = sqlx::query_as(
        "SELECT status, reason, changed_at, not_after FROM certificate \
         WHERE issuer_id = $1 AND serial = $2",
    )
    .bind(issuer_id)
    .bind(serial.to_hex())
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|(status, reason, changed_at, end)| (StatusRow { status, reason, changed_at }, end)))
}

/// A certificate in force, for answers made ahead of time.
#[derive(Debug, FromRow)]
pub struct InForceRow {
    pub id: i64,
    pub serial: String,
    status: String,
    reason: Option<i64>,
    changed_at: i64,
    not_after: i64,
}

impl InForceRow {
    pub fn standing(self) -> (StatusRow, i64) {
        let Self { status, reason, changed_at, not_after, .. } = self;
        (StatusRow { status, reason, changed_at }, not_after)
    }
}

/// The next certificates of an issuer after a row that aren't over at `now` (Unix seconds). The sign
/// before the issuer keeps databases from sorting all its certificates for each page.
pub async fn in_force_after(
    conn: &mut AnyConnection,
    (issuer_id, after): (i64, i64),
    now: i64,
    most: i64,
) -> Result<Vec<InForceRow>, Error> {
    let rows = sqlx::query_as(
        "SELECT id, serial, status, reason, changed_at, not_after FROM certificate \
         WHERE +issuer_id = $1 AND id > $2 AND not_after >= $3 ORDER BY id LIMIT $4",
    );
    let rows = rows.bind(issuer_id).bind(after).bind(now).bind(most);
    Ok(rows.fetch_all(conn).await?)
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

/// A list without its octets.
#[derive(Debug, Clone, FromRow)]
pub struct ListRow {
    pub id: i64,
    pub number: i64,
    this_update: i64,
    next_update: i64,
    published_at: i64,
}

/// The list that was published last.
pub async fn published(
    conn: &mut AnyConnection,
    name: &ListName,
) -> Result<Option<ListRow>, Error> {
    let (kind, shard) = name.kind.columns();
    let row = sqlx::query_as(
        "SELECT c.id, c.number, c.this_update, c.next_update, c.published_at FROM crl c \
         JOIN issuer i ON i.id = c.issuer_id \
         WHERE i.name = $1 AND c.kind = $2 AND c.shard = $3 ORDER BY c.number DESC LIMIT 1",
    );
    Ok(row.bind(&name.issuer).bind(kind).bind(shard).fetch_optional(conn).await?)
}

/// The spare of a list; delta lists have none. Its `id` is that of the issuer, its
/// `published_at` its thisUpdate.
pub async fn spare(conn: &mut AnyConnection, name: &ListName) -> Result<Option<ListRow>, Error> {
    if name.kind == ListKind::Delta {
        return Ok(None);
    }
    let row = sqlx::query_as(
        "SELECT s.issuer_id AS id, s.number, s.this_update, s.next_update, \
         s.this_update AS published_at FROM crl_spare s JOIN issuer i ON i.id = s.issuer_id \
         WHERE i.name = $1 AND s.shard = $2",
    );
    Ok(row.bind(&name.issuer).bind(name.kind.columns().1).fetch_optional(conn).await?)
}

/// The octets of a published list; `None` when it was removed meanwhile.
pub async fn published_octets(
    conn: &mut AnyConnection,
    row: &ListRow,
) -> Result<Option<Vec<u8>>, Error> {
    let der = sqlx::query_scalar("SELECT der FROM crl WHERE id = $1");
    Ok(der.bind(row.id).fetch_optional(conn).await?)
}

/// The octets of a spare; `None` when it was published or replaced meanwhile.
pub async fn spare_octets(
    conn: &mut AnyConnection,
    row: &ListRow,
    kind: ListKind,
) -> Result<Option<Vec<u8>>, Error> {
    let der = sqlx::query_scalar(
        "SELECT der FROM crl_spare WHERE issuer_id = $1 AND shard = $2 AND number = $3",
    );
    let der = der.bind(row.id).bind(kind.columns().1).bind(row.number);
    Ok(der.fetch_optional(conn).await?)
}

impl ListKind {
    /// Kind and shard as the tables have them.
    fn columns(self) -> (&'static str, i64) {
        match self {
            Self::Full => ("full", -1),
            Self::Delta => ("delta", -1),
            Self::Shard(shard) => ("shard", i64::from(shard)),
        }
    }
}

impl ListRow {
    pub fn window(&self) -> Result<ListWindow, Error> {
        Ok(ListWindow {
            number: self.number,
            this_update: self.instant(self.this_update)?,
            next_update: self.instant(self.next_update)?,
        })
    }

    pub fn published_at(&self) -> Result<Timestamp, Error> {
        self.instant(self.published_at)
    }

    fn instant(&self, seconds: i64) -> Result<Timestamp, Error> {
        let wrong = |_| Error::Stored(format!("crl.number {}: {seconds}", self.number));
        Timestamp::from_second(seconds).map_err(wrong)
    }
}
