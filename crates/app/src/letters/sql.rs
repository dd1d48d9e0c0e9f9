//! How far the sweep came, which letters are owed, and the list of letters across applications
//! (`migrations/institution/0600_letters.sql`, `0850_letter_lists.sql`). Whose an application is stands
//! in the table of the registration, and changes when the institution takes it over: so the list asks
//! there.

use jiff::Timestamp;
use letters::LetterKind;
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, Row};
use store::{Error, Seq};

use super::list::{LetterFilter, ListedLetter, matter};
use crate::error;
use crate::mark::{Mark, Span};
use crate::registration::ChangeWord;

/// The last record that was looked at.
pub(super) async fn swept(db: &mut AnyConnection) -> Result<Option<Seq>, Error> {
    let row =
        sqlx::query::<Any>("SELECT seq FROM letter_sweep WHERE id = 1").fetch_optional(db).await?;
    let seq: Option<i64> = row.map(|row| row.try_get(0)).transpose()?;
    Ok(seq.and_then(|seq| u64::try_from(seq).ok()).map(Seq))
}

/// Notes that everything up to this record was looked at; never back.
pub(super) async fn sweep(db: &mut AnyConnection, seq: Seq) -> Result<(), Error> {
    sqlx::query::<Any>(
        "INSERT INTO letter_sweep (id, seq) VALUES (1, $1) \
         ON CONFLICT (id) DO UPDATE SET seq = excluded.seq WHERE letter_sweep.seq < excluded.seq",
    )
    .bind(seq.to_sql())
    .execute(db)
    .await?;
    Ok(())
}

/// Notes that letters about an application could not be made.
pub(super) async fn owe(
    db: &mut AnyConnection,
    (application, why): (&str, &str),
    at: i64,
) -> Result<(), Error> {
    sqlx::query::<Any>(
        "INSERT INTO letter_owed (application, since, why) VALUES ($1, $2, $3) \
         ON CONFLICT (application) DO UPDATE SET why = excluded.why",
    )
    .bind(application)
    .bind(at)
    .bind(why)
    .execute(db)
    .await?;
    Ok(())
}

/// They were made.
pub(super) async fn settle(db: &mut AnyConnection, application: &str) -> Result<(), Error> {
    sqlx::query::<Any>("DELETE FROM letter_owed WHERE application = $1")
        .bind(application)
        .execute(db)
        .await?;
    Ok(())
}

/// Applications whose letters are owed, with why, the longest first.
pub(super) async fn owed(
    db: &mut AnyConnection,
    limit: i64,
) -> Result<Vec<(String, String)>, Error> {
    let rows = sqlx::query::<Any>(
        "SELECT application, why FROM letter_owed ORDER BY since, application LIMIT $1",
    )
    .bind(limit)
    .fetch_all(db)
    .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// Which letters, behind which row.
const ASKED: &str = "l.issued_at >= $1 AND l.issued_at < $2 AND ($3 = '' OR l.kind = $3) \
     AND ($4 = '' OR l.number = $4 OR a.number = $5) AND ($6 = '*' OR COALESCE(a.office, '') = $6) \
     AND (l.issued_at < $7 OR l.id < $8)";
const FROM: &str = "FROM letter l JOIN ra_application a ON a.id = l.application";
/// The change of status that a letter tells of.
const CHANGE: &str = "LEFT JOIN status_notice c ON l.kind = 'status-notice' \
     AND c.application = l.application AND c.position = l.position";
const DAMAGED: error::Error = error::Error::Stored("文书");

type Statement<'q> = Query<'q, Any, AnyArguments>;

/// `office`: any, or one; an empty text is the institution itself.
fn asked<'q>(
    query: Statement<'q>,
    (filter, office): (&LetterFilter, Option<&str>),
    behind: Option<&Mark>,
) -> Statement<'q> {
    let span = Span::of(filter.from, filter.until).newest_first(behind);
    query
        .bind(span.from)
        .bind(span.until)
        .bind(filter.kind.map_or("", LetterKind::word))
        .bind(letters::number_as_typed(&filter.number))
        .bind(filter.application_number())
        .bind(office.unwrap_or("*").to_owned())
        .bind(span.at)
        .bind(span.name)
}

/// A page of letters, the newest first; behind a row.
pub(super) async fn page(
    db: &mut AnyConnection,
    which: (&LetterFilter, Option<&str>),
    (behind, offset, limit): (Option<&Mark>, i64, i64),
) -> Result<Vec<ListedLetter>, error::Error> {
    let text = format!(
        "SELECT l.id AS id, l.kind AS kind, l.number AS number, l.issued_at AS issued_at, \
         l.position AS position, c.change AS change, c.effect AS effect, \
         a.id AS application, a.number AS application_number, a.office AS office {FROM} {CHANGE} \
         WHERE {ASKED} ORDER BY l.issued_at DESC, l.id DESC LIMIT $9 OFFSET $10"
    );
    let query = asked(sqlx::query(sqlx::AssertSqlSafe(text)), which, behind);
    let rows = query.bind(limit).bind(offset).fetch_all(db).await.map_err(Error::from)?;
    rows.iter().map(listed).collect()
}

/// How many letters a filter finds.
pub(super) async fn found(
    db: &mut AnyConnection,
    which: (&LetterFilter, Option<&str>),
) -> Result<u64, Error> {
    let text = format!("SELECT COUNT(*) {FROM} WHERE {ASKED}");
    let query = asked(sqlx::query(sqlx::AssertSqlSafe(text)), which, None);
    let row = query.fetch_one(db).await?;
    Ok(u64::try_from(row.try_get::<i64, _>(0)?).unwrap_or_default())
}

fn listed(row: &AnyRow) -> Result<ListedLetter, error::Error> {
    let text = |name: &str| row.try_get::<String, _>(name).map_err(|_| DAMAGED);
    let maybe = |name: &str| row.try_get::<Option<String>, _>(name).map_err(|_| DAMAGED);
    let number = |name: &str| row.try_get::<i64, _>(name).map_err(|_| DAMAGED);
    let (issued_at, position) = (number("issued_at")?, number("position")?);
    let position = u32::try_from(position).map_err(|_| DAMAGED)?;
    let (kind, effect) = (text("kind")?.parse()?, maybe("effect")?);
    let change = maybe("change")?.and_then(|word| ChangeWord::of(&word, effect.as_deref()));
    Ok(ListedLetter {
        id: text("id")?,
        kind,
        matter: matter((kind, position), change),
        number: text("number")?,
        issued_at: Timestamp::from_second(issued_at).map_err(|_| DAMAGED)?,
        application: text("application")?,
        application_number: text("application_number")?,
        office: maybe("office")?,
    })
}
