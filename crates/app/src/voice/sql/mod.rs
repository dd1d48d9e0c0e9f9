//! All SQL of ratings and complaints, over `migrations/institution/0610_voice.sql`,
//! `0620_voice_lists.sql`, `0925_problem.sql`, `0940_problem_proof.sql`, `0951_evidence_erased.sql` and
//! `0960_evidence_term.sql`.

mod evidence;
mod retention;
mod steps;

use jiff::Timestamp;
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, AssertSqlSafe, Row};

use super::model::{Category, ComplaintFilter, ComplaintState, Level, RatingFilter};
use super::rules::Lock;
use crate::error::Error;
use crate::mark::{Mark, Span};

pub(super) use evidence::{
    EvidenceRow, OpenProof, add_evidence, add_proof, evidence, keep_octets, kept_evidence,
    note_erased, open_proofs, problems_before,
};
pub(super) use retention::{
    Due, KeepRow, add_keep_step, blocked, due, keep_steps, key_of, life_of_key, note_words_erased,
    outcome, proved_serial, set_content, set_outcome, touch,
};
pub(super) use steps::{StepRow, add_step, steps};

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
    pub closed_at: Option<Timestamp>,
    /// When what was written was erased, at the end of its term.
    pub words_erased_at: Option<Timestamp>,
    pub version: i64,
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

fn level_of(row: &AnyRow) -> Result<Level, Error> {
    let level: i64 = column(row, "level")?;
    u8::try_from(level).ok().and_then(Level::new).ok_or(Error::Stored("level"))
}

fn rating_of(row: &AnyRow) -> Result<RatingRow, Error> {
    let answer: Option<String> = column(row, "answer")?;
    Ok(RatingRow {
        application: column(row, "application")?,
        service: column(row, "service")?,
        kind: column(row, "kind")?,
        office: column(row, "office")?,
        level: level_of(row)?,
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

/// Which ratings: without level, state of the answer and text.
const SCOPE: &str = "rated_at >= $1 AND rated_at < $2 AND ($3 = '' OR service = $3) \
     AND ($4 = '' OR COALESCE(office, '-') = $4) AND ($5 = '' OR application = $5)";
/// Level and answer beside [`SCOPE`]; whether something was written. Behind which row is added for the
/// direction of reading.
const ASKED: &str = "level >= $6 AND level <= $7 AND ($8 = '' OR ($8 = 'open' AND level <= 2 \
     AND answer IS NULL) OR ($8 = 'answered' AND answer IS NOT NULL)) \
     AND ($9 = 0 OR remark IS NOT NULL)";

type Statement<'q> = Query<'q, Any, AnyArguments>;

fn in_scope<'q>(query: Statement<'q>, filter: &RatingFilter, span: &Span) -> Statement<'q> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    query
        .bind(span.from)
        .bind(span.until)
        .bind(text(&filter.service))
        .bind(text(&filter.office))
        .bind(text(&filter.application))
}

fn as_asked<'q>(query: Statement<'q>, filter: &RatingFilter, span: &Span) -> Statement<'q> {
    let level = filter.level.map(|level| i64::from(level.number()));
    let answer = match filter.answered {
        None => "",
        Some(false) => "open",
        Some(true) => "answered",
    };
    in_scope(query, filter, span)
        .bind(level.unwrap_or(1))
        .bind(level.unwrap_or(5))
        .bind(answer)
        .bind(i64::from(!filter.text.trim().is_empty()))
}

fn whole(filter: &RatingFilter) -> Span {
    Span::of(filter.from, filter.until)
}

/// A page of ratings: those that wait, the longest waiting first, all others the newest first; behind a row.
pub(super) async fn ratings(
    db: &mut AnyConnection,
    filter: &RatingFilter,
    (behind, offset, limit): (Option<&Mark>, i64, i64),
) -> Result<Vec<RatingRow>, Error> {
    let waits = filter.answered == Some(false) && filter.text.trim().is_empty();
    let (span, way, order) = match waits {
        true => (whole(filter).oldest_first(behind), '>', "rated_at, application"),
        false => (whole(filter).newest_first(behind), '<', "rated_at DESC, application DESC"),
    };
    let text = format!(
        "SELECT {RATING} FROM voice_rating WHERE {SCOPE} AND {ASKED} \
         AND (rated_at {way} $10 OR application {way} $11) ORDER BY {order} LIMIT $12 OFFSET $13"
    );
    let query = as_asked(sqlx::query(AssertSqlSafe(text)), filter, &span);
    let query = query.bind(span.at).bind(span.name).bind(limit).bind(offset);
    query.fetch_all(db).await.map_err(fault)?.iter().map(rating_of).collect()
}

