//! Acts over a list of applications, whom they concern, and samples.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Connection, column, count, instant, instant_maybe, parsed};
use crate::error::Error;
use crate::model::{
    Application, ApplicationId, BatchId, BatchProgress, BatchStep, Listed, SampleRow,
};

/// The applications that a step would be done to: id, version of the form, own version. Only those of
/// the batch's own office: what was moved elsewhere goes its way alone.
pub(crate) async fn candidates(
    conn: &mut Connection,
    id: &BatchId,
    step: BatchStep,
) -> Result<Vec<(String, i64, i64)>, Error> {
    let text = "SELECT a.id AS id, a.form AS form, a.version AS version FROM ra_batch_row r \
         JOIN ra_batch b ON b.id = r.batch JOIN ra_application a ON a.id = r.application \
         WHERE r.batch = $1 AND a.state = $2 AND r.problem IS NULL \
         AND COALESCE(a.office, '') = COALESCE(b.office, '') ORDER BY a.id";
    let rows = sqlx::query(text).bind(id.as_str()).bind(step.from()).fetch_all(conn).await?;
    rows.iter()
        .map(|row| Ok((column(row, "id")?, column(row, "form")?, column(row, "version")?)))
        .collect()
}

/// The approved applications of a batch, as [`candidates`], and when the last of them was approved.
pub(crate) async fn approved(
    conn: &mut Connection,
    id: &BatchId,
) -> Result<(Vec<Listed>, Option<Timestamp>), Error> {
    let text = "SELECT a.id AS id, a.form AS form, a.version AS version, a.since AS since \
         FROM ra_batch_row r JOIN ra_batch b ON b.id = r.batch \
         JOIN ra_application a ON a.id = r.application \
         WHERE r.batch = $1 AND a.state = 'reviewed' AND r.problem IS NULL \
         AND COALESCE(a.office, '') = COALESCE(b.office, '') ORDER BY a.id";
    let rows = sqlx::query(text).bind(id.as_str()).fetch_all(conn).await?;
    let (mut listed, mut last) = (Vec::with_capacity(rows.len()), None);
    for row in &rows {
        listed.push((column(row, "id")?, column(row, "form")?, column(row, "version")?));
        last = last.max(Some(instant(row, "since")?));
    }
    Ok((listed, last))
}

/// An act as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct ActRow {
    pub id: String,
    pub batch: BatchId,
    pub step: BatchStep,
    pub list_sm3: String,
    pub members: u64,
    pub person: String,
    pub actor: String,
    pub blob: String,
    pub commitment: String,
    pub reference: String,
    pub at: Timestamp,
}

/// Stores an act and, in the same statement as they are selected, its members.
pub(crate) async fn insert(conn: &mut Connection, act: &ActRow) -> Result<(), Error> {
    let text = "INSERT INTO ra_batch_act (id, batch, kind, list_sm3, members, person, actor, blob, \
         commitment, reference, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    sqlx::query(text)
        .bind(&*act.id)
        .bind(act.batch.as_str())
        .bind(act.step.word())
        .bind(&*act.list_sm3)
        .bind(i64::try_from(act.members).unwrap_or(i64::MAX))
        .bind(&*act.person)
        .bind(&*act.actor)
        .bind(&*act.blob)
        .bind(&*act.commitment)
        .bind(&*act.reference)
        .bind(act.at.as_second())
        .execute(&mut *conn)
        .await?;
    let text = "INSERT INTO ra_batch_member (act, application, version) \
         SELECT $1, a.id, a.version FROM ra_batch_row r JOIN ra_batch b ON b.id = r.batch \
         JOIN ra_application a ON a.id = r.application WHERE r.batch = $2 AND a.state = $3 \
         AND r.problem IS NULL AND COALESCE(a.office, '') = COALESCE(b.office, '')";
    sqlx::query(text)
        .bind(&*act.id)
        .bind(act.batch.as_str())
        .bind(act.step.from())
        .execute(conn)
        .await?;
    Ok(())
}

