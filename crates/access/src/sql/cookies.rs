//! Sessions of browsers, and the challenges with which they were opened.

use super::people::person;
use super::{Answer, instant};
use crate::session::{Cookie, Holder};
use crate::{Error, PersonId, Session, Way, Who};
use jiff::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

/// Adds a session.
pub async fn insert_cookie(
    conn: &mut AnyConnection,
    cookie: &Cookie,
    token_hash: &str,
) -> Answer<()> {
    let (person, application) = match &cookie.holder {
        Holder::Person(id) => (Some(id.to_string()), None),
        Holder::Applicant(application) => (None, Some(application.clone())),
    };
    sqlx::query(
        "INSERT INTO access_cookie \
         (id, person_id, application, token_hash, way, source, created_at, last_used_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(cookie.session.id.as_str())
    .bind(person)
    .bind(application)
    .bind(token_hash)
    .bind(cookie.way.name())
    .bind(cookie.source.as_str())
    .bind(cookie.session.created_at.as_second())
    .bind(cookie.session.last_used_at.as_second())
    .execute(conn)
    .await?;
    Ok(())
}

/// The session of a token that was not ended, with who holds it.
pub async fn cookie_by_token(
    conn: &mut AnyConnection,
    token_hash: &str,
) -> Answer<Option<(Session, Way, Who)>> {
    let row = sqlx::query(
        "SELECT s.id AS session_id, s.created_at AS opened_at, s.last_used_at, s.way, \
         s.application, s.source, p.id, p.login, p.name, p.roles, p.office, p.created_at, \
         p.disabled_at FROM access_cookie s LEFT JOIN access_person p ON p.id = s.person_id \
         WHERE s.token_hash = $1 AND s.ended_at IS NULL",
    )
    .bind(token_hash)
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let application: Option<String> = row.try_get("application")?;
    let who = match application {
        Some(application) => Who::Applicant { application },
        None => Who::Person(person(&row)?),
    };
    Ok(Some((session(&row)?, way(&row)?, who)))
}

/// Open sessions of a person, the newest first; time limits are not considered.
pub async fn cookies_of(conn: &mut AnyConnection, person: &PersonId) -> Answer<Vec<Cookie>> {
    let rows = sqlx::query(
        "SELECT id AS session_id, created_at AS opened_at, last_used_at, way, source \
         FROM access_cookie WHERE person_id = $1 AND ended_at IS NULL \
         ORDER BY created_at DESC, id",
    )
    .bind(person.as_str())
    .fetch_all(conn)
    .await?;
    let cookie = |row: &AnyRow| {
        Ok(Cookie {
            session: session(row)?,
            holder: Holder::Person(person.clone()),
            way: way(row)?,
            source: row.try_get("source")?,
        })
    };
    rows.iter().map(cookie).collect()
}

/// Writes down that a session was used.
pub async fn touch_cookie(conn: &mut AnyConnection, id: &str, now: Timestamp) -> Answer<()> {
    sqlx::query("UPDATE access_cookie SET last_used_at = $1 WHERE id = $2 AND last_used_at < $1")
        .bind(now.as_second())
        .bind(id)
        .execute(conn)
        .await?;
    Ok(())
}

/// Gives an open session another token; `false` if the old one is gone already.
pub async fn rotate_cookie(
    conn: &mut AnyConnection,
    old_hash: &str,
    new_hash: &str,
) -> Answer<bool> {
    let done = sqlx::query(
        "UPDATE access_cookie SET token_hash = $1 WHERE token_hash = $2 AND ended_at IS NULL",
    )
    .bind(new_hash)
    .bind(old_hash)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends the session of a token; its identifier, unless it was ended before.
pub async fn end_cookie(
    conn: &mut AnyConnection,
    token_hash: &str,
    now: Timestamp,
) -> Answer<Option<String>> {
    let row = sqlx::query(
        "UPDATE access_cookie SET ended_at = $1 WHERE token_hash = $2 AND ended_at IS NULL \
         RETURNING id",
    )
    .bind(now.as_second())
    .bind(token_hash)
    .fetch_optional(conn)
    .await?;
    row.map(|row| Ok(row.try_get(0)?)).transpose()
}

/// Ends all sessions of a person.
pub async fn end_cookies_of(
    conn: &mut AnyConnection,
    person: &PersonId,
    now: Timestamp,
) -> Answer<u64> {
    let done = sqlx::query(
        "UPDATE access_cookie SET ended_at = $1 WHERE person_id = $2 AND ended_at IS NULL",
    )
    .bind(now.as_second())
    .bind(person.as_str())
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Ends the sessions of a person but this one.
pub async fn end_other_cookies_of(
    conn: &mut AnyConnection,
    (person, kept): (&PersonId, &str),
    now: Timestamp,
) -> Answer<u64> {
    let done = sqlx::query(
        "UPDATE access_cookie SET ended_at = $1 \
         WHERE person_id = $2 AND id <> $3 AND ended_at IS NULL",
    )
    .bind(now.as_second())
    .bind(person.as_str())
    .bind(kept)
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Forgets sessions that were last used before an instant: the journal knows them.
pub async fn forget_cookies(conn: &mut AnyConnection, before: Timestamp) -> Answer<()> {
    sqlx::query("DELETE FROM access_cookie WHERE last_used_at < $1")
        .bind(before.as_second())
        .execute(conn)
        .await?;
    Ok(())
}

/// Uses up a challenge, and forgets those that are too old anyway; `false` if it was used.
pub async fn use_challenge(
    conn: &mut AnyConnection,
    nonce: &str,
    until: i64,
    now: Timestamp,
) -> Answer<bool> {
    sqlx::query("DELETE FROM access_challenge_used WHERE expires_at < $1")
        .bind(now.as_second())
        .execute(&mut *conn)
        .await?;
    let done = sqlx::query(
        "INSERT INTO access_challenge_used (nonce, expires_at) VALUES ($1, $2) \
         ON CONFLICT DO NOTHING",
    )
    .bind(nonce)
    .bind(until)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

fn session(row: &AnyRow) -> Answer<Session> {
    Ok(Session {
        id: row.try_get("session_id")?,
        created_at: instant(row.try_get("opened_at")?)?,
        last_used_at: instant(row.try_get("last_used_at")?)?,
    })
}

fn way(row: &AnyRow) -> Answer<Way> {
    let name: String = row.try_get("way")?;
    Way::from_name(&name).ok_or(Error::Stored("登录方式"))
}
