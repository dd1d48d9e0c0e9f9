//! Clients, their sessions and nonces: `migrations/institution/0300_access.sql`.

use super::{Answer, instant, public_key};
use crate::{Client, ClientId, ClientName, Error, Session};
use gm::PublicKey;
use jiff::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

const CLIENT: &str = "c.id, c.name, c.public_key, c.roles, c.created_at, c.disabled_at";

/// Adds a client; `false` if name or key are taken.
pub async fn insert_client(conn: &mut AnyConnection, client: &Client) -> Answer<bool> {
    let done = sqlx::query(
        "INSERT INTO access_client (id, name, public_key, roles, created_at) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
    )
    .bind(client.id.as_str())
    .bind(client.name.as_str())
    .bind(hex::encode(client.public_key.to_sec1()))
    .bind(client.roles.to_string())
    .bind(client.created_at.as_second())
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Every client, oldest first.
pub async fn clients(conn: &mut AnyConnection) -> Answer<Vec<Client>> {
    let text = format!("SELECT {CLIENT} FROM access_client c ORDER BY c.created_at, c.id");
    let rows = sqlx::query(sqlx::AssertSqlSafe(text)).fetch_all(conn).await?;
    rows.iter().map(client).collect()
}

/// One client.
pub async fn client_by_id(conn: &mut AnyConnection, id: &ClientId) -> Answer<Option<Client>> {
    let text = format!("SELECT {CLIENT} FROM access_client c WHERE c.id = $1");
    let row = sqlx::query(sqlx::AssertSqlSafe(text)).bind(id.as_str()).fetch_optional(conn).await?;
    row.as_ref().map(client).transpose()
}

/// The client that holds a key, open or disabled.
pub async fn client_by_key(conn: &mut AnyConnection, key: &PublicKey) -> Answer<Option<Client>> {
    let found = clients(conn).await?;
    Ok(found.into_iter().find(|client| client.public_key == *key))
}

/// Sets the roles and the end of a client, as they are in `client`.
pub async fn update_client(conn: &mut AnyConnection, client: &Client) -> Answer<()> {
    sqlx::query("UPDATE access_client SET roles = $1, disabled_at = $2 WHERE id = $3")
        .bind(client.roles.to_string())
        .bind(client.disabled_at.map(Timestamp::as_second))
        .bind(client.id.as_str())
        .execute(conn)
        .await?;
    Ok(())
}

/// Adds a session.
pub async fn insert_session(
    conn: &mut AnyConnection,
    session: &Session,
    client: &ClientId,
    token_hash: &str,
) -> Answer<()> {
    sqlx::query(
        "INSERT INTO access_session (id, client_id, token_hash, created_at, last_used_at) \
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(session.id.as_str())
    .bind(client.as_str())
    .bind(token_hash)
    .bind(session.created_at.as_second())
    .bind(session.last_used_at.as_second())
    .execute(conn)
    .await?;
    Ok(())
}

/// The session of a token that was not ended, with its client.
pub async fn session_by_token(
    conn: &mut AnyConnection,
    token_hash: &str,
) -> Answer<Option<(Session, Client)>> {
    let text = format!(
        "SELECT s.id AS session_id, s.created_at AS opened_at, s.last_used_at, {CLIENT} \
         FROM access_session s JOIN access_client c ON c.id = s.client_id \
         WHERE s.token_hash = $1 AND s.ended_at IS NULL"
    );
    let row = sqlx::query(sqlx::AssertSqlSafe(text)).bind(token_hash).fetch_optional(conn).await?;
    row.as_ref().map(|row| Ok((session(row)?, client(row)?))).transpose()
}

/// Writes down that a session was used.
pub async fn touch_session(conn: &mut AnyConnection, id: &str, now: Timestamp) -> Answer<()> {
    sqlx::query("UPDATE access_session SET last_used_at = $1 WHERE id = $2 AND last_used_at < $1")
        .bind(now.as_second())
        .bind(id)
        .execute(conn)
        .await?;
    Ok(())
}

/// Gives an open session another token; `false` if the old one is gone already.
pub async fn rotate_session(
    conn: &mut AnyConnection,
    old_hash: &str,
    new_hash: &str,
    now: Timestamp,
) -> Answer<bool> {
    let done = sqlx::query(
        "UPDATE access_session SET token_hash = $1, last_used_at = $2 \
         WHERE token_hash = $3 AND ended_at IS NULL",
    )
    .bind(new_hash)
    .bind(now.as_second())
    .bind(old_hash)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends a session; `false` if it was ended before.
pub async fn end_session(conn: &mut AnyConnection, id: &str, now: Timestamp) -> Answer<bool> {
    let done =
        sqlx::query("UPDATE access_session SET ended_at = $1 WHERE id = $2 AND ended_at IS NULL")
            .bind(now.as_second())
            .bind(id)
            .execute(conn)
            .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends all sessions of a client.
pub async fn end_sessions_of(
    conn: &mut AnyConnection,
    client: &ClientId,
    now: Timestamp,
) -> Answer<u64> {
    let done = sqlx::query(
        "UPDATE access_session SET ended_at = $1 WHERE client_id = $2 AND ended_at IS NULL",
    )
    .bind(now.as_second())
    .bind(client.as_str())
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Uses up a nonce; `false` if it was used before.
pub async fn burn_nonce(
    conn: &mut AnyConnection,
    client: &ClientId,
    nonce: &str,
    until: i64,
) -> Answer<bool> {
    let done = sqlx::query(
        "INSERT INTO access_nonce (client_id, nonce, expires_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
    )
    .bind(client.as_str())
    .bind(nonce)
    .bind(until)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Forgets the nonces whose signatures have expired.
pub async fn forget_nonces(conn: &mut AnyConnection, now: Timestamp) -> Answer<u64> {
    let done = sqlx::query("DELETE FROM access_nonce WHERE expires_at < $1")
        .bind(now.as_second())
        .execute(conn)
        .await?;
    Ok(done.rows_affected())
}

fn client(row: &AnyRow) -> Answer<Client> {
    let text = |column: &str| -> Answer<String> { Ok(row.try_get(column)?) };
    let wrong = Error::Stored;
    let disabled: Option<i64> = row.try_get("disabled_at")?;
    Ok(Client {
        id: text("id")?.parse().map_err(|_| wrong("客户端编号"))?,
        name: ClientName::kept(text("name")?),
        public_key: public_key(&text("public_key")?)?,
        roles: text("roles")?.parse().map_err(|_| wrong("客户端角色"))?,
        created_at: instant(row.try_get("created_at")?)?,
        disabled_at: disabled.map(instant).transpose()?,
    })
}

fn session(row: &AnyRow) -> Answer<Session> {
    Ok(Session {
        id: row.try_get("session_id")?,
        created_at: instant(row.try_get("opened_at")?)?,
        last_used_at: instant(row.try_get("last_used_at")?)?,
    })
}
