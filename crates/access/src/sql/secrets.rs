//! Secrets of clients at the directory: `migrations/institution/0881_directory_secret.sql`.

use super::Answer;
use crate::{Client, ClientId, ClientName};
use jiff::Timestamp;
use sqlx::AnyConnection;

/// Sets the secret of a client, in place of the one before.
pub async fn put_directory_secret(
    conn: &mut AnyConnection,
    id: &ClientId,
    (verifier, now): (&str, Timestamp),
) -> Answer<()> {
    sqlx::query(
        "INSERT INTO access_directory_secret (client_id, verifier, created_at) VALUES ($1, $2, $3) \
         ON CONFLICT (client_id) DO UPDATE SET verifier = $2, created_at = $3",
    )
    .bind(id.as_str())
    .bind(verifier)
    .bind(now.as_second())
    .execute(conn)
    .await?;
    Ok(())
}

/// Removes the secret of a client; `false` if it had none.
pub async fn remove_directory_secret(conn: &mut AnyConnection, id: &ClientId) -> Answer<bool> {
    let done = sqlx::query("DELETE FROM access_directory_secret WHERE client_id = $1")
        .bind(id.as_str())
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// The client of a name, and what is kept of its secret.
pub async fn client_with_secret(
    conn: &mut AnyConnection,
    name: &ClientName,
) -> Answer<Option<(Client, String)>> {
    let found: Option<(String, String)> = sqlx::query_as(
        "SELECT s.client_id, s.verifier FROM access_directory_secret s \
         JOIN access_client c ON c.id = s.client_id WHERE c.name = $1 AND c.disabled_at IS NULL",
    )
    .bind(name.as_str())
    .fetch_optional(&mut *conn)
    .await?;
    let Some((id, verifier)) = found else { return Ok(None) };
    let id = id.parse().map_err(|_| crate::Error::Stored("客户端编号"))?;
    Ok(super::client_by_id(conn, &id).await?.map(|client| (client, verifier)))
}

/// Whether a sign-in is to be told in the journal: the first of an hour is.
pub async fn is_first_bind(
    conn: &mut AnyConnection,
    id: &ClientId,
    (now, before): (i64, i64),
) -> Answer<bool> {
    let done = sqlx::query(
        "UPDATE access_directory_secret SET bound_at = $1 WHERE client_id = $2 AND bound_at <= $3",
    )
    .bind(now)
    .bind(id.as_str())
    .bind(before)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
