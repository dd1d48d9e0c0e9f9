//! Reads over `cross_issued` and `cross_received`: the cross-certificates in force.

use sqlx::{AnyConnection, FromRow};

use crate::error::Error;

/// One that was issued for a CA of ours.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ToRow {
    pub der: Vec<u8>,
    /// SM3 of the point of the key that made it.
    pub maker: String,
}

/// Most cross-certificates that are shown; the newest are.
const MOST: i64 = 500;

/// Those that the CA of this name issued and that count now. In two steps, so that no engine reads the certificates of the
/// CA to find the few: every search under the base comes here.
pub async fn by_this(
    conn: &mut AnyConnection,
    (name, now): (&str, i64),
) -> Result<Vec<Vec<u8>>, Error> {
    let rows = sqlx::query_scalar(
        "SELECT certificate_id FROM cross_issued ORDER BY certificate_id DESC LIMIT $1",
    );
    let ids: Vec<i64> = rows.bind(MOST).fetch_all(&mut *conn).await?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let places: Vec<_> = (3..ids.len() + 3).map(|at| format!("${at}")).collect();
    let sql = format!(
        "SELECT d.der FROM certificate c JOIN issuer i ON i.id = c.issuer_id \
         JOIN certificate_der d ON d.certificate_id = c.id \
         WHERE i.name = $1 AND c.status = 'good' AND c.not_after >= $2 AND c.id IN ({}) ORDER BY c.id",
        places.join(", ")
    );
    let mut rows = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).bind(name).bind(now);
    for id in ids {
        rows = rows.bind(id);
    }
    Ok(rows.fetch_all(conn).await?)
}

/// Those that others issued for the CA of this name and that count now.
pub async fn to_this(
    conn: &mut AnyConnection,
    (name, now): (&str, i64),
) -> Result<Vec<ToRow>, Error> {
    let rows = sqlx::query_as(
        "SELECT r.der, r.maker FROM cross_received r JOIN issuer i ON i.id = r.issuer_id \
         WHERE i.name = $1 AND r.withdrawn_at = 0 AND r.not_after >= $2 ORDER BY r.id",
    );
    Ok(rows.bind(name).bind(now).fetch_all(conn).await?)
}
