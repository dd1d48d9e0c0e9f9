//! The table of reports, and who went through them: `migrations/institution/0935_sample.sql`, `0952_sample_look.sql`.

use jiff::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{Any, AnyConnection, Row};
use store::{Error as Fault, Seq, Verdict};

use super::list::SampleFilter;
use super::look::Looked;
use super::model::{JournalState, SampleSummary};
use super::week::Week;
use crate::error::Error;

const DAMAGED: Error = Error::Stored("抽查报告");
const COLUMNS: &str = "week, journal_size, journal_root, population, drawn, faulty, unjudged, \
     example_policy, by_client, digest, seq, made_at";
/// The same, and who went through it.
const READ: &str = "r.week, r.journal_size, r.journal_root, r.population, r.drawn, r.faulty, \
     r.unjudged, r.example_policy, r.by_client, r.digest, r.seq, r.made_at, l.person, l.verdict, \
     l.report, l.seq AS look_seq, l.at AS look_at";
const TABLES: &str = "sample_report r LEFT JOIN sample_look l ON l.week = r.week";
const CONDITION: &str = "($1 = '' OR r.week = $1) AND ($2 = 0 OR r.faulty + r.unjudged > 0) \
     AND ($3 = 0 OR ($3 = 1 AND l.week IS NULL) OR ($3 = 2 AND l.week IS NOT NULL))";

/// The newest week with a report.
pub(super) async fn last(db: &mut AnyConnection) -> Result<Option<Week>, Error> {
    let text = "SELECT week FROM sample_report ORDER BY week DESC LIMIT 1";
    let row = sqlx::query::<Any>(text).fetch_optional(db).await.map_err(Fault::from)?;
    let week = row.map(|row| row.try_get::<String, _>(0)).transpose().map_err(Fault::from)?;
    week.map(|week| week.parse().map_err(|_| DAMAGED)).transpose()
}

/// Whether a week has a report.
pub(super) async fn is_there(db: &mut AnyConnection, week: Week) -> Result<bool, Fault> {
    let text = "SELECT week FROM sample_report WHERE week = $1";
    Ok(sqlx::query::<Any>(text).bind(week.to_string()).fetch_optional(db).await?.is_some())
}

/// Whether a record from before an instant came behind a size of the journal. No record is older than the one before
/// it, so the first one behind tells of all: other units wait while this is asked.
pub(super) async fn has_late(
    db: &mut AnyConnection,
    (size, until): (u64, Timestamp),
) -> Result<bool, Fault> {
    let text = "SELECT at FROM journal WHERE seq = $1";
    let query = sqlx::query_scalar::<Any, i64>(text).bind(Seq(size).to_sql());
    Ok(query.fetch_optional(db).await?.is_some_and(|at| at < until.as_second()))
}

/// How many certificates the tables have of a stretch of the journal.
pub(super) async fn certificates(
    db: &mut AnyConnection,
    (first, size): (u64, u64),
) -> Result<u64, Fault> {
    let text = "SELECT COUNT(*) FROM certificate WHERE issued_seq >= $1 AND issued_seq < $2";
    let query = sqlx::query_scalar::<Any, i64>(text);
    let count = query.bind(Seq(first).to_sql()).bind(Seq(size).to_sql()).fetch_one(db).await?;
    Ok(count.unsigned_abs())
}

/// Writes a report.
pub(super) async fn insert(
    db: &mut AnyConnection,
    new: &SampleSummary,
    blob: &str,
) -> Result<(), Fault> {
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let text = format!(
        "INSERT INTO sample_report ({COLUMNS}, blob) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
    );
    sqlx::query::<Any>(sqlx::AssertSqlSafe(text))
        .bind(new.week.to_string())
        .bind(number(new.journal.size))
        .bind(new.journal.root.clone())
        .bind(number(new.population))
        .bind(number(new.drawn))
        .bind(number(new.faulty))
        .bind(number(new.unjudged))
        .bind(number(new.example_policy))
        .bind(number(new.by_client))
        .bind(new.digest.clone())
        .bind(new.seq.to_sql())
        .bind(new.made_at.as_second())
        .bind(blob)
        .execute(db)
        .await?;
    Ok(())
}

/// The report of a week, with the name of its blob.
pub(super) async fn find(
    db: &mut AnyConnection,
    week: Week,
) -> Result<Option<(SampleSummary, String)>, Error> {
    let text = format!("SELECT {READ}, r.blob FROM {TABLES} WHERE r.week = $1");
    let query = sqlx::query::<Any>(sqlx::AssertSqlSafe(text)).bind(week.to_string());
    let row = query.fetch_optional(db).await.map_err(Fault::from)?;
    row.map(|row| Ok((summary(&row)?, row.try_get("blob").map_err(|_| DAMAGED)?))).transpose()
}

