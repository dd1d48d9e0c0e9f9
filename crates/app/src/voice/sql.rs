//! All SQL of ratings and complaints, over `migrations/institution/0610_voice.sql`.

use jiff::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use super::model::{Category, ComplaintState, Level, Step};
use crate::error::Error;

/// A rating as it is stored.
#[derive(Debug, Clone)]
pub(super) struct RatingRow {
    pub application: String,
    pub service: String,
    pub kind: String,
    pub office: Option<String>,
    pub level: Level,
    pub remark: Option<String>,
    pub rated_at: Timestamp,
    pub changed_at: Timestamp,
    pub answer: Option<(String, Timestamp)>,
    pub version: i64,
}

/// A complaint as it is stored.
#[derive(Debug, Clone)]
pub(super) struct ComplaintRow {
    pub id: String,
    pub number: String,
    pub category: Category,
    pub state: ComplaintState,
    pub code_index: String,
    pub content: String,
    pub received_at: Timestamp,
    pub answered_at: Option<Timestamp>,
    pub version: i64,
}

/// A step as it is stored.
#[derive(Debug, Clone)]
pub(super) struct StepRow {
    pub step: Step,
    pub person: String,
    pub blob: String,
    pub at: Timestamp,
}

fn column<'r, T>(row: &'r AnyRow, name: &'static str) -> Result<T, Error>
where
    T: sqlx::Decode<'r, sqlx::Any> + sqlx::Type<sqlx::Any>,
{
    row.try_get(name).map_err(|_| Error::Stored(name))
}

fn instant(row: &AnyRow, name: &'static str) -> Result<Timestamp, Error> {
    Timestamp::from_second(column(row, name)?).map_err(|_| Error::Stored(name))
}

fn instant_maybe(row: &AnyRow, name: &'static str) -> Result<Option<Timestamp>, Error> {
    let seconds: Option<i64> = column(row, name)?;
    seconds.map(|s| Timestamp::from_second(s).map_err(|_| Error::Stored(name))).transpose()
}

fn fault(error: sqlx::Error) -> Error {
    Error::Store(store::Error::from(error))
}

const RATING: &str = "application, service, kind, office, level, remark, rated_at, changed_at, \
     answer, answered_at, version";

fn rating_of(row: &AnyRow) -> Result<RatingRow, Error> {
    let level: i64 = column(row, "level")?;
    let level = u8::try_from(level).ok().and_then(Level::new).ok_or(Error::Stored("level"))?;
    let answer: Option<String> = column(row, "answer")?;
    Ok(RatingRow {
        application: column(row, "application")?,
        service: column(row, "service")?,
        kind: column(row, "kind")?,
        office: column(row, "office")?,
        level,
        remark: column(row, "remark")?,
        rated_at: instant(row, "rated_at")?,
        changed_at: instant(row, "changed_at")?,
        answer: answer.zip(instant_maybe(row, "answered_at")?),
        version: column(row, "version")?,
    })
}

/// The rating of an application.
pub(super) async fn rating(
    db: &mut AnyConnection,
    application: &str,
) -> Result<Option<RatingRow>, Error> {
    let text = format!("SELECT {RATING} FROM voice_rating WHERE application = $1");
    let row = sqlx::query(AssertSqlSafe(text)).bind(application).fetch_optional(db).await;
    row.map_err(fault)?.as_ref().map(rating_of).transpose()
}

/// Stores a first rating; false if there is one.
pub(super) async fn add_rating(db: &mut AnyConnection, row: &RatingRow) -> Result<bool, Error> {
    let text = "INSERT INTO voice_rating (application, service, kind, office, level, remark, \
         rated_at, changed_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1) \
         ON CONFLICT (application) DO NOTHING";
    let done = sqlx::query(text)
        .bind(&*row.application)
        .bind(&*row.service)
        .bind(&*row.kind)
        .bind(row.office.clone())
        .bind(i64::from(row.level.number()))
        .bind(row.remark.clone())
        .bind(row.rated_at.as_second())
        .bind(row.changed_at.as_second())
        .execute(db)
        .await;
    Ok(done.map_err(fault)?.rows_affected() == 1)
}

