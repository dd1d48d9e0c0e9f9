//! The tables of this layer: enrolments, and what the key centre must still be told.

use pki::attestation::Judged;
use sqlx::any::AnyQueryResult;
use sqlx::{Any, AnyConnection, Row};
use store::Error;

/// A row of `enrolment`.
#[derive(Debug, Clone)]
pub struct EnrolmentRow {
    /// The caller's name of it.
    pub request_id: String,
    /// `new`, `renew` or `rekey`.
    pub act: String,
    /// The kind of certificate.
    pub kind: String,
    /// Keyed hash of the order.
    pub order_index: String,
    /// Serial of the signing certificate, hexadecimal.
    pub sign_serial: String,
    /// Serial of the encryption certificate, if there is one.
    pub enc_serial: Option<String>,
    /// Serial of the certificate that it replaces.
    pub replaces: Option<String>,
    /// `accepted`, `issued` or `refused`.
    pub state: String,
    /// Why it was refused.
    pub refusal: Option<String>,
    /// The GM/T 0092 answer.
    pub response: Option<Vec<u8>>,
    /// Who asked.
    pub actor: String,
    /// When it was accepted, unix seconds.
    pub accepted_at: i64,
    /// When it was finished, unix seconds.
    pub finished_at: Option<i64>,
}

const COLUMNS: &str = "request_id, act, kind, order_index, sign_serial, enc_serial, replaces, \
     state, refusal, response, actor, accepted_at, finished_at";

/// Whether a statement changed its one row.
pub(crate) fn changed_one(done: Result<AnyQueryResult, sqlx::Error>) -> Result<bool, Error> {
    Ok(done?.rows_affected() == 1)
}

/// The enrolment of this id.
pub async fn find(db: &mut AnyConnection, id: &str) -> Result<Option<EnrolmentRow>, Error> {
    let text = format!("SELECT {COLUMNS} FROM enrolment WHERE request_id = $1");
    let row = sqlx::query::<Any>(sqlx::AssertSqlSafe(text)).bind(id).fetch_optional(db).await?;
    row.as_ref().map(read).transpose()
}

/// Inserts an accepted enrolment; false if the id is taken.
pub async fn accept(db: &mut AnyConnection, row: &EnrolmentRow) -> Result<bool, Error> {
    let query = sqlx::query::<Any>(
        "INSERT INTO enrolment (request_id, act, kind, order_index, sign_serial, enc_serial, \
         replaces, state, actor, accepted_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'accepted', $8, $9) \
         ON CONFLICT (request_id) DO NOTHING",
    )
    .bind(&row.request_id)
    .bind(&row.act)
    .bind(&row.kind)
    .bind(&row.order_index)
    .bind(&row.sign_serial)
    .bind(&row.enc_serial)
    .bind(&row.replaces)
    .bind(&row.actor)
    .bind(row.accepted_at);
    changed_one(query.execute(db).await)
}

/// Finishes an accepted enrolment with its answer; false if it is finished already.
pub async fn finish(
    db: &mut AnyConnection,
    id: &str,
    response: &[u8],
    at: i64,
) -> Result<bool, Error> {
    let text = "UPDATE enrolment SET state = 'issued', response = $2, finished_at = $3 \
         WHERE request_id = $1 AND state = 'accepted'";
    changed_one(sqlx::query::<Any>(text).bind(id).bind(response).bind(at).execute(db).await)
}

/// Refuses an accepted enrolment; false if it is finished already.
pub async fn refuse(
    db: &mut AnyConnection,
    id: &str,
    refusal: &str,
    at: i64,
) -> Result<bool, Error> {
    let text = "UPDATE enrolment SET state = 'refused', refusal = $2, finished_at = $3 \
         WHERE request_id = $1 AND state = 'accepted'";
    changed_one(sqlx::query::<Any>(text).bind(id).bind(refusal).bind(at).execute(db).await)
}

