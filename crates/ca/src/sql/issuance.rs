//! Rows of `issuance`: what will be signed, recorded before it is signed.

use sqlx::{AnyConnection, FromRow};

use crate::error::Error;

/// A row of `issuance`.
#[derive(Debug, Clone, FromRow)]
pub struct IntentRow {
    pub id: i64,
    pub request_id: String,
    pub role: String,
    pub issuer_id: i64,
    pub serial: String,
    pub profile: String,
    pub profile_hash: String,
    pub order_hash: String,
    pub subject: String,
    pub subject_der: Vec<u8>,
    pub key_hash: String,
    pub not_before: i64,
    pub not_after: i64,
    pub pair_request: Option<String>,
    pub replaces: Option<String>,
    pub tbs: Vec<u8>,
    pub tbs_hash: String,
    pub intent_seq: i64,
    pub intended_at: i64,
    pub state: String,
    pub reason: Option<String>,
}

const COLUMNS: &str = "id, request_id, role, issuer_id, serial, profile, profile_hash, order_hash, \
     subject, subject_der, key_hash, not_before, not_after, pair_request, replaces, tbs, tbs_hash, \
     intent_seq, intended_at, state, reason";

/// Writes an intent; `id`, `state` and `reason` of the row are the table's. `None`
/// when request id or serial number are taken.
pub async fn insert(conn: &mut AnyConnection, row: &IntentRow) -> Result<Option<i64>, Error> {
    let id = sqlx::query_scalar(
        "INSERT INTO issuance (request_id, role, issuer_id, serial, profile, profile_hash, order_hash, \
         subject, subject_der, key_hash, not_before, not_after, pair_request, replaces, tbs, tbs_hash, \
         intent_seq, intended_at, permits, state) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, 1, \
         'intended') ON CONFLICT DO NOTHING RETURNING id",
    )
    .bind(&row.request_id)
    .bind(&row.role)
    .bind(row.issuer_id)
    .bind(&row.serial)
    .bind(&row.profile)
    .bind(&row.profile_hash)
    .bind(&row.order_hash)
    .bind(&row.subject)
    .bind(&row.subject_der)
    .bind(&row.key_hash)
    .bind(row.not_before)
    .bind(row.not_after)
    .bind(&row.pair_request)
    .bind(&row.replaces)
    .bind(&row.tbs)
    .bind(&row.tbs_hash)
    .bind(row.intent_seq)
    .bind(row.intended_at)
    .fetch_optional(conn)
    .await?;
    Ok(id)
}

pub async fn find(
    conn: &mut AnyConnection,
    request_id: &str,
    role: &str,
) -> Result<Option<IntentRow>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM issuance WHERE request_id = $1 AND role = $2");
    let row = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(request_id)
        .bind(role)
        .fetch_optional(conn)
        .await?;
    Ok(row)
}

/// The next open intents of an issuer after row `after`.
pub async fn open(
    conn: &mut AnyConnection,
    issuer_id: i64,
    after: i64,
    limit: i64,
) -> Result<Vec<IntentRow>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM issuance WHERE state = 'intended' AND issuer_id = $1 AND id > $2 \
         ORDER BY id LIMIT $3"
    );
    let rows = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(issuer_id)
        .bind(after)
        .bind(limit)
        .fetch_all(conn)
        .await?;
    Ok(rows)
}

/// Open intents of the requests that have one for this key: what goes with it as a pair is among them.
pub async fn open_with_key(
    conn: &mut AnyConnection,
    key_hash: &str,
) -> Result<Vec<IntentRow>, Error> {
    let sql = format!(
        "SELECT {COLUMNS} FROM issuance WHERE state = 'intended' AND request_id IN \
         (SELECT o.request_id FROM issuance o WHERE o.state = 'intended' AND o.key_hash = $1) \
         ORDER BY id"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(key_hash).fetch_all(conn).await?)
}

/// Whether an issuer has an intent under this serial number.
pub async fn knows_serial(
    conn: &mut AnyConnection,
    issuer_id: i64,
    serial: &str,
) -> Result<bool, Error> {
    let id: Option<i64> =
        sqlx::query_scalar("SELECT id FROM issuance WHERE issuer_id = $1 AND serial = $2")
            .bind(issuer_id)
            .bind(serial)
            .fetch_optional(conn)
            .await?;
    Ok(id.is_some())
}

/// intended → issued; false when the intent is not open (any more), or its key is blocked (T-31): the unit that blocked
/// it came first.
pub async fn mark_issued(conn: &mut AnyConnection, id: i64) -> Result<bool, Error> {
    let done =
        sqlx::query(
            "UPDATE issuance SET state = 'issued' WHERE id = $1 AND state = 'intended' AND NOT EXISTS \
             (SELECT 1 FROM subject_key k WHERE k.key_hash = issuance.key_hash AND k.blocked_at IS NOT NULL)",
        )
        .bind(id)
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// intended → abandoned; false when the intent is not open (any more).
pub async fn abandon(conn: &mut AnyConnection, id: i64, reason: &str) -> Result<bool, Error> {
    let done = sqlx::query(
        "UPDATE issuance SET state = 'abandoned', reason = $2 WHERE id = $1 AND state = 'intended'",
    )
    .bind(id)
    .bind(reason)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// One more permission to sign the recorded bytes.
pub async fn permit_again(conn: &mut AnyConnection, id: i64) -> Result<(), Error> {
    sqlx::query("UPDATE issuance SET permits = permits + 1 WHERE id = $1")
        .bind(id)
        .execute(conn)
        .await?;
    Ok(())
}