/// How many reports fit.
pub(super) async fn total(db: &mut AnyConnection, filter: SampleFilter) -> Result<u64, Error> {
    let text = format!("SELECT COUNT(*) FROM {TABLES} WHERE {CONDITION}");
    let query = sqlx::query::<Any>(sqlx::AssertSqlSafe(text)).bind(filter.word());
    let query = query.bind(i64::from(filter.wrong)).bind(filter.looked_word());
    let row = query.fetch_one(db).await.map_err(Fault::from)?;
    let total: i64 = row.try_get(0).map_err(Fault::from)?;
    Ok(u64::try_from(total).unwrap_or_default())
}

/// Some of them, the newest week first.
pub(super) async fn page(
    db: &mut AnyConnection,
    filter: SampleFilter,
    (offset, limit): (u64, u32),
) -> Result<Vec<SampleSummary>, Error> {
    let text = format!(
        "SELECT {READ} FROM {TABLES} WHERE {CONDITION} \
         ORDER BY r.week DESC LIMIT $4 OFFSET $5"
    );
    let rows = sqlx::query::<Any>(sqlx::AssertSqlSafe(text))
        .bind(filter.word())
        .bind(i64::from(filter.wrong))
        .bind(filter.looked_word())
        .bind(i64::from(limit))
        .bind(i64::try_from(offset).unwrap_or(i64::MAX))
        .fetch_all(db)
        .await
        .map_err(Fault::from)?;
    rows.iter().map(summary).collect()
}

/// Some of them behind a week, the newest first; behind none: from the newest.
pub(super) async fn behind(
    db: &mut AnyConnection,
    filter: SampleFilter,
    (week, limit): (Option<Week>, u32),
) -> Result<Vec<SampleSummary>, Error> {
    let text = format!(
        "SELECT {READ} FROM {TABLES} WHERE {CONDITION} AND ($4 = '' OR r.week < $4) \
         ORDER BY r.week DESC LIMIT $5"
    );
    let rows = sqlx::query::<Any>(sqlx::AssertSqlSafe(text))
        .bind(filter.word())
        .bind(i64::from(filter.wrong))
        .bind(filter.looked_word())
        .bind(week.map(|week| week.to_string()).unwrap_or_default())
        .bind(i64::from(limit))
        .fetch_all(db)
        .await
        .map_err(Fault::from)?;
    rows.iter().map(summary).collect()
}

fn summary(row: &AnyRow) -> Result<SampleSummary, Error> {
    let text = |name: &str| row.try_get::<String, _>(name).map_err(|_| DAMAGED);
    let number = |name: &str| {
        let count: i64 = row.try_get(name).map_err(|_| DAMAGED)?;
        u64::try_from(count).map_err(|_| DAMAGED)
    };
    let made_at: i64 = row.try_get("made_at").map_err(|_| DAMAGED)?;
    Ok(SampleSummary {
        week: text("week")?.parse().map_err(|_| DAMAGED)?,
        journal: JournalState { size: number("journal_size")?, root: text("journal_root")? },
        population: number("population")?,
        drawn: number("drawn")?,
        faulty: number("faulty")?,
        unjudged: number("unjudged")?,
        example_policy: number("example_policy")?,
        by_client: number("by_client")?,
        digest: text("digest")?,
        seq: Seq(number("seq")?),
        made_at: Timestamp::from_second(made_at).map_err(|_| DAMAGED)?,
        looked: looked(row)?,
    })
}

fn looked(row: &AnyRow) -> Result<Option<Looked>, Error> {
    let Some(actor) = row.try_get::<Option<String>, _>("person").map_err(|_| DAMAGED)? else {
        return Ok(None);
    };
    let text = |name: &str| row.try_get::<String, _>(name).map_err(|_| DAMAGED);
    let number = |name: &str| row.try_get::<i64, _>(name).map_err(|_| DAMAGED);
    Ok(Some(Looked {
        actor,
        verdict: Verdict::from_word(&text("verdict")?)?,
        report: text("report")?,
        seq: Seq(u64::try_from(number("look_seq")?).map_err(|_| DAMAGED)?),
        at: Timestamp::from_second(number("look_at")?).map_err(|_| DAMAGED)?,
    }))
}

