//! The tables of messages and notices of expiry: `migrations/institution/0710_message.sql` and
//! `0720_message_lists.sql`.

use jiff::Timestamp;
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, Row};
use store::Error as Fault;

use super::{Channel, Failure};
use crate::error::Error;
use crate::mark::{Mark, Span};

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageState {
    /// To be sent.
    Queued,
    /// Through.
    Sent,
    /// Given up.
    Dead,
}

impl MessageState {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Queued, Self::Sent, Self::Dead];

    /// The word in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Dead => "dead",
        }
    }

    /// The word for people.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Queued => "待发送",
            Self::Sent => "已发送",
            Self::Dead => "发送失败",
        }
    }
}

/// Which messages are looked at; all given conditions hold together, and empty texts are none.
#[derive(Debug, Clone)]
pub struct MessageFilter {
    /// Where they stand.
    pub state: MessageState,
    /// What they are for.
    pub kind: String,
    /// How they go.
    pub channel: Option<Channel>,
    /// What they are about, whole: `application:…`, `certificate:…`.
    pub subject: String,
    /// Why the last try failed.
    pub failure: String,
    /// Written at or after.
    pub from: Option<Timestamp>,
    /// Written before.
    pub until: Option<Timestamp>,
}

impl MessageFilter {
    /// All messages of a state.
    #[must_use]
    pub fn of(state: MessageState) -> Self {
        let (kind, subject, failure) = (String::new(), String::new(), String::new());
        Self { state, kind, channel: None, subject, failure, from: None, until: None }
    }
}

/// A message without what it says.
#[derive(Debug, Clone)]
pub struct MessageRow {
    /// Its name.
    pub id: String,
    /// What it is for.
    pub kind: String,
    /// How it goes.
    pub channel: Channel,
    /// What it is about.
    pub subject: String,
    pub(crate) blob: String,
    /// Where it stands.
    pub state: MessageState,
    /// How often it was tried.
    pub tries: i64,
    /// When it is due.
    pub next_at: Timestamp,
    /// When it was written.
    pub created_at: Timestamp,
    /// Why the last try failed.
    pub failure: Option<String>,
}

const COLUMNS: &str =
    "id, kind, channel, subject, blob, state, tries, next_at, created_at, failure";

const DAMAGED: Error = Error::Stored("通知");

fn column<'r, T>(row: &'r AnyRow, name: &str) -> Result<T, Error>
where
    T: sqlx::Decode<'r, Any> + sqlx::Type<Any>,
{
    row.try_get(name).map_err(|_| DAMAGED)
}

fn message(row: &AnyRow) -> Result<MessageRow, Error> {
    let instant = |name: &str| Timestamp::from_second(column(row, name)?).map_err(|_| DAMAGED);
    let word: String = column(row, "state")?;
    let state = MessageState::ALL.into_iter().find(|state| state.word() == word);
    let channel: String = column(row, "channel")?;
    Ok(MessageRow {
        id: column(row, "id")?,
        kind: column(row, "kind")?,
        channel: Channel::of(&channel).ok_or(DAMAGED)?,
        subject: column(row, "subject")?,
        blob: column(row, "blob")?,
        state: state.ok_or(DAMAGED)?,
        tries: column(row, "tries")?,
        next_at: instant("next_at")?,
        created_at: instant("created_at")?,
        failure: column(row, "failure")?,
    })
}

/// Writes a new message.
pub(crate) async fn insert(
    db: &mut AnyConnection,
    (id, kind, channel, subject): (&str, &str, &str, &str),
    blob: &str,
    now: i64,
) -> Result<(), Fault> {
    sqlx::query::<Any>(
        "INSERT INTO message (id, kind, channel, subject, blob, state, tries, next_at, \
         created_at) VALUES ($1, $2, $3, $4, $5, 'queued', 0, $6, $7)",
    )
    .bind(id)
    .bind(kind)
    .bind(channel)
    .bind(subject)
    .bind(blob)
    .bind(now)
    .bind(now)
    .execute(db)
    .await?;
    Ok(())
}

