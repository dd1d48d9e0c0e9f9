//! Queues, search and counts.

use jiff::Timestamp;
use law::CivilDate;
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AssertSqlSafe};

use super::application::{COLUMNS, of_row};
use super::{Connection, column, count, instant, parsed};
use crate::catalogue::SearchField;
use crate::error::Error;
use crate::model::{Application, DayCount, Mark, OfficeId, Selection};

/// Most rows that are read at once.
pub(crate) const MOST_ROWS: u32 = 200;
/// Asia/Shanghai is eight hours ahead, the whole year.
const SHANGHAI_SECONDS: i64 = 28_800;
const DAY_SECONDS: i64 = 86_400;

enum Bind {
    Int(i64),
    Text(String),
}

/// Conditions in their order; the text names parameters `$1`, `$2`, ….
#[derive(Default)]
struct Conditions {
    text: String,
    binds: Vec<Bind>,
}

impl Conditions {
    /// `left` is one of the texts in this file, never input.
    fn add(&mut self, left: &'static str, value: Bind) {
        self.binds.push(value);
        self.text.push_str(&format!(" AND {left} ${}", self.binds.len()));
    }

    fn of(selection: &Selection) -> Self {
        let mut all = Self::default();
        if !selection.states.is_empty() {
            all.any_of("state", &selection.states);
        }
        for (left, value) in [("kind =", &selection.kind), ("service =", &selection.service)] {
            if let Some(value) = value {
                all.add(left, Bind::Text(value.clone()));
            }
        }
        match &selection.office {
            Some(Some(office)) => all.add("office =", Bind::Text(office.to_string())),
            Some(None) => all.text.push_str(" AND office IS NULL"),
            None => {}
        }
        if let Some(before) = selection.waiting_since_before {
            all.add("since <", Bind::Int(before.as_second()));
        }
        if let Some(mark) = &selection.after {
            all.beyond(mark, '>');
        }
        if let Some(mark) = &selection.before {
            all.beyond(mark, '<');
        }
        all
    }

    /// One of these values; of none nothing is. `column` is one of the names in this file, never input.
    fn any_of(&mut self, column: &'static str, values: &[String]) {
        let places = values.iter().map(|value| {
            self.binds.push(Bind::Text(value.clone()));
            format!("${}", self.binds.len())
        });
        let places: Vec<String> = places.collect();
        let places = if places.is_empty() { "NULL".to_owned() } else { places.join(", ") };
        self.text.push_str(&format!(" AND {column} IN ({places})"));
    }

    /// On one side of a place in the list.
    fn beyond(&mut self, mark: &Mark, side: char) {
        let since = mark.since.as_second();
        self.binds.extend([Bind::Int(since), Bind::Int(since), Bind::Text(mark.id.to_string())]);
        let last = self.binds.len();
        self.text.push_str(&format!(
            " AND (since {side} ${} OR (since = ${} AND id {side} ${last}))",
            last - 2,
            last - 1
        ));
    }

    fn query(&self, text: String) -> Query<'_, Any, AnyArguments> {
        let mut query = sqlx::query(AssertSqlSafe(text));
        for bind in &self.binds {
            query = match bind {
                Bind::Int(value) => query.bind(*value),
                Bind::Text(value) => query.bind(value.clone()),
            };
        }
        query
    }
}

/// A row of a list: an application, or the number of one whose row can't be read, with what is wrong. One row that is
/// damaged hides and holds up no other.
pub(crate) struct Listed {
    pub found: Result<Application, (String, Error)>,
    mark: Option<Mark>,
}

impl Listed {
    fn of(row: &AnyRow) -> Self {
        let place = || -> Result<Mark, Error> {
            Ok(Mark { since: instant(row, "since")?, id: parsed(row, "id")? })
        };
        let number = || column(row, "number").unwrap_or_default();
        Self { found: of_row(row).map_err(|error| (number(), error)), mark: place().ok() }
    }

    /// Where the list is read on behind it; none where not even that can be read.
    pub(crate) fn mark(&self) -> Option<Mark> {
        self.mark.clone()
    }
}

/// A page, the longest waiting first.
pub(crate) async fn page(
    conn: &mut Connection,
    selection: &Selection,
) -> Result<Vec<Listed>, Error> {
    let conditions = Conditions::of(selection);
    // One more than a page has, so that a caller sees whether there are more.
    let limit = if selection.limit == 0 { 50 } else { selection.limit.min(MOST_ROWS + 1) };
    let is_back = selection.before.is_some();
    let order = if is_back { "since DESC, id DESC" } else { "since, id" };
    let text = format!(
        "SELECT {COLUMNS} FROM ra_application WHERE version > 0{} ORDER BY {order} LIMIT {limit}",
        conditions.text
    );
    let mut rows = conditions.query(text).fetch_all(conn).await?;
    if is_back {
        rows.reverse();
    }
    Ok(rows.iter().map(Listed::of).collect())
}

/// Applications of these services that a reviewer approved, the longest waiting first, behind a place.
pub(crate) async fn decided(
    conn: &mut Connection,
    services: &[String],
    (behind, limit): (Option<&Mark>, u32),
) -> Result<Vec<Listed>, Error> {
    let mut conditions = Conditions::default();
    conditions.text.push_str(" AND state = 'reviewed'");
    conditions.any_of("service", services);
    if let Some(mark) = behind {
        conditions.beyond(mark, '>');
    }
    let text = format!(
        "SELECT {COLUMNS} FROM ra_application WHERE version > 0{} ORDER BY since, id LIMIT {limit}",
        conditions.text
    );
    let rows = conditions.query(text).fetch_all(conn).await?;
    Ok(rows.iter().map(Listed::of).collect())
}

