//! Rows of `cross_issued` and `cross_received`: cross-certificates.

use sqlx::{AnyConnection, FromRow};

use super::certificate::CertificateRow;
use crate::error::Error;
use crate::rules::cross::Possession;

/// A cross-certificate that our root issued.
#[derive(Debug, FromRow)]
pub struct IssuedRow {
    #[sqlx(flatten)]
    pub certificate: CertificateRow,
    pub peer: String,
    pub possession: String,
    pub withdrawn: String,
    pub der: Vec<u8>,
}

/// A cross-certificate that another institution issued.
#[derive(Debug, FromRow)]
pub struct ReceivedRow {
    pub id: i64,
    pub holder: String,
    pub serial: String,
    pub fingerprint: String,
    pub taken_at: i64,
    pub withdrawn_at: i64,
    pub withdrawn: String,
    pub der: Vec<u8>,
}

/// What is written about a cross-certificate that came in.
#[derive(Debug)]
pub struct NewReceived<'a> {
    pub issuer_id: i64,
    pub serial: String,
    pub issuer: String,
    pub maker: String,
    pub fingerprint: &'a str,
    pub not_after: i64,
    pub der: &'a [u8],
    pub taken_at: i64,
}

/// The certificates of all our CAs, in the order of their rows.
pub async fn own(conn: &mut AnyConnection) -> Result<Vec<(i64, String, Vec<u8>)>, Error> {
    let rows = sqlx::query_as("SELECT id, name, certificate_der FROM issuer ORDER BY id");
    Ok(rows.fetch_all(conn).await?)
}

pub async fn insert_issued(
    conn: &mut AnyConnection,
    certificate_id: i64,
    (peer, possession): (&str, Possession),
) -> Result<(), Error> {
    sqlx::query("INSERT INTO cross_issued (certificate_id, peer, possession) VALUES ($1, $2, $3)")
        .bind(certificate_id)
        .bind(peer)
        .bind(possession.as_str())
        .execute(conn)
        .await?;
    Ok(())
}

/// SM3 of the subject that a key was entered for, and whether the key is blocked; `None` while nobody entered it.
pub async fn owner_of(
    conn: &mut AnyConnection,
    key_hash: &str,
) -> Result<Option<(String, bool)>, Error> {
    let row: Option<(String, Option<i64>)> =
        sqlx::query_as("SELECT subject_hash, blocked_at FROM subject_key WHERE key_hash = $1")
            .bind(key_hash)
            .fetch_optional(conn)
            .await?;
    Ok(row.map(|(subject, blocked)| (subject, blocked.is_some())))
}

/// Those that our root issued, the newest first.
pub async fn issued(conn: &mut AnyConnection) -> Result<Vec<IssuedRow>, Error> {
    let rows = sqlx::query_as(
        "SELECT c.id, c.issuer_id, c.serial, c.request_id, c.role, c.profile, c.subject, c.key_hash, \
         c.not_before, c.not_after, c.status, c.reason, c.changed_at, c.invalid_since, c.issued_at, \
         c.expired_at, c.pair_id, c.replaces_id, c.fingerprint, x.peer, x.possession, x.withdrawn, d.der \
         FROM cross_issued x JOIN certificate c ON c.id = x.certificate_id \
         JOIN certificate_der d ON d.certificate_id = c.id ORDER BY c.id DESC",
    );
    Ok(rows.fetch_all(conn).await?)
}

/// Notes why one was withdrawn; false when that was noted before.
pub async fn note_withdrawn(
    conn: &mut AnyConnection,
    certificate_id: i64,
    why: &str,
) -> Result<bool, Error> {
    let done = sqlx::query(
        "UPDATE cross_issued SET withdrawn = $2 WHERE certificate_id = $1 AND withdrawn = ''",
    );
    let done = done.bind(certificate_id).bind(why).execute(conn).await?;
    Ok(done.rows_affected() == 1)
}

/// Enters one that came in; false when it is there.
pub async fn insert_received(
    conn: &mut AnyConnection,
    new: &NewReceived<'_>,
) -> Result<bool, Error> {
    let done = sqlx::query(
        "INSERT INTO cross_received (issuer_id, serial, issuer, maker, fingerprint, not_after, der, taken_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (fingerprint) DO NOTHING",
    )
    .bind(new.issuer_id)
    .bind(&new.serial)
    .bind(&new.issuer)
    .bind(&new.maker)
    .bind(new.fingerprint)
    .bind(new.not_after)
    .bind(new.der)
    .bind(new.taken_at)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Those that came in, the newest first.
pub async fn received(conn: &mut AnyConnection) -> Result<Vec<ReceivedRow>, Error> {
    let rows = sqlx::query_as(
        "SELECT r.id, i.name AS holder, r.serial, r.fingerprint, r.taken_at, r.withdrawn_at, r.withdrawn, r.der \
         FROM cross_received r JOIN issuer i ON i.id = r.issuer_id ORDER BY r.id DESC",
    );
    Ok(rows.fetch_all(conn).await?)
}

/// Takes one back; false when it is none that stands.
pub async fn take_back(
    conn: &mut AnyConnection,
    fingerprint: &str,
    (at, why): (i64, &str),
) -> Result<bool, Error> {
    let done = sqlx::query(
        "UPDATE cross_received SET withdrawn_at = $2, withdrawn = $3 \
         WHERE fingerprint = $1 AND withdrawn_at = 0",
    );
    let done = done.bind(fingerprint).bind(at).bind(why).execute(conn).await?;
    Ok(done.rows_affected() == 1)
}