/// The messages that are due, the longest waiting first.
pub(crate) async fn due(
    db: &mut AnyConnection,
    now: i64,
    limit: i64,
) -> Result<Vec<MessageRow>, Error> {
    let text = format!(
        "SELECT {COLUMNS} FROM message WHERE state = 'queued' AND next_at <= $1 \
         ORDER BY next_at, id LIMIT $2"
    );
    let rows = sqlx::query::<Any>(sqlx::AssertSqlSafe(text)).bind(now).bind(limit);
    rows.fetch_all(db).await.map_err(Fault::from)?.iter().map(message).collect()
}

/// The messages about a subject that were never tried.
pub(crate) async fn about(db: &mut AnyConnection, subject: &str) -> Result<Vec<MessageRow>, Error> {
    let text = format!(
        "SELECT {COLUMNS} FROM message WHERE state = 'queued' AND tries = 0 AND subject = $1 \
         ORDER BY next_at, id"
    );
    let rows = sqlx::query::<Any>(sqlx::AssertSqlSafe(text)).bind(subject);
    rows.fetch_all(db).await.map_err(Fault::from)?.iter().map(message).collect()
}

/// The message of this name.
pub(crate) async fn by_id(db: &mut AnyConnection, id: &str) -> Result<Option<MessageRow>, Error> {
    let text = format!("SELECT {COLUMNS} FROM message WHERE id = $1");
    let row = sqlx::query::<Any>(sqlx::AssertSqlSafe(text)).bind(id);
    row.fetch_optional(db).await.map_err(Fault::from)?.as_ref().map(message).transpose()
}

/// Which messages of a state, behind which row.
const ASKED: &str = "state = $1 AND created_at >= $2 AND created_at < $3 \
     AND ($4 = '' OR kind = $4) AND ($5 = '' OR channel = $5) AND ($6 = '' OR subject = $6) \
     AND ($7 = '' OR COALESCE(failure, '') = $7) AND (created_at < $8 OR id < $9)";

type Statement<'q> = Query<'q, Any, AnyArguments>;

fn asked<'q>(
    query: Statement<'q>,
    (filter, behind): (&MessageFilter, Option<&Mark>),
) -> Statement<'q> {
    let span = Span::of(filter.from, filter.until).newest_first(behind);
    query
        .bind(filter.state.word())
        .bind(span.from)
        .bind(span.until)
        .bind(filter.kind.clone())
        .bind(filter.channel.map_or("", Channel::word))
        .bind(filter.subject.clone())
        .bind(filter.failure.clone())
        .bind(span.at)
        .bind(span.name)
}

/// A page of messages, the newest first; behind a row.
pub(crate) async fn page(
    db: &mut AnyConnection,
    filter: (&MessageFilter, Option<&Mark>),
    (offset, limit): (i64, i64),
) -> Result<Vec<MessageRow>, Error> {
    let text = format!(
        "SELECT {COLUMNS} FROM message WHERE {ASKED} ORDER BY created_at DESC, id DESC \
         LIMIT $10 OFFSET $11"
    );
    let rows = asked(sqlx::query(sqlx::AssertSqlSafe(text)), filter).bind(limit).bind(offset);
    rows.fetch_all(db).await.map_err(Fault::from)?.iter().map(message).collect()
}

/// How many messages a filter finds.
pub(crate) async fn found(db: &mut AnyConnection, filter: &MessageFilter) -> Result<u64, Fault> {
    let text = format!("SELECT COUNT(*) FROM message WHERE {ASKED}");
    let row = asked(sqlx::query(sqlx::AssertSqlSafe(text)), (filter, None)).fetch_one(db).await?;
    Ok(u64::try_from(row.try_get::<i64, _>(0)?).unwrap_or_default())
}

/// Why messages that did not go out failed the last time. The states are named, so that an index leads to
/// them past all that went out.
pub const FAILURES: &str = "SELECT DISTINCT failure FROM message WHERE state IN ('queued', 'dead') \
     AND failure IS NOT NULL ORDER BY failure";

