//! Rows of `signer` and `signature_note`: the breaker, and the account of signatures.

use sqlx::{AnyConnection, FromRow};

use super::count;
use crate::error::Error;
use crate::rules::account::Account;

/// A row of `signer`.
#[derive(Debug, Clone, FromRow)]
pub struct SignerRow {
    pub state: String,
    pub base_uses: Option<i64>,
    pub base_certificate: Option<i64>,
    pub base_crl: Option<i64>,
    pub base_note: Option<i64>,
    pub base_at: Option<i64>,
}

impl SignerRow {
    /// Of a key that nobody recorded: every signature of it has to be explained.
    pub fn unknown() -> Self {
        Self {
            state: "sound".into(),
            base_uses: None,
            base_certificate: None,
            base_crl: None,
            base_note: None,
            base_at: None,
        }
    }
}

pub async fn find(conn: &mut AnyConnection, label: &str) -> Result<Option<SignerRow>, Error> {
    let row = sqlx::query_as(
        "SELECT state, base_uses, base_certificate, base_crl, base_note, base_at FROM signer WHERE key_label = $1",
    )
    .bind(label)
    .fetch_optional(conn)
    .await?;
    Ok(row)
}

/// Quarantines a key (`reason`) or declares it sound again (`None`).
pub async fn set_state(
    conn: &mut AnyConnection,
    label: &str,
    reason: Option<&str>,
    at: i64,
) -> Result<(), Error> {
    let state = if reason.is_some() { "quarantined" } else { "sound" };
    sqlx::query(
        "INSERT INTO signer (key_label, state, reason, changed_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (key_label) DO UPDATE SET state = excluded.state, reason = excluded.reason, \
         changed_at = excluded.changed_at",
    )
    .bind(label)
    .bind(state)
    .bind(reason)
    .bind(at)
    .execute(conn)
    .await?;
    Ok(())
}

/// Draws the line from which signatures are counted: everything stored so far is settled.
pub async fn set_base(
    conn: &mut AnyConnection,
    label: &str,
    uses: i64,
    at: i64,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO signer (key_label, state, changed_at, base_uses, base_certificate, base_crl, \
         base_note, base_at) SELECT $1, 'sound', $3, $2, \
         (SELECT COALESCE(MAX(id), 0) FROM certificate), (SELECT COALESCE(MAX(id), 0) FROM crl_intent), \
         (SELECT COALESCE(MAX(id), 0) FROM signature_note), $3 \
         WHERE true \
         ON CONFLICT (key_label) DO UPDATE SET base_uses = excluded.base_uses, \
         base_certificate = excluded.base_certificate, base_crl = excluded.base_crl, \
         base_note = excluded.base_note, base_at = excluded.base_at",
    )
    .bind(label)
    .bind(uses)
    .bind(at)
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes a signature that is no certificate and no CRL of its own, before it is made.
pub async fn note(
    conn: &mut AnyConnection,
    label: &str,
    (kind, subject): (&str, &str),
    (seq, at): (i64, i64),
) -> Result<(), Error> {
    sqlx::query("INSERT INTO signature_note (key_label, kind, subject, seq, at) VALUES ($1, $2, $3, $4, $5)")
        .bind(label)
        .bind(kind)
        .bind(subject)
        .bind(seq)
        .bind(at)
        .execute(conn)
        .await?;
    Ok(())
}

/// The account of a key since its baseline, with the device's counter `uses`; what was permitted at or after `recent` may be
/// in work.
pub async fn account(
    conn: &mut AnyConnection,
    label: &str,
    row: &SignerRow,
    (uses, recent): (u64, i64),
) -> Result<Account, Error> {
    let certificates = certificates_since(conn, label, row.base_certificate.unwrap_or(0)).await?;
    let (signed, open_crls, rejected) = crls_since(conn, label, row.base_crl.unwrap_or(0)).await?;
    let notes = notes_since(conn, label, row.base_note.unwrap_or(0)).await?;
    let open_intents = open_intents(conn, label, row.base_at.unwrap_or(i64::MIN)).await?;
    Ok(Account {
        uses,
        base_uses: count(row.base_uses.unwrap_or(0))?,
        produced: count(certificates + signed)?,
        open: count(open_intents + open_crls)?,
        uncertain: count(notes + rejected)?,
        recent: count(recent_permits(conn, label, row, recent).await?)?,
    })
}

/// Of what is open or uncertain since the baseline: what is not older than `since`.
async fn recent_permits(
    conn: &mut AnyConnection,
    label: &str,
    row: &SignerRow,
    since: i64,
) -> Result<i64, Error> {
    let number = sqlx::query_scalar(
        "SELECT (SELECT COUNT(*) FROM issuance WHERE state = 'intended' AND intended_at >= $2 AND intended_at >= $5 \
         AND issuer_id IN (SELECT id FROM issuer WHERE key_label = $1)) \
         + (SELECT COUNT(*) FROM crl_intent WHERE key_label = $1 AND id > $3 AND state <> 'signed' \
         AND intended_at >= $5) \
         + (SELECT COUNT(*) FROM signature_note WHERE key_label = $1 AND id > $4 AND at >= $5)",
    )
    .bind(label)
    .bind(row.base_at.unwrap_or(i64::MIN))
    .bind(row.base_crl.unwrap_or(0))
    .bind(row.base_note.unwrap_or(0))
    .bind(since)
    .fetch_one(conn)
    .await?;
    Ok(number)
}

async fn certificates_since(conn: &mut AnyConnection, label: &str, id: i64) -> Result<i64, Error> {
    let number = sqlx::query_scalar(
        "SELECT COUNT(*) FROM certificate WHERE id > $2 \
         AND issuer_id IN (SELECT id FROM issuer WHERE key_label = $1)",
    )
    .bind(label)
    .bind(id)
    .fetch_one(conn)
    .await?;
    Ok(number)
}

/// Intents since the baseline. One from before explains no signature any more: whoever signs it after all notes that
/// first (`again`).
async fn open_intents(conn: &mut AnyConnection, label: &str, since: i64) -> Result<i64, Error> {
    let number = sqlx::query_scalar(
        "SELECT COUNT(*) FROM issuance WHERE state = 'intended' AND intended_at >= $2 \
         AND issuer_id IN (SELECT id FROM issuer WHERE key_label = $1)",
    )
    .bind(label)
    .bind(since)
    .fetch_one(conn)
    .await?;
    Ok(number)
}

/// Signed, open and rejected CRLs after an intent.
async fn crls_since(
    conn: &mut AnyConnection,
    label: &str,
    id: i64,
) -> Result<(i64, i64, i64), Error> {
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "SELECT state, COUNT(*) FROM crl_intent WHERE key_label = $1 AND id > $2 GROUP BY state",
    )
    .bind(label)
    .bind(id)
    .fetch_all(conn)
    .await?;
    let of = |state: &str| rows.iter().filter(|row| row.0 == state).map(|row| row.1).sum();
    Ok((of("signed"), of("intended"), of("rejected")))
}

/// Signatures that were perhaps made, after a note.
async fn notes_since(conn: &mut AnyConnection, label: &str, id: i64) -> Result<i64, Error> {
    let number =
        sqlx::query_scalar("SELECT COUNT(*) FROM signature_note WHERE key_label = $1 AND id > $2")
            .bind(label)
            .bind(id)
            .fetch_one(conn)
            .await?;
    Ok(number)
}