/// How many ratings a filter finds, whatever was written.
pub(super) async fn rating_count(
    db: &mut AnyConnection,
    filter: &RatingFilter,
) -> Result<u64, Error> {
    let text = format!("SELECT COUNT(*) AS n FROM voice_rating WHERE {SCOPE} AND {ASKED}");
    let query = as_asked(sqlx::query(AssertSqlSafe(text)), filter, &whole(filter));
    let row = query.fetch_one(db).await;
    let count: i64 = column(&row.map_err(fault)?, "n")?;
    Ok(count.unsigned_abs())
}

/// How many of each level, and how many of them have an answer, of what a filter looks at.
pub(super) async fn level_counts(
    db: &mut AnyConnection,
    filter: &RatingFilter,
) -> Result<Vec<(Level, u64, u64)>, Error> {
    let text = format!(
        "SELECT level, COUNT(*) AS n, COUNT(answer) AS m FROM voice_rating WHERE {SCOPE} \
         GROUP BY level"
    );
    let query = in_scope(sqlx::query(AssertSqlSafe(text)), filter, &whole(filter));
    let rows = query.fetch_all(db).await;
    let read = |row: &AnyRow| {
        let (n, m): (i64, i64) = (column(row, "n")?, column(row, "m")?);
        Ok((level_of(row)?, n.unsigned_abs(), m.unsigned_abs()))
    };
    rows.map_err(fault)?.iter().map(read).collect()
}

/// How many of each service and level, and how many of them have an answer.
pub(super) async fn figures(
    db: &mut AnyConnection,
) -> Result<Vec<(String, Level, u64, u64)>, Error> {
    let text = "SELECT service, level, COUNT(*) AS n, COUNT(answer) AS m FROM voice_rating \
         GROUP BY service, level ORDER BY service, level";
    let rows = sqlx::query(text).fetch_all(db).await.map_err(fault)?;
    let read = |row: &AnyRow| {
        let (n, m): (i64, i64) = (column(row, "n")?, column(row, "m")?);
        Ok((column(row, "service")?, level_of(row)?, n.unsigned_abs(), m.unsigned_abs()))
    };
    rows.iter().map(read).collect()
}

const COMPLAINT: &str = "id, number, category, state, code_index, content, received_at, \
     answered_at, changed_at, words_erased_at, version";

