//! Certificates and changes of status in the order of their records, to be held against the
//! journal. Outer joins: what is gone shows as NULL, not as a missing row.

use sqlx::{AnyConnection, FromRow};

use crate::error::Error;

/// Where a page begins and how much it holds: behind `(record, row)`, before record `until`.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    pub after: (i64, i64),
    pub until: i64,
    pub limit: i64,
}

/// A row of `certificate` with its octets.
#[derive(Debug, FromRow)]
pub struct IssuedRow {
    pub id: i64,
    /// Number of the record.
    pub seq: i64,
    /// Name of the authority; generations are one issuer in the journal.
    pub issuer: String,
    /// Subject of the issuer that the row names; NULL when there is none.
    pub issuer_subject: Option<Vec<u8>>,
    pub serial: String,
    pub request_id: String,
    pub role: String,
    pub subject_der: Vec<u8>,
    pub key_hash: String,
    pub not_before: i64,
    pub not_after: i64,
    pub status: String,
    pub changed_at: i64,
    pub invalid_since: Option<i64>,
    pub issued_at: i64,
    pub fingerprint: String,
    pub der: Option<Vec<u8>>,
    /// 1 when `status_change` has a row about it.
    pub changed: i64,
}

pub async fn issued(conn: &mut AnyConnection, span: Span) -> Result<Vec<IssuedRow>, Error> {
    let rows = sqlx::query_as(
        "SELECT c.id, c.issued_seq AS seq, COALESCE(g.authority, i.name, '') AS issuer, \
         i.subject_der AS issuer_subject, c.serial, c.request_id, c.role, c.subject_der, c.key_hash, c.not_before, c.not_after, c.status, \
         c.changed_at, c.invalid_since, c.issued_at, c.fingerprint, d.der, \
         CAST(CASE WHEN EXISTS (SELECT 1 FROM status_change s WHERE s.issuer_id = c.issuer_id \
         AND s.serial = c.serial) THEN 1 ELSE 0 END AS BIGINT) AS changed \
         FROM certificate c LEFT JOIN issuer i ON i.id = c.issuer_id \
         LEFT JOIN issuer_successor g ON g.issuer_id = c.issuer_id \
         LEFT JOIN certificate_der d ON d.certificate_id = c.id \
         WHERE c.issued_seq >= $1 AND (c.issued_seq > $1 OR c.id > $2) AND c.issued_seq < $3 \
         ORDER BY c.issued_seq, c.id LIMIT $4",
    )
    .bind(span.after.0)
    .bind(span.after.1)
    .bind(span.until)
    .bind(span.limit)
    .fetch_all(conn)
    .await?;
    Ok(rows)
}

/// A row of `status_change`, and how its certificate stands now.
#[derive(Debug, FromRow)]
pub struct ChangeRow {
    /// Number of the record.
    pub seq: i64,
    pub issuer: String,
    pub serial: String,
    pub status: String,
    pub reason: Option<i64>,
    pub at: i64,
    /// 1 when no later row is about the same certificate.
    pub newest: i64,
    /// NULL: the certificate is gone, or is another one.
    pub certificate_status: Option<String>,
    pub certificate_reason: Option<i64>,
    pub certificate_changed_at: Option<i64>,
    pub certificate_invalid_since: Option<i64>,
}

pub async fn changes(conn: &mut AnyConnection, span: Span) -> Result<Vec<ChangeRow>, Error> {
    let rows = sqlx::query_as(
        "SELECT s.seq, COALESCE(g.authority, i.name, '') AS issuer, s.serial, s.status, s.reason, s.at, \
         CAST(CASE WHEN EXISTS (SELECT 1 FROM status_change t WHERE t.issuer_id = s.issuer_id \
         AND t.serial = s.serial AND t.seq > s.seq) THEN 0 ELSE 1 END AS BIGINT) AS newest, \
         c.status AS certificate_status, c.reason AS certificate_reason, \
         c.changed_at AS certificate_changed_at, c.invalid_since AS certificate_invalid_since \
         FROM status_change s LEFT JOIN issuer i ON i.id = s.issuer_id \
         LEFT JOIN issuer_successor g ON g.issuer_id = s.issuer_id \
         LEFT JOIN certificate c ON c.id = s.certificate_id AND c.serial = s.serial \
         AND c.issuer_id = s.issuer_id \
         WHERE s.seq > $1 AND s.seq < $2 ORDER BY s.seq LIMIT $3",
    )
    .bind(span.after.0)
    .bind(span.until)
    .bind(span.limit)
    .fetch_all(conn)
    .await?;
    Ok(rows)
}