/// Changes a rating at the version that was read.
pub(super) async fn change_rating(db: &mut AnyConnection, row: &RatingRow) -> Result<bool, Error> {
    let text = "UPDATE voice_rating SET level = $1, remark = $2, changed_at = $3, \
         version = version + 1 WHERE application = $4 AND version = $5";
    let done = sqlx::query(text)
        .bind(i64::from(row.level.number()))
        .bind(row.remark.clone())
        .bind(row.changed_at.as_second())
        .bind(&*row.application)
        .bind(row.version)
        .execute(db)
        .await;
    Ok(done.map_err(fault)?.rows_affected() == 1)
}

/// Answers a rating at the version that was read.
pub(super) async fn answer_rating(
    db: &mut AnyConnection,
    (application, version): (&str, i64),
    (blob, person): (&str, &str),
    at: Timestamp,
) -> Result<bool, Error> {
    let text = "UPDATE voice_rating SET answer = $1, answered_by = $2, answered_at = $3, \
         version = version + 1 WHERE application = $4 AND version = $5 AND answer IS NULL";
    let done = sqlx::query(text)
        .bind(blob)
        .bind(person)
        .bind(at.as_second())
        .bind(application)
        .bind(version)
        .execute(db)
        .await;
    Ok(done.map_err(fault)?.rows_affected() == 1)
}

/// Bad ratings: open ones (or answered ones), oldest first.
pub(super) async fn bad_ratings(
    db: &mut AnyConnection,
    answered: bool,
    limit: i64,
) -> Result<Vec<RatingRow>, Error> {
    let condition = if answered { "IS NOT NULL" } else { "IS NULL" };
    let text = format!(
        "SELECT {RATING} FROM voice_rating WHERE level <= 2 AND answer {condition} \
         ORDER BY rated_at, application LIMIT $1"
    );
    let rows = sqlx::query(AssertSqlSafe(text)).bind(limit).fetch_all(db).await;
    rows.map_err(fault)?.iter().map(rating_of).collect()
}

/// How many of each service and level, and how many of them have an answer.
pub(super) async fn figures(
    db: &mut AnyConnection,
) -> Result<Vec<(String, Level, u64, u64)>, Error> {
    let text = "SELECT service, level, COUNT(*) AS n, COUNT(answer) AS m FROM voice_rating \
         GROUP BY service, level ORDER BY service, level";
    let rows = sqlx::query(text).fetch_all(db).await.map_err(fault)?;
    let read = |row: &AnyRow| {
        let level: i64 = column(row, "level")?;
        let level = u8::try_from(level).ok().and_then(Level::new).ok_or(Error::Stored("level"))?;
        let (n, m): (i64, i64) = (column(row, "n")?, column(row, "m")?);
        Ok((column(row, "service")?, level, n.unsigned_abs(), m.unsigned_abs()))
    };
    rows.iter().map(read).collect()
}

const COMPLAINT: &str = "id, number, category, state, code_index, content, received_at, \
     answered_at, version";

fn complaint_of(row: &AnyRow) -> Result<ComplaintRow, Error> {
    let (category, state): (String, String) = (column(row, "category")?, column(row, "state")?);
    Ok(ComplaintRow {
        id: column(row, "id")?,
        number: column(row, "number")?,
        category: Category::of(&category).ok_or(Error::Stored("category"))?,
        state: ComplaintState::of(&state).ok_or(Error::Stored("state"))?,
        code_index: column(row, "code_index")?,
        content: column(row, "content")?,
        received_at: instant(row, "received_at")?,
        answered_at: instant_maybe(row, "answered_at")?,
        version: column(row, "version")?,
    })
}

/// Takes the next number of a day.
pub(super) async fn next_number(db: &mut AnyConnection, day: &str) -> Result<i64, Error> {
    let text = "INSERT INTO voice_number (day, last) VALUES ($1, 1) \
         ON CONFLICT (day) DO UPDATE SET last = voice_number.last + 1 RETURNING last";
    let row = sqlx::query(text).bind(day).fetch_one(db).await.map_err(fault)?;
    column(&row, "last")
}

/// Stores a complaint.
pub(super) async fn add_complaint(db: &mut AnyConnection, row: &ComplaintRow) -> Result<(), Error> {
    let text = "INSERT INTO voice_complaint (id, number, category, state, code_index, content, \
         received_at, changed_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, 1)";
    sqlx::query(text)
        .bind(&*row.id)
        .bind(&*row.number)
        .bind(row.category.word())
        .bind(row.state.word())
        .bind(&*row.code_index)
        .bind(&*row.content)
        .bind(row.received_at.as_second())
        .execute(db)
        .await
        .map_err(fault)?;
    Ok(())
}