/// The acts that are not carried out on all their members, the oldest first.
pub(crate) async fn open(conn: &mut Connection) -> Result<Vec<ActRow>, Error> {
    let text = "SELECT id, batch, kind, list_sm3, members, person, actor, blob, commitment, \
         reference, at FROM ra_batch_act WHERE done_at IS NULL ORDER BY at, id";
    let rows = sqlx::query(text).fetch_all(conn).await?;
    rows.iter()
        .map(|row| {
            let word: String = column(row, "kind")?;
            let step = BatchStep::ALL.into_iter().find(|step| step.word() == word);
            Ok(ActRow {
                id: column(row, "id")?,
                batch: parsed(row, "batch")?,
                step: step.ok_or(Error::Stored("kind"))?,
                list_sm3: column(row, "list_sm3")?,
                members: count(row, "members")?,
                person: column(row, "person")?,
                actor: column(row, "actor")?,
                blob: column(row, "blob")?,
                commitment: column(row, "commitment")?,
                reference: column(row, "reference")?,
                at: instant(row, "at")?,
            })
        })
        .collect()
}

/// Whether an act of a batch is under way.
pub(crate) async fn is_open(conn: &mut Connection, id: &BatchId) -> Result<bool, Error> {
    let text = "SELECT COUNT(*) AS n FROM ra_batch_act WHERE batch = $1 AND done_at IS NULL";
    let row = sqlx::query(text).bind(id.as_str()).fetch_one(conn).await?;
    Ok(count(&row, "n")? > 0)
}

/// Members that an act was not carried out on, with their versions when it was signed.
pub(crate) async fn open_members(
    conn: &mut Connection,
    act: &str,
    limit: u32,
) -> Result<Vec<(ApplicationId, i64)>, Error> {
    let text = "SELECT application, version FROM ra_batch_member \
         WHERE act = $1 AND outcome IS NULL ORDER BY application LIMIT $2";
    let rows = sqlx::query(text).bind(act).bind(i64::from(limit)).fetch_all(conn).await?;
    rows.iter().map(|row| Ok((parsed(row, "application")?, column(row, "version")?))).collect()
}

/// Notes what came of an act for one member.
pub(crate) async fn settle(
    conn: &mut Connection,
    (act, application): (&str, &ApplicationId),
    outcome: &str,
) -> Result<(), Error> {
    let text = "UPDATE ra_batch_member SET outcome = $1 WHERE act = $2 AND application = $3";
    sqlx::query(text).bind(outcome).bind(act).bind(application.as_str()).execute(conn).await?;
    Ok(())
}

/// Notes that an act is carried out.
pub(crate) async fn end(conn: &mut Connection, act: &str, at: Timestamp) -> Result<(), Error> {
    sqlx::query("UPDATE ra_batch_act SET done_at = $1 WHERE id = $2")
        .bind(at.as_second())
        .bind(act)
        .execute(conn)
        .await?;
    Ok(())
}

/// The acts of a batch with how far they are.
pub(crate) async fn progress(
    conn: &mut Connection,
    id: &BatchId,
) -> Result<Vec<BatchProgress>, Error> {
    let text = "SELECT b.kind AS kind, b.at AS at, b.members AS members, \
         CAST(SUM(CASE WHEN m.outcome = 'done' THEN 1 ELSE 0 END) AS BIGINT) AS done, \
         COUNT(m.outcome) AS settled FROM ra_batch_act b \
         LEFT JOIN ra_batch_member m ON m.act = b.id WHERE b.batch = $1 \
         GROUP BY b.id, b.kind, b.at, b.members ORDER BY b.at, b.id";
    let rows = sqlx::query(text).bind(id.as_str()).fetch_all(conn).await?;
    rows.iter()
        .map(|row| {
            let word: String = column(row, "kind")?;
            let step = BatchStep::ALL.into_iter().find(|step| step.word() == word);
            let (done, settled) = (count(row, "done")?, count(row, "settled")?);
            Ok(BatchProgress {
                step: step.ok_or(Error::Stored("kind"))?,
                at: instant(row, "at")?,
                members: count(row, "members")?,
                done,
                refused: settled.saturating_sub(done),
            })
        })
        .collect()
}

