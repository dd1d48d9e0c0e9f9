//! Reads over `cross_issued` and `cross_received`: the cross-certificates in force.

use sqlx::{AnyConnection, FromRow};

use crate::error::Error;

/// One that was issued for a CA of ours.
#[derive(Debug, FromRow)]
pub struct ToRow {
    pub der: Vec<u8>,
    /// SM3 of the point of the key that made it.
    pub maker: String,
}

/// Those that the CA of this name issued and that count now.
pub async fn by_this(
    conn: &mut AnyConnection,
    (name, now): (&str, i64),
) -> Result<Vec<Vec<u8>>, Error> {
    let rows = sqlx::query_scalar(
        "SELECT d.der FROM cross_issued x JOIN certificate c ON c.id = x.certificate_id \
         JOIN issuer i ON i.id = c.issuer_id JOIN certificate_der d ON d.certificate_id = c.id \
         WHERE i.name = $1 AND c.status = 'good' AND c.not_after >= $2 ORDER BY c.id",
    );
    Ok(rows.bind(name).bind(now).fetch_all(conn).await?)
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
