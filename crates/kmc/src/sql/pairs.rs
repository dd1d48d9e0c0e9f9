//! Reading key pairs and their counts.

use gm::WrappedKey;
use sqlx::any::AnyRow;

use super::{Connection, column, count, fault, instant, key, serial};
use crate::error::Error;
use crate::model::{
    AssignedPair, Assignment, CaStatistics, EndReason, Ending, IssuedTo, Place, Statistics,
};
use pki::Serial;

const FIND: &str = "SELECT id, public_key, sealed, store, ca_id, cert_serial, signing_key, \
     not_after, ended_at, end_reason, retain_until \
     FROM key_pair WHERE ca_id = $1 AND cert_serial = $2";

const FIND_BY_ID: &str = "SELECT id, public_key, sealed, store, ca_id, cert_serial, signing_key, \
     not_after, ended_at, end_reason, retain_until \
     FROM key_pair WHERE id = $1 AND store <> 'standby'";

const EXPIRED: &str = "SELECT id, public_key, sealed, store, ca_id, cert_serial, signing_key, \
     not_after, ended_at, end_reason, retain_until \
     FROM key_pair WHERE store = 'in_use' AND not_after < $1 ORDER BY not_after, id LIMIT $2";

/// The pair of one CA's certificate serial. The CA is part of the question: no CA can read
/// another's keys.
pub(crate) async fn find(
    conn: &mut Connection,
    ca_id: i64,
    cert_serial: &Serial,
) -> Result<Option<AssignedPair>, Error> {
    let row = sqlx::query(FIND)
        .bind(ca_id)
        .bind(cert_serial.to_hex())
        .fetch_optional(conn)
        .await
        .map_err(fault)?;
    row.as_ref().map(assigned).transpose()
}

/// A pair by its row, for a recovery case.
pub(crate) async fn find_by_id(conn: &mut Connection, id: i64) -> Result<AssignedPair, Error> {
    let row = sqlx::query(FIND_BY_ID).bind(id).fetch_optional(conn).await.map_err(fault)?;
    row.as_ref().map(assigned).transpose()?.ok_or(Error::StoredData("key_pair.id"))
}

/// Pairs in use whose certificates are over, oldest first.
pub(crate) async fn expired(
    conn: &mut Connection,
    before: i64,
    limit: u32,
) -> Result<Vec<AssignedPair>, Error> {
    let rows = sqlx::query(EXPIRED)
        .bind(before)
        .bind(i64::from(limit))
        .fetch_all(conn)
        .await
        .map_err(fault)?;
    rows.iter().map(assigned).collect()
}

/// The signing keys to which a pair was enveloped.
pub(crate) async fn releases(conn: &mut Connection, pair_id: i64) -> Result<Vec<IssuedTo>, Error> {
    let rows = sqlx::query("SELECT target_key, kind FROM key_release WHERE pair_id = $1")
        .bind(pair_id)
        .fetch_all(conn)
        .await
        .map_err(fault)?;
    rows.iter()
        .map(|row| {
            let kind: String = column(row, "kind")?;
            Ok(IssuedTo { key: key(row, "target_key")?, restored: kind == "restore" })
        })
        .collect()
}

/// Pairs ready in the standby store.
pub(crate) async fn standby(conn: &mut Connection) -> Result<u64, Error> {
    let row = sqlx::query("SELECT COUNT(*) AS n FROM key_pair WHERE store = 'standby'")
        .fetch_one(conn)
        .await
        .map_err(fault)?;
    count(&row, "n")
}

/// The counts of the three stores and of the ledger.
pub(crate) async fn statistics(conn: &mut Connection) -> Result<Statistics, Error> {
    let ledger = "SELECT COALESCE(CAST(SUM(pairs) AS BIGINT), 0) AS n FROM key_batch";
    let generated = sqlx::query(ledger).fetch_one(&mut *conn).await.map_err(fault)?;
    let by_ca = "SELECT c.name AS name, \
         COUNT(CASE WHEN p.store = 'in_use' THEN 1 END) AS in_use, \
         COUNT(CASE WHEN p.store = 'history' THEN 1 END) AS history \
         FROM ca_client c LEFT JOIN key_pair p ON p.ca_id = c.id GROUP BY c.name ORDER BY c.name";
    let rows = sqlx::query(by_ca).fetch_all(&mut *conn).await.map_err(fault)?;
    Ok(Statistics {
        generated: count(&generated, "n")?,
        by_ca: rows.iter().map(ca_statistics).collect::<Result<_, _>>()?,
        standby: standby(conn).await?,
    })
}

fn ca_statistics(row: &AnyRow) -> Result<CaStatistics, Error> {
    Ok(CaStatistics {
        ca: column(row, "name")?,
        in_use: count(row, "in_use")?,
        history: count(row, "history")?,
    })
}

fn assigned(row: &AnyRow) -> Result<AssignedPair, Error> {
    Ok(AssignedPair {
        id: column(row, "id")?,
        wrapped: wrapped(row)?,
        assignment: Assignment {
            ca_id: column(row, "ca_id")?,
            cert_serial: serial(row, "cert_serial")?,
            signing_key: key(row, "signing_key")?,
            not_after: instant(row, "not_after")?,
        },
        place: place(row)?,
    })
}

/// The public half and the device-wrapped private half.
pub(super) fn wrapped(row: &AnyRow) -> Result<WrappedKey, Error> {
    Ok(WrappedKey { public_key: key(row, "public_key")?, sealed: column(row, "sealed")? })
}

fn place(row: &AnyRow) -> Result<Place, Error> {
    let store: String = column(row, "store")?;
    match store.as_str() {
        "in_use" => Ok(Place::InUse),
        "history" => {
            let word: String = column(row, "end_reason")?;
            Ok(Place::History(Ending {
                at: instant(row, "ended_at")?,
                reason: EndReason::from_word(&word).ok_or(Error::StoredData("end_reason"))?,
                retain_until: instant(row, "retain_until")?,
            }))
        }
        _ => Err(Error::StoredData("store")),
    }
}