/// A page of enrolments in a state (empty: any), newest first, from before `(at, id)`.
pub async fn page(
    db: &mut AnyConnection,
    state: &str,
    before: (i64, &str),
    limit: i64,
) -> Result<Vec<EnrolmentRow>, Error> {
    let text = format!(
        "SELECT {COLUMNS} FROM enrolment WHERE ($1 = '' OR state = $1) \
         AND (accepted_at < $2 OR (accepted_at = $2 AND request_id < $3)) \
         ORDER BY accepted_at DESC, request_id DESC LIMIT $4"
    );
    let rows = sqlx::query::<Any>(sqlx::AssertSqlSafe(text))
        .bind(state)
        .bind(before.0)
        .bind(before.1)
        .bind(limit)
        .fetch_all(db)
        .await?;
    rows.iter().map(read).collect()
}

/// How many enrolments are in a state.
pub async fn count(db: &mut AnyConnection, state: &str) -> Result<i64, Error> {
    let row = sqlx::query::<Any>("SELECT COUNT(*) FROM enrolment WHERE state = $1")
        .bind(state)
        .fetch_one(db)
        .await?;
    Ok(row.try_get(0)?)
}

/// Accepted enrolments from before `until`, oldest first, behind a place.
pub async fn stale(
    db: &mut AnyConnection,
    until: i64,
    (at, id): (i64, &str),
    limit: i64,
) -> Result<Vec<EnrolmentRow>, Error> {
    let text = format!(
        "SELECT {COLUMNS} FROM enrolment WHERE state = 'accepted' AND accepted_at < $1 \
         AND (accepted_at > $2 OR (accepted_at = $3 AND request_id > $4)) \
         ORDER BY accepted_at, request_id LIMIT $5"
    );
    let rows = sqlx::query::<Any>(sqlx::AssertSqlSafe(text))
        .bind(until)
        .bind(at)
        .bind(at)
        .bind(id)
        .bind(limit)
        .fetch_all(db)
        .await?;
    rows.iter().map(read).collect()
}

/// Refused enrolments of which the CA would still sign something, each with the place of an intent of it, behind a place.
/// It begins at what is open, of which there is little, and never at the refused of all years: `CROSS` keeps SQLite to it.
#[must_use]
pub fn refused_open_query() -> String {
    format!(
        "SELECT place, {COLUMNS} FROM (SELECT id AS place, request_id AS request, serial FROM issuance \
         WHERE state = 'intended' AND id > $1) i CROSS JOIN enrolment WHERE request_id = i.request \
         AND (sign_serial = i.serial OR enc_serial = i.serial) AND state = 'refused' \
         ORDER BY place LIMIT $2"
    )
}

/// What [`refused_open_query`] asks for.
pub async fn refused_open(
    db: &mut AnyConnection,
    behind: i64,
    limit: i64,
) -> Result<Vec<(i64, EnrolmentRow)>, Error> {
    let query = sqlx::query::<Any>(sqlx::AssertSqlSafe(refused_open_query()));
    let rows = query.bind(behind).bind(limit).fetch_all(db).await?;
    rows.iter().map(|row| Ok((row.try_get("place")?, read(row)?))).collect()
}

/// Serials of certificates that are good at a moment though their order was refused.
pub async fn good_though_refused(
    db: &mut AnyConnection,
    now: i64,
    limit: i64,
) -> Result<Vec<String>, Error> {
    let rows = sqlx::query::<Any>(
        "SELECT c.serial AS serial FROM enrolment e JOIN certificate c \
         ON c.request_id = e.request_id AND (c.serial = e.sign_serial OR c.serial = e.enc_serial) \
         WHERE e.state = 'refused' AND c.status = 'good' AND c.not_after >= $1 ORDER BY 1 LIMIT $2",
    )
    .bind(now)
    .bind(limit)
    .fetch_all(db)
    .await?;
    rows.iter().map(|row| row.try_get(0).map_err(Error::from)).collect()
}

