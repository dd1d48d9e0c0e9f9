//! Agreements and keys.

use jiff::Timestamp;
use sqlx::any::AnyRow;

use super::{Connection, column, count, instant_maybe};
use crate::error::Error;
use crate::model::{Application, ApplicationId};

/// An agreement as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct AgreementRow {
    pub version: String,
    pub text_hash: String,
    pub text_blob: String,
    /// The applicant's key, and whether it was that of the certificate in question.
    pub applicant_key: Option<Vec<u8>>,
    pub certified: bool,
    pub signed_at: Option<Timestamp>,
}

fn agreement_of(row: &AnyRow) -> Result<AgreementRow, Error> {
    Ok(AgreementRow {
        version: column(row, "version")?,
        text_hash: column(row, "text_hash")?,
        text_blob: column(row, "text_blob")?,
        applicant_key: column(row, "applicant_key")?,
        certified: column::<Option<i64>>(row, "certified")? == Some(1),
        signed_at: instant_maybe(row, "signed_at")?,
    })
}

/// The agreement of the present submission.
pub(crate) async fn agreement(
    conn: &mut Connection,
    application: &Application,
) -> Result<Option<AgreementRow>, Error> {
    let text = "SELECT version, text_hash, text_blob, applicant_key, certified, signed_at \
         FROM ra_agreement WHERE application = $1 AND round = $2";
    let row = sqlx::query(text)
        .bind(application.id.as_str())
        .bind(application.round)
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(agreement_of).transpose()
}

/// Keeps the text that is to be signed, in place of one that was not.
pub(crate) async fn draw(
    conn: &mut Connection,
    application: &Application,
    (version, hash, blob): (&str, &str, &str),
    at: Timestamp,
) -> Result<(), Error> {
    let text = "INSERT INTO ra_agreement (application, round, version, text_hash, text_blob, \
         drawn_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (application, round) \
         DO UPDATE SET version = excluded.version, text_hash = excluded.text_hash, \
         text_blob = excluded.text_blob, drawn_at = excluded.drawn_at \
         WHERE ra_agreement.signed_at IS NULL";
    sqlx::query(text)
        .bind(application.id.as_str())
        .bind(application.round)
        .bind(version)
        .bind(hash)
        .bind(blob)
        .bind(at.as_second())
        .execute(conn)
        .await?;
    Ok(())
}

/// What both sides put under the text.
#[derive(Debug, Clone)]
pub(crate) struct Signatures {
    pub institution: Vec<u8>,
    pub way: &'static str,
    pub applicant_key: Option<Vec<u8>>,
    pub applicant: Option<Vec<u8>>,
    pub certified: bool,
    pub paper: Option<String>,
}

/// Stores the signatures. False if there is no unsigned text.
pub(crate) async fn sign(
    conn: &mut Connection,
    application: &Application,
    signed: &Signatures,
    at: Timestamp,
) -> Result<bool, Error> {
    let text = "UPDATE ra_agreement SET institution_signature = $1, way = $2, applicant_key = $3, \
         applicant_signature = $4, certified = $5, paper_blob = $6, signed_at = $7 \
         WHERE application = $8 AND round = $9 AND signed_at IS NULL";
    let done = sqlx::query(text)
        .bind(signed.institution.clone())
        .bind(signed.way)
        .bind(signed.applicant_key.clone())
        .bind(signed.applicant.clone())
        .bind(i64::from(signed.certified))
        .bind(signed.paper.clone())
        .bind(at.as_second())
        .bind(application.id.as_str())
        .bind(application.round)
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Whether another application has this key.
pub(crate) async fn key_elsewhere(
    conn: &mut Connection,
    id: &ApplicationId,
    fingerprint: &str,
) -> Result<bool, Error> {
    let text = "SELECT COUNT(*) AS n FROM ra_key WHERE fingerprint = $1 AND application <> $2";
    let row = sqlx::query(text).bind(fingerprint).bind(id.as_str()).fetch_one(conn).await?;
    Ok(count(&row, "n")? > 0)
}

/// How many keys came so far: the number of the last attempt.
pub(crate) async fn attempts(conn: &mut Connection, id: &ApplicationId) -> Result<u32, Error> {
    let text = "SELECT COUNT(*) AS n FROM ra_key WHERE application = $1";
    let row = sqlx::query(text).bind(id.as_str()).fetch_one(conn).await?;
    u32::try_from(count(&row, "n")?).map_err(|_| Error::Stored("attempt"))
}

/// Keeps a key with its request.
pub(crate) async fn add_key(
    conn: &mut Connection,
    (id, attempt): (&ApplicationId, u32),
    (fingerprint, csr): (&str, &[u8]),
    at: Timestamp,
) -> Result<(), Error> {
    let text = "INSERT INTO ra_key (application, attempt, fingerprint, csr, at) \
         VALUES ($1, $2, $3, $4, $5)";
    sqlx::query(text)
        .bind(id.as_str())
        .bind(i64::from(attempt))
        .bind(fingerprint)
        .bind(csr.to_vec())
        .bind(at.as_second())
        .execute(conn)
        .await?;
    Ok(())
}

/// The request of an attempt.
pub(crate) async fn csr(
    conn: &mut Connection,
    (id, attempt): (&ApplicationId, u32),
) -> Result<Option<Vec<u8>>, Error> {
    let text = "SELECT csr FROM ra_key WHERE application = $1 AND attempt = $2";
    let row =
        sqlx::query(text).bind(id.as_str()).bind(i64::from(attempt)).fetch_optional(conn).await?;
    row.as_ref().map(|row| column(row, "csr")).transpose()
}