/// The complaint of this name or of this number.
pub(super) async fn complaint(
    db: &mut AnyConnection,
    name: &str,
) -> Result<Option<ComplaintRow>, Error> {
    let text = format!("SELECT {COMPLAINT} FROM voice_complaint WHERE id = $1 OR number = $1");
    let row = sqlx::query(AssertSqlSafe(text)).bind(name).fetch_optional(db).await;
    row.map_err(fault)?.as_ref().map(complaint_of).transpose()
}

/// Complaints in a state (none: any), behind an instant and a name, oldest first.
pub(super) async fn complaints(
    db: &mut AnyConnection,
    state: Option<ComplaintState>,
    (at, id): (i64, &str),
    limit: i64,
) -> Result<Vec<ComplaintRow>, Error> {
    let text = format!(
        "SELECT {COMPLAINT} FROM voice_complaint WHERE ($1 = '' OR state = $1) \
         AND (received_at > $2 OR (received_at = $2 AND id > $3)) \
         ORDER BY received_at, id LIMIT $4"
    );
    let rows = sqlx::query(AssertSqlSafe(text))
        .bind(state.map_or("", ComplaintState::word))
        .bind(at)
        .bind(id)
        .bind(limit)
        .fetch_all(db)
        .await;
    rows.map_err(fault)?.iter().map(complaint_of).collect()
}

/// How many complaints are in each state.
pub(super) async fn complaint_counts(
    db: &mut AnyConnection,
) -> Result<Vec<(ComplaintState, u64)>, Error> {
    let text = "SELECT state, COUNT(*) AS n FROM voice_complaint GROUP BY state";
    let rows = sqlx::query(text).fetch_all(db).await.map_err(fault)?;
    let read = |row: &AnyRow| {
        let (state, n): (String, i64) = (column(row, "state")?, column(row, "n")?);
        let state = ComplaintState::of(&state).ok_or(Error::Stored("state"))?;
        Ok((state, n.unsigned_abs()))
    };
    rows.iter().map(read).collect()
}

/// Moves a complaint on from the version that was read.
pub(super) async fn move_complaint(
    db: &mut AnyConnection,
    (id, version): (&str, i64),
    state: ComplaintState,
    at: Timestamp,
) -> Result<bool, Error> {
    let text = "UPDATE voice_complaint SET state = $1, changed_at = $2, answered_at = \
         CASE WHEN $1 = 'answered' THEN COALESCE(answered_at, $2) ELSE answered_at END, \
         version = version + 1 WHERE id = $3 AND version = $4";
    let done = sqlx::query(text)
        .bind(state.word())
        .bind(at.as_second())
        .bind(id)
        .bind(version)
        .execute(db)
        .await;
    Ok(done.map_err(fault)?.rows_affected() == 1)
}

/// Adds a step behind those that there are.
pub(super) async fn add_step(
    db: &mut AnyConnection,
    complaint: &str,
    step: &StepRow,
) -> Result<(), Error> {
    let text = "INSERT INTO voice_step (complaint, position, step, person, blob, at) \
         SELECT $1, COALESCE(MAX(position), 0) + 1, $2, $3, $4, $5 FROM voice_step \
         WHERE complaint = $1";
    sqlx::query(text)
        .bind(complaint)
        .bind(step.step.word())
        .bind(&*step.person)
        .bind(&*step.blob)
        .bind(step.at.as_second())
        .execute(db)
        .await
        .map_err(fault)?;
    Ok(())
}

/// What was done about a complaint, in order.
pub(super) async fn steps(db: &mut AnyConnection, complaint: &str) -> Result<Vec<StepRow>, Error> {
    let text =
        "SELECT step, person, blob, at FROM voice_step WHERE complaint = $1 ORDER BY position";
    let rows = sqlx::query(text).bind(complaint).fetch_all(db).await.map_err(fault)?;
    let read = |row: &AnyRow| {
        let step: String = column(row, "step")?;
        Ok(StepRow {
            step: Step::of(&step).ok_or(Error::Stored("step"))?,
            person: column(row, "person")?,
            blob: column(row, "blob")?,
            at: instant(row, "at")?,
        })
    };
    rows.iter().map(read).collect()
}
