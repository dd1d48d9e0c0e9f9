//! The moves between the stores. Each changes exactly the rows it means to, or nothing.

use gm::{PublicKey, WrappedKey};
use jiff::Timestamp;
use sqlx::AssertSqlSafe;

use super::{Connection, column, fault, pairs::wrapped};
use crate::error::Error;
use crate::model::{ApplyOrder, Ending};

/// Why pairs were generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The standby store was filled up.
    Refill,
    /// The standby store was empty and a CA was waiting.
    Realtime,
}

impl Cause {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Refill => "refill",
            Self::Realtime => "realtime",
        }
    }
}

/// Writes a batch of new pairs into the standby store and into the ledger.
pub(crate) async fn add(
    conn: &mut Connection,
    pairs: &[WrappedKey],
    (cause, at): (Cause, Timestamp),
) -> Result<(), Error> {
    let number = i64::try_from(pairs.len()).map_err(|_| Error::StoredData("pairs"))?;
    let ledger = "INSERT INTO key_batch (cause, pairs, at) VALUES ($1, $2, $3) RETURNING id";
    let row = sqlx::query(ledger)
        .bind(cause.word())
        .bind(number)
        .bind(at.as_second())
        .fetch_one(&mut *conn)
        .await
        .map_err(fault)?;
    insert_all(conn, column(&row, "id")?, pairs).await
}

async fn insert_all(
    conn: &mut Connection,
    batch_id: i64,
    pairs: &[WrappedKey],
) -> Result<(), Error> {
    let rows: Vec<String> = (0..pairs.len())
        .map(|n| format!("($1, 'standby', ${}, ${})", 2 * n + 2, 2 * n + 3))
        .collect();
    let sql = format!(
        "INSERT INTO key_pair (batch_id, store, public_key, sealed) VALUES {}",
        rows.join(", ")
    );
    // The text holds only numbered placeholders made above.
    let mut query = sqlx::query(AssertSqlSafe(sql)).bind(batch_id);
    for pair in pairs {
        query = query.bind(pair.public_key.to_sec1().to_vec()).bind(pair.sealed.clone());
    }
    query.execute(conn).await.map_err(fault).map(drop)
}

/// standby → in use. `None` when the standby store is empty.
pub(crate) async fn assign(
    conn: &mut Connection,
    ca_id: i64,
    (order, user_blob, at): (&ApplyOrder, Option<String>, Timestamp),
) -> Result<Option<(i64, WrappedKey)>, Error> {
    let sql = "UPDATE key_pair SET store = 'in_use', ca_id = $1, cert_serial = $2, \
         signing_key = $3, not_before = $4, not_after = $5, assigned_at = $6, user_blob = $7 \
         WHERE store = 'standby' AND id = \
         (SELECT id FROM key_pair WHERE store = 'standby' ORDER BY id LIMIT 1) \
         RETURNING id, public_key, sealed";
    let row = sqlx::query(sql)
        .bind(ca_id)
        .bind(order.cert_serial.to_hex())
        .bind(order.signing_key.to_sec1().to_vec())
        .bind(order.not_before.as_second())
        .bind(order.not_after.as_second())
        .bind(at.as_second())
        .bind(user_blob)
        .fetch_optional(conn)
        .await
        .map_err(fault)?;
    row.map(|row| Ok((column(&row, "id")?, wrapped(&row)?))).transpose()
}

/// Records that a pair is enveloped to a signing key.
pub(crate) async fn release(
    conn: &mut Connection,
    pair_id: i64,
    (kind, to, at): (&'static str, &PublicKey, Timestamp),
) -> Result<(), Error> {
    let sql = "INSERT INTO key_release (pair_id, kind, target_key, at) VALUES ($1, $2, $3, $4)";
    sqlx::query(sql)
        .bind(pair_id)
        .bind(kind)
        .bind(to.to_sec1().to_vec())
        .bind(at.as_second())
        .execute(conn)
        .await
        .map_err(fault)
        .map(drop)
}

/// The owner's signing key is another one from now on.
pub(crate) async fn rebind(
    conn: &mut Connection,
    pair_id: i64,
    signing_key: &PublicKey,
) -> Result<(), Error> {
    let sql = "UPDATE key_pair SET signing_key = $2 WHERE id = $1 AND store <> 'standby'";
    let done = sqlx::query(sql)
        .bind(pair_id)
        .bind(signing_key.to_sec1().to_vec())
        .execute(conn)
        .await
        .map_err(fault)?;
    exactly_one(done.rows_affected())
}

/// in use → history.
pub(crate) async fn end(conn: &mut Connection, pair_id: i64, ending: &Ending) -> Result<(), Error> {
    let sql = "UPDATE key_pair SET store = 'history', ended_at = $2, end_reason = $3, \
         retain_until = $4 WHERE id = $1 AND store = 'in_use'";
    let done = sqlx::query(sql)
        .bind(pair_id)
        .bind(ending.at.as_second())
        .bind(ending.reason.word())
        .bind(ending.retain_until.as_second())
        .execute(conn)
        .await
        .map_err(fault)?;
    exactly_one(done.rows_affected())
}

/// A move that changed no row lost a race; the unit is rolled back and the caller tries again.
fn exactly_one(rows: u64) -> Result<(), Error> {
    if rows == 1 { Ok(()) } else { Err(Error::Interrupted) }
}