/// How many rows a page has.
pub(crate) fn limit_of(selection: &Selection) -> u32 {
    if selection.limit == 0 { 50 } else { selection.limit.min(MOST_ROWS) }
}

/// How many applications a selection has, for the numbers beside the queues.
pub(crate) async fn total(conn: &mut Connection, selection: &Selection) -> Result<u64, Error> {
    let conditions = Conditions::of(selection);
    let text =
        format!("SELECT COUNT(*) AS n FROM ra_application WHERE version > 0{}", conditions.text);
    count(&conditions.query(text).fetch_one(conn).await?, "n")
}

/// Those with this value; `office`: only that one's.
fn having(
    (field, value): (SearchField, &str),
    office: Option<&Option<OfficeId>>,
) -> (String, Conditions) {
    let mut conditions = Conditions::default();
    conditions.add("field =", Bind::Text(field.word().to_owned()));
    conditions.add("value =", Bind::Text(value.to_owned()));
    let condition = conditions.text.replacen(" AND ", "", 1);
    let mut text = format!("id IN (SELECT application FROM ra_index WHERE {condition})");
    match office {
        Some(Some(office)) => {
            conditions.binds.push(Bind::Text(office.to_string()));
            text.push_str(" AND office = $3");
        }
        Some(None) => text.push_str(" AND office IS NULL"),
        None => {}
    }
    (text, conditions)
}

/// The applications with this value, the newest first: at most so many, from the so manieth.
pub(crate) async fn found(
    conn: &mut Connection,
    value: (SearchField, &str),
    office: Option<&Option<OfficeId>>,
    (offset, limit): (u64, u32),
) -> Result<Vec<Application>, Error> {
    let (which, conditions) = having(value, office);
    let limit = limit.min(MOST_ROWS);
    let text = format!(
        "SELECT {COLUMNS} FROM ra_application WHERE {which} \
         ORDER BY created_at DESC, id DESC LIMIT {limit} OFFSET {offset}"
    );
    let rows = conditions.query(text).fetch_all(conn).await?;
    rows.iter().map(of_row).collect()
}

/// The next of them behind one: at most so many.
pub(crate) async fn found_behind(
    conn: &mut Connection,
    value: (SearchField, &str),
    office: Option<&Option<OfficeId>>,
    (behind, limit): (Option<&Application>, u32),
) -> Result<Vec<Application>, Error> {
    let (mut which, mut conditions) = having(value, office);
    if let Some(last) = behind {
        let at = last.created_at.as_second();
        let binds = [Bind::Int(at), Bind::Int(at), Bind::Text(last.id.to_string())];
        conditions.binds.extend(binds);
        let place = conditions.binds.len();
        which.push_str(&format!(
            " AND (created_at < ${} OR (created_at = ${} AND id < ${place}))",
            place - 2,
            place - 1
        ));
    }
    let limit = limit.min(MOST_ROWS);
    let text = format!(
        "SELECT {COLUMNS} FROM ra_application WHERE {which} \
         ORDER BY created_at DESC, id DESC LIMIT {limit}"
    );
    let rows = conditions.query(text).fetch_all(conn).await?;
    rows.iter().map(of_row).collect()
}

/// How many applications have this value.
pub(crate) async fn found_total(
    conn: &mut Connection,
    value: (SearchField, &str),
    office: Option<&Option<OfficeId>>,
) -> Result<u64, Error> {
    let (which, conditions) = having(value, office);
    let text = format!("SELECT COUNT(*) AS n FROM ra_application WHERE {which}");
    count(&conditions.query(text).fetch_one(conn).await?, "n")
}

/// Other applications of a kind and service that are under way and have a value in common.
pub(crate) async fn alike(
    conn: &mut Connection,
    application: &Application,
    (field, value): (&str, &str),
) -> Result<Vec<Application>, Error> {
    let text = format!(
        "SELECT {COLUMNS} FROM ra_application WHERE id IN \
         (SELECT application FROM ra_index WHERE field = $1 AND value = $2) \
         AND id <> $3 AND kind = $4 \
         AND state NOT IN ('draft', 'refused', 'withdrawn', 'expired') \
         ORDER BY created_at, id LIMIT {MOST_ROWS}"
    );
    let rows = sqlx::query(AssertSqlSafe(text))
        .bind(field)
        .bind(value)
        .bind(application.id.as_str())
        .bind(&*application.kind)
        .fetch_all(conn)
        .await?;
    rows.iter().map(of_row).collect()
}

/// How many came into which state on which day, between two days.
pub(crate) async fn by_day(
    conn: &mut Connection,
    (from, until): (Timestamp, Timestamp),
) -> Result<Vec<DayCount>, Error> {
    let text = format!(
        "SELECT (since + {SHANGHAI_SECONDS}) / {DAY_SECONDS} AS day, kind, state, \
         COUNT(*) AS n FROM ra_application WHERE since >= $1 AND since < $2 \
         GROUP BY (since + {SHANGHAI_SECONDS}) / {DAY_SECONDS}, kind, state ORDER BY 1, 2, 3"
    );
    let rows = sqlx::query(AssertSqlSafe(text))
        .bind(from.as_second())
        .bind(until.as_second())
        .fetch_all(conn)
        .await?;
    rows.iter()
        .map(|row| {
            let noon = column::<i64>(row, "day")? * DAY_SECONDS;
            let noon = Timestamp::from_second(noon).map_err(|_| Error::Stored("since"))?;
            Ok(DayCount {
                day: CivilDate::of(noon),
                kind: column(row, "kind")?,
                state: column(row, "state")?,
                count: count(row, "n")?,
            })
        })
        .collect()
}
