//! Rows of `certificate` and `certificate_der`, and the register of subject keys.

use pki::Certificate;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, FromRow, Row};

use super::{instant, serial};
use crate::error::Error;
use crate::model::{
    CertificateRecord, RequestId, RevocationReason, Role, Status, StoredCertificate,
};
use crate::rules::key::KeyOwner;

/// A row of `certificate` as it is read.
#[derive(Debug, Clone, FromRow)]
pub struct CertificateRow {
    pub id: i64,
    pub issuer_id: i64,
    pub serial: String,
    pub request_id: String,
    pub role: String,
    pub profile: String,
    pub subject: String,
    pub key_hash: String,
    pub not_before: i64,
    pub not_after: i64,
    pub status: String,
    pub reason: Option<i64>,
    pub changed_at: i64,
    pub invalid_since: Option<i64>,
    pub issued_at: i64,
    pub expired_at: Option<i64>,
    pub pair_id: Option<i64>,
    pub replaces_id: Option<i64>,
    pub fingerprint: String,
}

/// The columns of [`CertificateRow`].
pub const COLUMNS: &str = "id, issuer_id, serial, request_id, role, profile, subject, key_hash, \
     not_before, not_after, status, reason, changed_at, invalid_since, issued_at, expired_at, \
     pair_id, replaces_id, fingerprint";

impl TryFrom<CertificateRow> for CertificateRecord {
    type Error = Error;

    fn try_from(row: CertificateRow) -> Result<Self, Error> {
        Ok(Self {
            status: status(&row)?,
            id: row.id,
            issuer_id: row.issuer_id,
            serial: serial(&row.serial)?,
            request_id: RequestId::new(row.request_id)?,
            role: Role::parse(&row.role)?,
            profile: row.profile,
            subject: row.subject,
            key_hash: row.key_hash,
            not_before: instant(row.not_before)?,
            not_after: instant(row.not_after)?,
            issued_at: instant(row.issued_at)?,
            expired_at: row.expired_at.map(instant).transpose()?,
            pair_id: row.pair_id,
            replaces_id: row.replaces_id,
            fingerprint: row.fingerprint,
        })
    }
}

fn status(row: &CertificateRow) -> Result<Status, Error> {
    let since = instant(row.changed_at)?;
    match (row.status.as_str(), row.reason) {
        ("good", None) => Ok(Status::Good),
        ("suspended", Some(6)) => Ok(Status::Suspended { since }),
        ("revoked", Some(code)) => Ok(Status::Revoked {
            since,
            reason: reason(code)?,
            invalid_since: row.invalid_since.map(instant).transpose()?,
        }),
        (status, reason) => Err(Error::stored(format!("证书状态 {status}/{reason:?} 不成立"))),
    }
}

fn reason(code: i64) -> Result<RevocationReason, Error> {
    let code = u8::try_from(code).map_err(|_| Error::stored(format!("撤销原因 {code} 不成立")))?;
    RevocationReason::from_code(code).map_err(Error::from)
}

/// What is written about a new certificate.
#[derive(Debug)]
pub struct NewCertificate<'a> {
    pub intent: &'a super::issuance::IntentRow,
    pub issued_at: i64,
    pub shard: i64,
    pub pair_id: Option<i64>,
    pub replaces_id: Option<i64>,
    pub fingerprint: String,
    pub issued_seq: i64,
    pub der: &'a [u8],
}

/// Writes certificate and bytes; the row number of the certificate.
pub async fn insert(conn: &mut AnyConnection, new: &NewCertificate<'_>) -> Result<i64, Error> {
    let intent = new.intent;
    let id: i64 = sqlx::query_scalar(
        "INSERT INTO certificate (issuer_id, serial, request_id, role, profile, profile_hash, subject, \
         subject_der, key_hash, not_before, not_after, status, changed_at, issued_at, shard, pair_id, \
         replaces_id, fingerprint, issued_seq) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'good', $12, $13, $14, $15, $16, $17, $18) \
         RETURNING id",
    )
    .bind(intent.issuer_id)
    .bind(&intent.serial)
    .bind(&intent.request_id)
    .bind(&intent.role)
    .bind(&intent.profile)
    .bind(&intent.profile_hash)
    .bind(&intent.subject)
    .bind(&intent.subject_der)
    .bind(&intent.key_hash)
    .bind(intent.not_before)
    .bind(intent.not_after)
    .bind(new.issued_at)
    .bind(new.issued_at)
    .bind(new.shard)
    .bind(new.pair_id)
    .bind(new.replaces_id)
    .bind(&new.fingerprint)
    .bind(new.issued_seq)
    .fetch_one(&mut *conn)
    .await?;
    sqlx::query("INSERT INTO certificate_der (certificate_id, der) VALUES ($1, $2)")
        .bind(id)
        .bind(new.der)
        .execute(conn)
        .await?;
    Ok(id)
}