/// An issuer as its row says it, and the record of the certificate with these octets, if one was issued.
#[derive(Debug, FromRow)]
pub struct IssuerRow {
    pub name: String,
    pub subject_der: Vec<u8>,
    pub public_key: String,
    pub key_hash: String,
    pub name_sha1: String,
    pub name_sha256: String,
    pub name_sm3: String,
    pub key_sha1: String,
    pub key_sha256: String,
    pub key_sm3: String,
    pub certificate_der: Vec<u8>,
    pub not_before: i64,
    pub not_after: i64,
}

pub async fn issuers(conn: &mut AnyConnection) -> Result<Vec<IssuerRow>, Error> {
    let rows = sqlx::query_as(
        "SELECT name, subject_der, public_key, key_hash, name_sha1, name_sha256, name_sm3, \
         key_sha1, key_sha256, key_sm3, certificate_der, not_before, not_after FROM issuer \
         ORDER BY id",
    );
    Ok(rows.fetch_all(conn).await?)
}

/// Number of the record of the CA certificate with this digest (SM3 of its DER).
pub async fn record_of(conn: &mut AnyConnection, digest: &str) -> Result<Option<i64>, Error> {
    let seq = sqlx::query_scalar(
        "SELECT issued_seq FROM certificate WHERE fingerprint = $1 AND role = 'ca'",
    );
    Ok(seq.bind(digest).fetch_optional(conn).await?)
}

/// A row of `cross_issued`; NULL where its certificate is gone.
#[derive(Debug, FromRow)]
pub struct CrossIssuedRow {
    pub serial: Option<String>,
    pub der: Option<Vec<u8>>,
    pub peer: String,
    pub possession: String,
    pub withdrawn: String,
}

pub async fn cross_issued(conn: &mut AnyConnection) -> Result<Vec<CrossIssuedRow>, Error> {
    let rows = sqlx::query_as(
        "SELECT c.serial, d.der, x.peer, x.possession, x.withdrawn FROM cross_issued x \
         LEFT JOIN certificate c ON c.id = x.certificate_id \
         LEFT JOIN certificate_der d ON d.certificate_id = x.certificate_id ORDER BY x.certificate_id",
    );
    Ok(rows.fetch_all(conn).await?)
}

/// A row of `cross_received` with the name of our CA.
#[derive(Debug, FromRow)]
pub struct CrossReceivedRow {
    pub holder: String,
    pub serial: String,
    pub issuer: String,
    pub maker: String,
    pub fingerprint: String,
    pub not_after: i64,
    pub der: Vec<u8>,
    pub taken_at: i64,
    pub withdrawn_at: i64,
    pub withdrawn: String,
}

pub async fn cross_received(conn: &mut AnyConnection) -> Result<Vec<CrossReceivedRow>, Error> {
    let rows = sqlx::query_as(
        "SELECT COALESCE(i.name, '') AS holder, r.serial, r.issuer, r.maker, r.fingerprint, r.not_after, \
         r.der, r.taken_at, r.withdrawn_at, r.withdrawn FROM cross_received r \
         LEFT JOIN issuer i ON i.id = r.issuer_id ORDER BY r.id",
    );
    Ok(rows.fetch_all(conn).await?)
}

/// An issuer and what the tables say of its generation.
#[derive(Debug, FromRow)]
pub struct GenerationRow {
    pub name: String,
    pub authority: Option<String>,
    pub active_from: Option<i64>,
    pub over_at: Option<i64>,
    pub destroyed_at: Option<i64>,
}

pub async fn generations(conn: &mut AnyConnection) -> Result<Vec<GenerationRow>, Error> {
    let rows = sqlx::query_as(
        "SELECT i.name, s.authority, s.active_from, e.over_at, e.destroyed_at FROM issuer i \
         LEFT JOIN issuer_successor s ON s.issuer_id = i.id \
         LEFT JOIN issuer_end e ON e.issuer_id = i.id ORDER BY i.id",
    );
    Ok(rows.fetch_all(conn).await?)
}