/// Keeps what came of the attestation of an order's key.
pub async fn keep_attestation(
    db: &mut AnyConnection,
    request_id: &str,
    judged: &Judged,
) -> Result<(), Error> {
    let verdict = serde_json::to_value(judged.verdict());
    let verdict = verdict.map_err(|error| Error::Config(error.to_string().into()))?;
    sqlx::query::<Any>(
        "INSERT INTO enrolment_attestation (request_id, verdict, chain) VALUES ($1, $2, $3)",
    )
    .bind(request_id)
    .bind(store::to_canonical(&verdict)?)
    .bind(judged.evidence().map(str::to_owned))
    .execute(db)
    .await?;
    Ok(())
}

/// What came of the attestation of an order's key.
pub async fn attestation(
    db: &mut AnyConnection,
    request_id: &str,
) -> Result<Option<(String, Option<String>)>, Error> {
    let text = "SELECT verdict, chain FROM enrolment_attestation WHERE request_id = $1";
    let row = sqlx::query::<Any>(text).bind(request_id).fetch_optional(db).await?;
    row.map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).transpose()
}

/// Names of the generations that a ceremony certified and nobody appointed.
pub async fn unappointed(db: &mut AnyConnection) -> Result<Vec<String>, Error> {
    let rows = sqlx::query::<Any>(
        "SELECT i.name FROM issuer_successor s JOIN issuer i ON i.id = s.issuer_id \
         WHERE s.active_from IS NULL",
    )
    .fetch_all(db)
    .await?;
    rows.iter().map(|row| row.try_get(0).map_err(Error::from)).collect()
}

/// Whether a key of the institution's own was noted as made.
pub async fn is_made(db: &mut AnyConnection, label: &str) -> Result<bool, Error> {
    let text = "SELECT COUNT(*) FROM service_key_made WHERE label = $1";
    let row = sqlx::query::<Any>(text).bind(label).fetch_one(db).await?;
    Ok(row.try_get::<i64, _>(0)? > 0)
}

/// Notes that the key centre must be told of the end of a key.
pub async fn owe_notice(db: &mut AnyConnection, serial: &str, at: i64) -> Result<(), Error> {
    sqlx::query::<Any>(
        "INSERT INTO key_notice (serial, due_at) VALUES ($1, $2) ON CONFLICT (serial) DO NOTHING",
    )
    .bind(serial)
    .bind(at)
    .execute(db)
    .await?;
    Ok(())
}

/// Serials of which the key centre must still be told.
pub async fn owed_notices(db: &mut AnyConnection, limit: i64) -> Result<Vec<String>, Error> {
    let rows = sqlx::query::<Any>(
        "SELECT serial FROM key_notice WHERE done_at IS NULL ORDER BY due_at LIMIT $1",
    )
    .bind(limit)
    .fetch_all(db)
    .await?;
    rows.iter().map(|row| row.try_get(0).map_err(Error::from)).collect()
}

/// The key centre was told.
pub async fn settle_notice(db: &mut AnyConnection, serial: &str, at: i64) -> Result<(), Error> {
    sqlx::query::<Any>("UPDATE key_notice SET done_at = $2 WHERE serial = $1")
        .bind(serial)
        .bind(at)
        .execute(db)
        .await?;
    Ok(())
}

fn read(row: &sqlx::any::AnyRow) -> Result<EnrolmentRow, Error> {
    Ok(EnrolmentRow {
        request_id: row.try_get("request_id")?,
        act: row.try_get("act")?,
        kind: row.try_get("kind")?,
        order_index: row.try_get("order_index")?,
        sign_serial: row.try_get("sign_serial")?,
        enc_serial: row.try_get("enc_serial")?,
        replaces: row.try_get("replaces")?,
        state: row.try_get("state")?,
        refusal: row.try_get("refusal")?,
        response: row.try_get("response")?,
        actor: row.try_get("actor")?,
        accepted_at: row.try_get("accepted_at")?,
        finished_at: row.try_get("finished_at")?,
    })
}