/// Ties the earlier certificate of a pair to the later one.
pub async fn tie_pair(conn: &mut AnyConnection, id: i64, pair_id: i64) -> Result<(), Error> {
    sqlx::query("UPDATE certificate SET pair_id = $2 WHERE id = $1 AND pair_id IS NULL")
        .bind(id)
        .bind(pair_id)
        .execute(conn)
        .await?;
    Ok(())
}

pub async fn by_serial(
    conn: &mut AnyConnection,
    issuer_id: i64,
    serial: &str,
) -> Result<Option<CertificateRow>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM certificate WHERE issuer_id = $1 AND serial = $2");
    let row = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(issuer_id)
        .bind(serial)
        .fetch_optional(conn)
        .await?;
    Ok(row)
}

/// What certificates are called by.
#[derive(Debug, Clone, Copy)]
pub enum Names<'n> {
    /// Serial numbers of an issuer.
    Serials(i64, &'n [String]),
    /// Requests, and the role of the certificates that answer them.
    Requests(&'n str, &'n [String]),
}

/// All certificates of these names with their bytes: one question.
pub async fn all(
    conn: &mut AnyConnection,
    names: Names<'_>,
) -> Result<Vec<StoredCertificate>, Error> {
    let (Names::Serials(_, listed) | Names::Requests(_, listed)) = names;
    let places: Vec<String> = (2..listed.len() + 2).map(|place| format!("${place}")).collect();
    let condition = match names {
        Names::Serials(..) => "c.issuer_id = $1 AND c.serial",
        Names::Requests(..) => "c.role = $1 AND c.request_id",
    };
    let sql = format!(
        "SELECT {COLUMNS}, der FROM certificate c JOIN certificate_der d ON d.certificate_id = c.id \
         WHERE {condition} IN ({})",
        places.join(", ")
    );
    let query = sqlx::query(sqlx::AssertSqlSafe(sql));
    let query = match names {
        Names::Serials(issuer_id, _) => query.bind(issuer_id),
        Names::Requests(role, _) => query.bind(role.to_owned()),
    };
    let query = listed.iter().fold(query, |query, name| query.bind(name.clone()));
    let stored = |row: &AnyRow| -> Result<StoredCertificate, Error> {
        let der: Vec<u8> = row.try_get("der")?;
        let record = CertificateRow::from_row(row)?.try_into()?;
        Ok(StoredCertificate { record, certificate: Certificate::from_der(&der)? })
    };
    query.fetch_all(conn).await?.iter().map(stored).collect()
}

pub async fn by_key(
    conn: &mut AnyConnection,
    key_hash: &str,
) -> Result<Vec<CertificateRow>, Error> {
    let sql =
        format!("SELECT {COLUMNS} FROM certificate WHERE key_hash = $1 ORDER BY id DESC LIMIT 100");
    let rows = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(key_hash).fetch_all(conn).await?;
    Ok(rows)
}

/// The certificates of a key that are not revoked and have not ended, whichever authority issued them.
pub async fn open_of_key(
    conn: &mut AnyConnection,
    key_hash: &str,
    now: i64,
) -> Result<Vec<CertificateRow>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM certificate WHERE key_hash = $1 AND status <> 'revoked' \
         AND not_after >= $2 ORDER BY id"
    );
    let rows = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(key_hash).bind(now);
    Ok(rows.fetch_all(conn).await?)
}

/// Certificates that are good although their key is blocked, in no order: read from the few keys, by the index of them. SQLite
/// takes the tables of a CROSS JOIN in this order; it has no figures to know by itself which is the small one.
#[must_use]
pub fn good_of_blocked_query() -> String {
    let columns = format!("c.{}", COLUMNS.replace(", ", ", c."));
    format!(
        "SELECT {columns} FROM subject_key k CROSS JOIN certificate c \
         WHERE k.blocked_at IS NOT NULL AND c.key_hash = k.key_hash AND c.status = 'good' \
         AND c.not_after >= $1 LIMIT $2"
    )
}

/// At most `limit` of them.
pub async fn good_of_blocked(
    conn: &mut AnyConnection,
    now: i64,
    limit: i64,
) -> Result<Vec<CertificateRow>, Error> {
    let rows = sqlx::query_as(sqlx::AssertSqlSafe(good_of_blocked_query())).bind(now).bind(limit);
    Ok(rows.fetch_all(conn).await?)
}

