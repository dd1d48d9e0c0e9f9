//! Reads over the tables of the CA, for what our own records say about a certificate. Nothing is
//! written here: a report is a view, no act.

use pki::Serial;
use sqlx::{AnyConnection, FromRow};

use crate::error::Error;

/// A certificate that we issued, as far as its status goes.
#[derive(Debug, Clone, FromRow)]
pub struct IssuedRow {
    pub status: String,
    pub reason: Option<i64>,
    pub changed_at: i64,
    pub invalid_since: Option<i64>,
    pub fingerprint: String,
}

pub async fn issued(
    conn: &mut AnyConnection,
    issuer_id: i64,
    serial: &Serial,
) -> Result<Option<IssuedRow>, Error> {
    let row = sqlx::query_as(
        "SELECT status, reason, changed_at, invalid_since, fingerprint FROM certificate \
         WHERE issuer_id = $1 AND serial = $2",
    );
    Ok(row.bind(issuer_id).bind(serial.to_hex()).fetch_optional(conn).await?)
}

/// The status that a certificate had at an instant, by its changes: status, reason, since; `None`
/// before the first change.
pub async fn change_before(
    conn: &mut AnyConnection,
    issuer_id: i64,
    serial: &Serial,
    at: i64,
) -> Result<Option<(String, Option<i64>, i64)>, Error> {
    let row = sqlx::query_as(
        "SELECT status, reason, at FROM status_change \
         WHERE issuer_id = $1 AND serial = $2 AND at <= $3 ORDER BY seq DESC LIMIT 1",
    );
    Ok(row.bind(issuer_id).bind(serial.to_hex()).bind(at).fetch_optional(conn).await?)
}

/// DER of a certificate that we issued.
pub async fn der(
    conn: &mut AnyConnection,
    issuer_id: i64,
    serial: &Serial,
) -> Result<Option<Vec<u8>>, Error> {
    let der = sqlx::query_scalar(
        "SELECT d.der FROM certificate c JOIN certificate_der d ON d.certificate_id = c.id \
         WHERE c.issuer_id = $1 AND c.serial = $2",
    );
    Ok(der.bind(issuer_id).bind(serial.to_hex()).fetch_optional(conn).await?)
}
