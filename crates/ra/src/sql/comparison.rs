//! Rows as they stand, to be held against the journal: nothing of them is believed, so nothing is read into
//! types that a changed row would not fit.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{Any, AssertSqlSafe, FromRow};

use super::Connection;
use crate::error::Error;

const HOLD: &str =
    "id, serial, source, ground, origin, set_by, since, position, ended_at, ended, ended_by";
const REGISTRATION: &str = "id, number, ground, list_hash, state, lapsed_at, closed_at, version, \
     entered_by, reviewed_by";

/// A row of `ra_hold`.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct HoldRow {
    pub id: String,
    pub serial: String,
    pub source: String,
    pub ground: Option<String>,
    pub origin: String,
    pub set_by: String,
    pub since: i64,
    pub position: i64,
    pub ended_at: Option<i64>,
    pub ended: Option<String>,
    pub ended_by: Option<String>,
}

/// A row of `ra_revocation`.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct RegistrationRow {
    pub id: String,
    pub number: String,
    pub ground: String,
    pub list_hash: String,
    pub state: String,
    pub lapsed_at: Option<i64>,
    pub closed_at: Option<i64>,
    pub version: i64,
    pub entered_by: String,
    pub reviewed_by: Option<String>,
}

/// A row of `ra_application`.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct ApplicationRow {
    pub id: String,
    pub state: String,
    pub version: i64,
}

/// The holds of these names.
pub(crate) async fn holds(
    conn: &mut Connection,
    ids: &[String],
) -> Result<BTreeMap<String, HoldRow>, Error> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let places: Vec<String> = (1..=ids.len()).map(|at| format!("${at}")).collect();
    let text = format!("SELECT {HOLD} FROM ra_hold WHERE id IN ({})", places.join(", "));
    let query = sqlx::query_as::<Any, HoldRow>(AssertSqlSafe(text));
    let query = ids.iter().fold(query, |query, id| query.bind(id.clone()));
    let rows = query.fetch_all(conn).await?;
    Ok(rows.into_iter().map(|row| (row.id.clone(), row)).collect())
}

/// The next holds behind a name.
pub(crate) async fn holds_behind(
    conn: &mut Connection,
    (behind, limit): (&str, u32),
) -> Result<Vec<HoldRow>, Error> {
    let text = format!("SELECT {HOLD} FROM ra_hold WHERE id > $1 ORDER BY id LIMIT $2");
    let query = sqlx::query_as::<Any, HoldRow>(AssertSqlSafe(text));
    Ok(query.bind(behind).bind(i64::from(limit)).fetch_all(conn).await?)
}

/// The next registrations behind a name.
pub(crate) async fn registrations_behind(
    conn: &mut Connection,
    (behind, limit): (&str, u32),
) -> Result<Vec<RegistrationRow>, Error> {
    let text =
        format!("SELECT {REGISTRATION} FROM ra_revocation WHERE id > $1 ORDER BY id LIMIT $2");
    let query = sqlx::query_as::<Any, RegistrationRow>(AssertSqlSafe(text));
    Ok(query.bind(behind).bind(i64::from(limit)).fetch_all(conn).await?)
}

/// Which of these registrations there are.
pub(crate) async fn registrations(
    conn: &mut Connection,
    ids: &[String],
) -> Result<BTreeSet<String>, Error> {
    if ids.is_empty() {
        return Ok(BTreeSet::new());
    }
    let places: Vec<String> = (1..=ids.len()).map(|at| format!("${at}")).collect();
    let text = format!("SELECT id FROM ra_revocation WHERE id IN ({})", places.join(", "));
    let query = sqlx::query_as::<Any, (String,)>(AssertSqlSafe(text));
    let query = ids.iter().fold(query, |query, id| query.bind(id.clone()));
    Ok(query.fetch_all(conn).await?.into_iter().map(|(id,)| id).collect())
}

/// The version at which a registration is; none where it is gone.
pub(crate) async fn registration_version(
    conn: &mut Connection,
    id: &str,
) -> Result<Option<i64>, Error> {
    let text = "SELECT version FROM ra_revocation WHERE id = $1";
    let found = sqlx::query_as::<Any, (i64,)>(text).bind(id).fetch_optional(conn).await?;
    Ok(found.map(|(version,)| version))
}

/// The next applications behind a name: those on their way, or all of them.
pub(crate) async fn applications_behind(
    conn: &mut Connection,
    (behind, limit): (&str, u32),
    all: bool,
) -> Result<Vec<ApplicationRow>, Error> {
    let text = "SELECT id, state, version FROM ra_application WHERE id > $1 AND ($2 = 1 OR state \
         NOT IN ('confirmed', 'carried_out', 'refused', 'withdrawn', 'expired')) \
         ORDER BY id LIMIT $3";
    let query = sqlx::query_as::<Any, ApplicationRow>(text);
    let query = query.bind(behind).bind(i64::from(all)).bind(i64::from(limit));
    Ok(query.fetch_all(conn).await?)
}

/// The version at which an application is; none where it is gone.
pub(crate) async fn application_version(
    conn: &mut Connection,
    id: &str,
) -> Result<Option<i64>, Error> {
    let text = "SELECT version FROM ra_application WHERE id = $1";
    let found = sqlx::query_as::<Any, (i64,)>(text).bind(id).fetch_optional(conn).await?;
    Ok(found.map(|(version,)| version))
}
