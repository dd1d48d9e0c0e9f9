//! Counts over applications and reviews.

use jiff::Timestamp;
use law::CivilDate;
use sqlx::AssertSqlSafe;

use super::{Connection, column, count};
use crate::error::Error;
use crate::model::{OfficeId, Tally};

/// Asia/Shanghai is eight hours ahead, the whole year.
const SHANGHAI_SECONDS: i64 = 28_800;
const DAY_SECONDS: i64 = 86_400;
/// Handed in and undecided: the clock of the review runs.
const WAITING: &str = "state IN ('submitted', 'acknowledged', 'proofed')";

type Period = (Timestamp, Timestamp);

/// Reviews whose clock began on one day and that were decided on another.
pub(crate) struct Decided {
    pub service: String,
    pub from: CivilDate,
    pub on: CivilDate,
    pub count: u64,
}

/// Where an application stands, with what a refusal was: the words of [`crate::model::State::STANDINGS`].
/// Quotation marks within a text are escaped in JSON, so nothing that was typed reads like a stage.
const STANDING: &str = "CASE WHEN state <> 'refused' THEN state \
     WHEN state_data LIKE '%\"stage\":\"door\"%' THEN 'declined' \
     WHEN state_data LIKE '%\"stage\":\"end\"%' THEN 'undone' ELSE state END";

/// Applications begun in a period, by what they are and where they stand.
pub(crate) async fn tallies(
    conn: &mut Connection,
    (from, until): Period,
) -> Result<Vec<Tally>, Error> {
    let text = format!(
        "SELECT service, kind, office, {STANDING} AS standing, COUNT(*) AS n FROM ra_application \
         WHERE created_at >= $1 AND created_at < $2 \
         GROUP BY service, kind, office, {STANDING} ORDER BY 1, 2, 3, 4"
    );
    let rows = sqlx::query(AssertSqlSafe(text))
        .bind(from.as_second())
        .bind(until.as_second())
        .fetch_all(conn)
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Tally {
                service: column(row, "service")?,
                kind: column(row, "kind")?,
                office: super::parsed_maybe(row, "office")?,
                state: column(row, "standing")?,
                count: count(row, "n")?,
            })
        })
        .collect()
}

/// Reviews decided in a period.
pub(crate) async fn decided(
    conn: &mut Connection,
    (from, until): Period,
) -> Result<Vec<Decided>, Error> {
    let begun = format!("(a.clock_from + {SHANGHAI_SECONDS}) / {DAY_SECONDS}");
    let ended = format!("(r.at + {SHANGHAI_SECONDS}) / {DAY_SECONDS}");
    let text = format!(
        "SELECT a.service AS service, {begun} AS begun, {ended} AS ended, COUNT(*) AS n \
         FROM ra_review r JOIN ra_application a ON a.id = r.application \
         WHERE a.clock_from IS NOT NULL AND r.at >= $1 AND r.at < $2 \
         GROUP BY a.service, {begun}, {ended} ORDER BY 1, 2, 3"
    );
    let rows = sqlx::query(AssertSqlSafe(text))
        .bind(from.as_second())
        .bind(until.as_second())
        .fetch_all(conn)
        .await?;
    let day = |row, name| {
        let noon = Timestamp::from_second(column::<i64>(row, name)? * DAY_SECONDS);
        noon.map(CivilDate::of).map_err(|_| Error::Stored(name))
    };
    rows.iter()
        .map(|row| {
            let (from, on) = (day(row, "begun")?, day(row, "ended")?);
            Ok(Decided { service: column(row, "service")?, from, on, count: count(row, "n")? })
        })
        .collect()
}

/// The states of applications refused in a period, as JSON.
pub(crate) async fn refused(
    conn: &mut Connection,
    (from, until): Period,
) -> Result<Vec<String>, Error> {
    let rows = sqlx::query(
        "SELECT state_data FROM ra_application \
         WHERE state = 'refused' AND since >= $1 AND since < $2",
    )
    .bind(from.as_second())
    .bind(until.as_second())
    .fetch_all(conn)
    .await?;
    rows.iter().map(|row| column(row, "state_data")).collect()
}

/// How many applications are in which state.
pub(crate) async fn by_state(conn: &mut Connection) -> Result<Vec<(String, u64)>, Error> {
    let rows = sqlx::query("SELECT state, COUNT(*) AS n FROM ra_application GROUP BY state")
        .fetch_all(conn)
        .await?;
    rows.iter().map(|row| Ok((column(row, "state")?, count(row, "n")?))).collect()
}

/// An office whose applications are meant: `Some(None)` is the institution itself, `None` all.
type Office<'o> = Option<Option<&'o OfficeId>>;

/// Begun since an instant.
pub(crate) async fn begun_since(
    conn: &mut Connection,
    since: Timestamp,
    office: Office<'_>,
) -> Result<u64, Error> {
    total(conn, "ra_application a WHERE a.created_at >= $1", since, office).await
}

/// Decided since an instant.
pub(crate) async fn decided_since(
    conn: &mut Connection,
    since: Timestamp,
    office: Office<'_>,
) -> Result<u64, Error> {
    let from = "ra_review r JOIN ra_application a ON a.id = r.application WHERE r.at >= $1";
    total(conn, from, since, office).await
}

/// Undecided although handed in, and the clock has run since before an instant; of one service.
pub(crate) async fn waiting_since_before(
    conn: &mut Connection,
    (service, before): (&str, Timestamp),
    office: Office<'_>,
) -> Result<u64, Error> {
    let from =
        format!("ra_application a WHERE a.clock_from < $1 AND a.service = $2 AND a.{WAITING}");
    let text = within(&from, office, 3);
    let query = sqlx::query(AssertSqlSafe(text)).bind(before.as_second()).bind(service.to_owned());
    let query = match office.flatten() {
        Some(office) => query.bind(office.to_string()),
        None => query,
    };
    count(&query.fetch_one(conn).await?, "n")
}

async fn total(
    conn: &mut Connection,
    from: &str,
    since: Timestamp,
    office: Office<'_>,
) -> Result<u64, Error> {
    let query = sqlx::query(AssertSqlSafe(within(from, office, 2))).bind(since.as_second());
    let query = match office.flatten() {
        Some(office) => query.bind(office.to_string()),
        None => query,
    };
    count(&query.fetch_one(conn).await?, "n")
}

/// `from` is one of the texts in this file, never input.
fn within(from: &str, office: Office<'_>, parameter: u8) -> String {
    let office = match office {
        None => String::new(),
        Some(None) => " AND a.office IS NULL".to_owned(),
        Some(Some(_)) => format!(" AND a.office = ${parameter}"),
    };
    format!("SELECT COUNT(*) AS n FROM {from}{office}")
}