fn complaint_of(row: &AnyRow) -> Result<ComplaintRow, Error> {
    let (category, state): (String, String) = (column(row, "category")?, column(row, "state")?);
    let (state, changed_at) =
        (ComplaintState::of(&state).ok_or(Error::Stored("state"))?, instant(row, "changed_at")?);
    Ok(ComplaintRow {
        id: column(row, "id")?,
        number: column(row, "number")?,
        category: Category::of(&category).ok_or(Error::Stored("category"))?,
        state,
        code_index: column(row, "code_index")?,
        content: column(row, "content")?,
        received_at: instant(row, "received_at")?,
        answered_at: instant_maybe(row, "answered_at")?,
        // Nothing comes behind the closing.
        closed_at: (state == ComplaintState::Closed).then_some(changed_at),
        words_erased_at: instant_maybe(row, "words_erased_at")?,
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

/// Which complaints. A time that is over is told by the day on which they came.
const LOOKED_AT: &str = "received_at >= $1 AND received_at < $2 AND ($3 = '' OR state = $3) \
     AND ($4 = '' OR category = $4) AND ($5 = '' OR SUBSTR(number, 1, LENGTH($5)) = $5) \
     AND ($6 = 0 OR (state = 'received' AND category <> 'misuse' AND received_at < $7) \
     OR (state = 'received' AND category = 'misuse' AND received_at <= $9) \
     OR (state = 'accepted' AND received_at < $8))";

/// Before when complaints came that are overdue.
#[derive(Clone, Copy)]
pub(super) struct Overdue {
    /// To be taken up.
    pub accept: Timestamp,
    /// To be answered.
    pub answer: Timestamp,
    /// Reports of leaked keys, to be taken up.
    pub report: Timestamp,
}

fn looked_at<'q>(
    query: Statement<'q>,
    (filter, overdue): (&ComplaintFilter, Overdue),
    span: &Span,
) -> Statement<'q> {
    query
        .bind(span.from)
        .bind(span.until)
        .bind(filter.state.map_or("", ComplaintState::word))
        .bind(filter.category.map_or("", Category::word))
        .bind(filter.number.clone())
        .bind(i64::from(filter.overdue))
        .bind(overdue.accept.as_second())
        .bind(overdue.answer.as_second())
        .bind(overdue.report.as_second())
}

/// A page of complaints, the oldest first; behind a row.
pub(super) async fn complaints(
    db: &mut AnyConnection,
    filter: (&ComplaintFilter, Overdue),
    (behind, offset, limit): (Option<&Mark>, i64, i64),
) -> Result<Vec<ComplaintRow>, Error> {
    let span = Span::of(filter.0.from, filter.0.until).oldest_first(behind);
    let text = format!(
        "SELECT {COMPLAINT} FROM voice_complaint WHERE {LOOKED_AT} \
         AND (received_at > $10 OR number > $11) ORDER BY received_at, number LIMIT $12 OFFSET $13"
    );
    let query = looked_at(sqlx::query(AssertSqlSafe(text)), filter, &span);
    let query = query.bind(span.at).bind(span.name).bind(limit).bind(offset);
    query.fetch_all(db).await.map_err(fault)?.iter().map(complaint_of).collect()
}

/// The newest complaints.
pub(super) async fn newest_complaints(
    db: &mut AnyConnection,
    filter: (&ComplaintFilter, Overdue),
    most: i64,
) -> Result<Vec<ComplaintRow>, Error> {
    let span = Span::of(filter.0.from, filter.0.until);
    let text = format!(
        "SELECT {COMPLAINT} FROM voice_complaint WHERE {LOOKED_AT} \
         ORDER BY received_at DESC, number DESC LIMIT $10"
    );
    let query = looked_at(sqlx::query(AssertSqlSafe(text)), filter, &span).bind(most);
    query.fetch_all(db).await.map_err(fault)?.iter().map(complaint_of).collect()
}

/// How many complaints a filter finds, whatever was written.
pub(super) async fn complaint_count(
    db: &mut AnyConnection,
    filter: (&ComplaintFilter, Overdue),
) -> Result<u64, Error> {
    let text = format!("SELECT COUNT(*) AS n FROM voice_complaint WHERE {LOOKED_AT}");
    let span = Span::of(filter.0.from, filter.0.until);
    let row = looked_at(sqlx::query(AssertSqlSafe(text)), filter, &span).fetch_one(db).await;
    let count: i64 = column(&row.map_err(fault)?, "n")?;
    Ok(count.unsigned_abs())
}

/// What is known of the codes that were tried for a complaint.
pub(super) async fn lock(db: &mut AnyConnection, id: &str) -> Result<Lock, Error> {
    let text = "SELECT failures, locked_until FROM voice_complaint WHERE id = $1";
    let row = sqlx::query(text).bind(id).fetch_one(db).await.map_err(fault)?;
    Ok(Lock { failures: column(&row, "failures")?, until: column(&row, "locked_until")? })
}

/// Remembers what codes led to.
pub(super) async fn set_lock(db: &mut AnyConnection, id: &str, lock: Lock) -> Result<(), Error> {
    let text = "UPDATE voice_complaint SET failures = $1, locked_until = $2 WHERE id = $3";
    let query = sqlx::query(text).bind(lock.failures).bind(lock.until).bind(id);
    query.execute(db).await.map_err(fault)?;
    Ok(())
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