/// The reasons, each once.
pub(crate) async fn failures(db: &mut AnyConnection) -> Result<Vec<String>, Fault> {
    let rows = sqlx::query::<Any>(FAILURES).fetch_all(db).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// How many messages are in a state.
pub(crate) async fn count(db: &mut AnyConnection, state: MessageState) -> Result<u64, Fault> {
    let row = sqlx::query::<Any>("SELECT COUNT(*) FROM message WHERE state = $1")
        .bind(state.word())
        .fetch_one(db)
        .await?;
    Ok(u64::try_from(row.try_get::<i64, _>(0)?).unwrap_or_default())
}

/// Notes what a try led to. False if another try was faster.
pub(crate) async fn tried(
    db: &mut AnyConnection,
    row: &MessageRow,
    (state, failure): (&str, &Failure),
    now: Timestamp,
) -> Result<bool, Fault> {
    let ended = (state != "queued").then(|| now.as_second());
    let done = sqlx::query::<Any>(
        "UPDATE message SET state = $1, tries = tries + 1, next_at = $2, ended_at = $3, \
         failure = $4 WHERE id = $5 AND state = 'queued' AND tries = $6",
    )
    .bind(state)
    .bind(failure.next.as_second())
    .bind(ended)
    .bind(failure.why.clone())
    .bind(&*row.id)
    .bind(row.tries)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes a message that is due since this second and was tried so often: nobody else finds it due until then.
pub(crate) async fn take(
    db: &mut AnyConnection,
    (id, tries, due): (&str, i64, i64),
    (now, until): (i64, i64),
) -> Result<bool, Fault> {
    let done = sqlx::query::<Any>(
        "UPDATE message SET next_at = $1 WHERE id = $2 AND state = 'queued' AND tries = $3 \
         AND next_at = $4 AND next_at <= $5",
    )
    .bind(until)
    .bind(id)
    .bind(tries)
    .bind(due)
    .bind(now)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Another round for a message that was given up.
pub(crate) async fn requeue(db: &mut AnyConnection, id: &str, now: i64) -> Result<bool, Fault> {
    let done = sqlx::query::<Any>(
        "UPDATE message SET state = 'queued', tries = 0, next_at = $1, ended_at = NULL \
         WHERE id = $2 AND state = 'dead'",
    )
    .bind(now)
    .bind(id)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Another round for every message that was given up until an instant. How many.
pub(crate) async fn requeue_until(
    db: &mut AnyConnection,
    until: i64,
    now: i64,
) -> Result<u64, Fault> {
    let done = sqlx::query::<Any>(
        "UPDATE message SET state = 'queued', tries = 0, next_at = $1, ended_at = NULL \
         WHERE state = 'dead' AND ended_at <= $2",
    )
    .bind(now)
    .bind(until)
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// The smallest step, in days, of which a certificate's holder was told.
pub(crate) async fn told(db: &mut AnyConnection, serial: &str) -> Result<Option<i64>, Fault> {
    let row = sqlx::query::<Any>("SELECT MIN(days) FROM expiry_notice WHERE serial = $1")
        .bind(serial)
        .fetch_one(db)
        .await?;
    Ok(row.try_get(0)?)
}

/// Notes that a step was told. False if it was before.
pub(crate) async fn tell(
    db: &mut AnyConnection,
    (serial, days): (&str, i64),
    now: i64,
) -> Result<bool, Fault> {
    let done = sqlx::query::<Any>(
        "INSERT INTO expiry_notice (serial, days, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
    )
    .bind(serial)
    .bind(days)
    .bind(now)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Whether another certificate was issued in place of this one.
pub(crate) async fn is_replaced(db: &mut AnyConnection, serial: &str) -> Result<bool, Fault> {
    let row = sqlx::query::<Any>(
        "SELECT COUNT(*) FROM enrolment WHERE replaces = $1 AND state = 'issued'",
    )
    .bind(serial)
    .fetch_one(db)
    .await?;
    Ok(row.try_get::<i64, _>(0)? > 0)
}