/// Writes down who went through a report.
pub(super) async fn add_look(
    db: &mut AnyConnection,
    week: Week,
    looked: &Looked,
) -> Result<(), Fault> {
    let text = "INSERT INTO sample_look (week, person, verdict, report, seq, at) \
         VALUES ($1, $2, $3, $4, $5, $6)";
    sqlx::query::<Any>(text)
        .bind(week.to_string())
        .bind(looked.actor.clone())
        .bind(looked.verdict.word())
        .bind(looked.report.clone())
        .bind(looked.seq.to_sql())
        .bind(looked.at.as_second())
        .execute(db)
        .await?;
    Ok(())
}

/// The oldest report from before an instant that nobody went through, and how many there are.
pub(super) async fn waiting(
    db: &mut AnyConnection,
    before: Timestamp,
) -> Result<Option<(Week, u64)>, Error> {
    let text = "SELECT MIN(r.week) AS week, COUNT(*) AS n FROM sample_report r \
         LEFT JOIN sample_look l ON l.week = r.week WHERE l.week IS NULL AND r.made_at < $1";
    let query = sqlx::query::<Any>(text).bind(before.as_second());
    let row = query.fetch_one(db).await.map_err(Fault::from)?;
    oldest(&row)
}

/// How many reports somebody went through.
pub(super) async fn looks(db: &mut AnyConnection) -> Result<u64, Error> {
    let text = "SELECT COUNT(*) FROM sample_look";
    let count = sqlx::query_scalar::<Any, i64>(text).fetch_one(db).await.map_err(Fault::from)?;
    Ok(count.unsigned_abs())
}

/// Whether the journal has a record of this kind about something.
pub(super) async fn has_record(
    db: &mut AnyConnection,
    (kind, subject): (&str, &str),
) -> Result<bool, Fault> {
    let text = "SELECT seq FROM journal WHERE subject = $1 AND kind = $2 LIMIT 1";
    let query = sqlx::query::<Any>(text).bind(subject).bind(kind);
    Ok(query.fetch_optional(db).await?.is_some())
}

/// Reports of any age in which something is faulty, or could not be judged, and that nobody went through: the oldest week
/// of them and how many there are, of the faulty and of the others.
pub(super) async fn unanswered(db: &mut AnyConnection) -> Result<[Option<(Week, u64)>; 2], Error> {
    let mut found = [None, None];
    for (place, condition) in ["r.faulty > 0", "r.faulty = 0 AND r.unjudged > 0"].iter().enumerate()
    {
        let text = format!(
            "SELECT MIN(r.week) AS week, COUNT(*) AS n FROM {TABLES} \
             WHERE l.week IS NULL AND {condition}"
        );
        let query = sqlx::query::<Any>(sqlx::AssertSqlSafe(text));
        let row = query.fetch_one(&mut *db).await.map_err(Fault::from)?;
        if let Some(cell) = found.get_mut(place) {
            *cell = oldest(&row)?;
        }
    }
    Ok(found)
}

/// A week and a count; none where nothing was counted.
fn oldest(row: &AnyRow) -> Result<Option<(Week, u64)>, Error> {
    let week: Option<String> = row.try_get("week").map_err(|_| DAMAGED)?;
    let count: i64 = row.try_get("n").map_err(|_| DAMAGED)?;
    let week = week.map(|week| week.parse::<Week>().map_err(|_| DAMAGED)).transpose()?;
    Ok(week.map(|week| (week, count.unsigned_abs())))
}

#[cfg(test)]
mod tests {
    use sqlx::Connection as _;

    use super::*;

    #[tokio::test]
    async fn the_first_record_behind_a_week_tells_whether_one_came_late() {
        sqlx::any::install_default_drivers();
        let mut db = AnyConnection::connect("sqlite::memory:").await.unwrap();
        for text in [
            "CREATE TABLE journal (seq BIGINT PRIMARY KEY, at BIGINT NOT NULL)",
            "INSERT INTO journal (seq, at) VALUES (0, 10), (1, 20), (2, 20), (3, 30)",
        ] {
            sqlx::query(text).execute(&mut db).await.unwrap();
        }
        for (size, until, is_late) in
            [(1, 20, false), (1, 21, true), (3, 30, false), (3, 31, true), (4, 99, false)]
        {
            let until = Timestamp::from_second(until).unwrap();
            assert_eq!(has_late(&mut db, (size, until)).await.unwrap(), is_late, "{size} {until}");
        }
    }
}