/// The sample that was drawn for a person and a list.
pub(crate) async fn sample(
    conn: &mut Connection,
    id: &BatchId,
    (person, list_sm3): (&str, &str),
) -> Result<Vec<SampleRow>, Error> {
    let text = "SELECT application, opened_at FROM ra_batch_sample \
         WHERE batch = $1 AND person = $2 AND list_sm3 = $3 ORDER BY application";
    let rows =
        sqlx::query(text).bind(id.as_str()).bind(person).bind(list_sm3).fetch_all(conn).await?;
    rows.iter()
        .map(|row| {
            let application = parsed(row, "application")?;
            Ok(SampleRow { application, opened_at: instant_maybe(row, "opened_at")? })
        })
        .collect()
}

/// Adds an application to a sample.
pub(crate) async fn add_sample(
    conn: &mut Connection,
    id: &BatchId,
    (person, list_sm3): (&str, &str),
    application: &str,
) -> Result<(), Error> {
    let text = "INSERT INTO ra_batch_sample (batch, person, list_sm3, application) \
         VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    sqlx::query(text)
        .bind(id.as_str())
        .bind(person)
        .bind(list_sm3)
        .bind(application)
        .execute(conn)
        .await?;
    Ok(())
}

/// Notes that an application of a sample was opened. False if it is none of it.
pub(crate) async fn open_sample(
    conn: &mut Connection,
    id: &BatchId,
    (person, application): (&str, &ApplicationId),
    at: Timestamp,
) -> Result<bool, Error> {
    let text = "UPDATE ra_batch_sample SET opened_at = $1 \
         WHERE batch = $2 AND person = $3 AND application = $4";
    let done = sqlx::query(text)
        .bind(at.as_second())
        .bind(id.as_str())
        .bind(person)
        .bind(application.as_str())
        .execute(conn)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Whether somebody entered or proofed an application of a batch that waits for its review.
pub(crate) async fn has_hand(
    conn: &mut Connection,
    id: &BatchId,
    person: &str,
) -> Result<bool, Error> {
    let text = "SELECT COUNT(*) AS n FROM ra_batch_row r \
         JOIN ra_application a ON a.id = r.application \
         JOIN ra_hand h ON h.application = r.application \
         WHERE r.batch = $1 AND a.state = 'proofed' AND h.person = $2";
    let row = sqlx::query(text).bind(id.as_str()).bind(person).fetch_one(conn).await?;
    Ok(count(&row, "n")? > 0)
}

/// Applications outside of a batch that have a number or a telephone in common with one of it.
pub(crate) async fn others(
    conn: &mut Connection,
    application: &Application,
    batch: &BatchId,
) -> Result<BTreeSet<ApplicationId>, Error> {
    let text = "SELECT DISTINCT a.id AS id FROM ra_index i \
         JOIN ra_index o ON o.field = i.field AND o.value = i.value \
         JOIN ra_application a ON a.id = o.application \
         LEFT JOIN ra_batch_row r ON r.application = a.id \
         WHERE i.application = $1 AND i.field IN ('id_number', 'phone') AND a.id <> $2 \
         AND a.kind = $3 AND a.state NOT IN ('draft', 'refused', 'withdrawn', 'expired') \
         AND COALESCE(r.batch, '') <> $4 LIMIT 20";
    let rows = sqlx::query(text)
        .bind(application.id.as_str())
        .bind(application.id.as_str())
        .bind(&*application.kind)
        .bind(batch.as_str())
        .fetch_all(conn)
        .await?;
    rows.iter().map(|row| parsed(row, "id")).collect()
}
