//! Reads over the tables of the CA, for what our own records say about a certificate. Nothing is
//! written here: a report is a view, no act.

use pki::Serial;
use sqlx::{AnyConnection, FromRow};

use crate::error::Error;

/// What changes whenever we make or appoint an authority, or certify one of others. A link between keys of our root, which
/// is made with an authority, is counted by none of these: one that was missed is met when the next look is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    issuers: i64,
    appointed: i64,
    crosses: i64,
}

/// The journal number of the last change of status (-1 before the first), and how our authorities stand: one question,
/// since every verification asks it.
pub async fn standing(conn: &mut AnyConnection) -> Result<(i64, Standing), Error> {
    let (change, issuers, appointed, crosses) = sqlx::query_as(
        "SELECT COALESCE((SELECT seq FROM status_change ORDER BY seq DESC LIMIT 1), -1), \
         (SELECT COUNT(*) FROM issuer), (SELECT COUNT(active_from) FROM issuer_successor), \
         (SELECT COUNT(*) FROM cross_issued)",
    )
    .fetch_one(conn)
    .await?;
    Ok((change, Standing { issuers, appointed, crosses }))
}

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

/// Generations that a ceremony certified and did not appoint yet.
pub async fn unappointed(conn: &mut AnyConnection) -> Result<Vec<i64>, Error> {
    let rows =
        sqlx::query_scalar("SELECT issuer_id FROM issuer_successor WHERE active_from IS NULL");
    Ok(rows.fetch_all(conn).await?)
}

/// Keys of our root that one of them certified. The few certificates of a root are found by their issuer.
pub async fn links(conn: &mut AnyConnection, issuer_id: i64) -> Result<Vec<Vec<u8>>, Error> {
    let rows = sqlx::query_scalar(
        "SELECT d.der FROM certificate c JOIN certificate_der d ON d.certificate_id = c.id \
         WHERE c.issuer_id = $1 AND c.profile = 'link'",
    );
    Ok(rows.bind(issuer_id).fetch_all(conn).await?)
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

/// Most cross-certificates that a chain is looked for with; the newest are.
const MOST_CROSSES: i64 = 500;

/// A certificate by which our root recognises the CA of another institution.
#[derive(Debug, FromRow)]
pub struct CrossRow {
    pub der: Vec<u8>,
    pub serial: String,
    pub status: String,
    pub peer: String,
    pub possession: String,
    pub withdrawn: String,
}

/// The certificates by which our root recognises CAs of other institutions, as their rows say.
pub async fn crosses(conn: &mut AnyConnection) -> Result<Vec<CrossRow>, Error> {
    let rows = sqlx::query_as(
        "SELECT d.der, c.serial, c.status, x.peer, x.possession, x.withdrawn FROM cross_issued x \
         JOIN certificate c ON c.id = x.certificate_id \
         JOIN certificate_der d ON d.certificate_id = x.certificate_id \
         ORDER BY x.certificate_id DESC LIMIT $1",
    );
    Ok(rows.bind(MOST_CROSSES).fetch_all(conn).await?)
}