/// Status of the very certificate with this key and SM3, and since when; `None` where there is no row of it.
pub async fn status_of(
    conn: &mut AnyConnection,
    (key_hash, fingerprint): (&str, &str),
) -> Result<Option<(String, i64)>, Error> {
    let row = sqlx::query_as(
        "SELECT status, changed_at FROM certificate WHERE key_hash = $1 AND fingerprint = $2 \
         ORDER BY id LIMIT 1",
    );
    Ok(row.bind(key_hash).bind(fingerprint).fetch_optional(conn).await?)
}

pub async fn by_request(
    conn: &mut AnyConnection,
    request_id: &str,
    role: &str,
) -> Result<Option<CertificateRow>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM certificate WHERE request_id = $1 AND role = $2");
    let row = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(request_id)
        .bind(role)
        .fetch_optional(conn)
        .await?;
    Ok(row)
}

/// The row number of the certificate of a request, without reading it.
pub async fn id_by_request(
    conn: &mut AnyConnection,
    request_id: &str,
    role: &str,
) -> Result<Option<i64>, Error> {
    let id = sqlx::query_scalar("SELECT id FROM certificate WHERE request_id = $1 AND role = $2")
        .bind(request_id)
        .bind(role)
        .fetch_optional(conn)
        .await?;
    Ok(id)
}

pub async fn der(conn: &mut AnyConnection, id: i64) -> Result<Vec<u8>, Error> {
    sqlx::query_scalar("SELECT der FROM certificate_der WHERE certificate_id = $1")
        .bind(id)
        .fetch_optional(conn)
        .await?
        .ok_or_else(|| Error::stored(format!("证书 {id} 没有内容")))
}

/// Adds the bytes to a row.
pub async fn complete(
    conn: &mut AnyConnection,
    row: CertificateRow,
) -> Result<StoredCertificate, Error> {
    let der = der(conn, row.id).await?;
    let certificate = Certificate::from_der(&der)?;
    Ok(StoredCertificate { record: row.try_into()?, certificate })
}

#[derive(FromRow)]
struct OwnerRow {
    subject_hash: String,
    request_id: String,
    role: String,
    blocked_at: Option<i64>,
}

/// Enters a key for a subject unless it is entered already; whose it is now.
pub async fn claim_key(
    conn: &mut AnyConnection,
    key_hash: &str,
    subject_hash: &str,
    request: (&str, &str),
) -> Result<KeyOwner, Error> {
    let row: OwnerRow = sqlx::query_as(
        "INSERT INTO subject_key (key_hash, subject_hash, request_id, role) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (key_hash) DO UPDATE SET key_hash = excluded.key_hash \
         RETURNING subject_hash, request_id, role, blocked_at",
    )
    .bind(key_hash)
    .bind(subject_hash)
    .bind(request.0)
    .bind(request.1)
    .fetch_one(conn)
    .await?;
    Ok(KeyOwner {
        subject_hash: row.subject_hash,
        request: row.request_id,
        role: row.role,
        blocked: row.blocked_at.is_some(),
    })
}

/// Lets go of a key that came with a request now given up, unless it is blocked.
pub async fn release_key(
    conn: &mut AnyConnection,
    key_hash: &str,
    request: (&str, &str),
) -> Result<(), Error> {
    sqlx::query(
        "DELETE FROM subject_key WHERE key_hash = $1 AND request_id = $2 AND role = $3 \
         AND blocked_at IS NULL",
    )
    .bind(key_hash)
    .bind(request.0)
    .bind(request.1)
    .execute(conn)
    .await?;
    Ok(())
}

/// Blocks a key for ever, known or not.
pub async fn block_key(
    conn: &mut AnyConnection,
    key_hash: &str,
    at: i64,
    reason: &str,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO subject_key (key_hash, subject_hash, request_id, role, blocked_at, blocked_reason) \
         VALUES ($1, '', '', '', $2, $3) \
         ON CONFLICT (key_hash) DO UPDATE SET blocked_at = excluded.blocked_at, \
         blocked_reason = excluded.blocked_reason WHERE subject_key.blocked_at IS NULL",
    )
    .bind(key_hash)
    .bind(at)
    .bind(reason)
    .execute(conn)
    .await?;
    Ok(())
}

/// Whether a key is blocked.
pub async fn key_blocked(conn: &mut AnyConnection, key_hash: &str) -> Result<bool, Error> {
    let found: Option<i64> = sqlx::query_scalar(
        "SELECT blocked_at FROM subject_key WHERE key_hash = $1 AND blocked_at IS NOT NULL",
    )
    .bind(key_hash)
    .fetch_optional(conn)
    .await?;
    Ok(found.is_some())
}
