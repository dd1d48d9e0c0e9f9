//! Rows of `ra_application`, the numbers of a day, and what offices took.

use std::collections::BTreeMap;

use law::CivilDate;
use sqlx::any::AnyRow;

use super::{Connection, column, count, instant, instant_maybe, iso, parsed, parsed_maybe};
use crate::error::Error;
use crate::model::{Application, ApplicationId, Number, OfficeId};

/// The columns of an application.
pub(crate) const COLUMNS: &str = "id, number, service, kind, office, concerns, state, state_data, \
     since, version, form, round, created_at, clock_from";

/// An application out of a row.
pub(crate) fn of_row(row: &AnyRow) -> Result<Application, Error> {
    let data: String = column(row, "state_data")?;
    let state: crate::model::State =
        serde_json::from_str(&data).map_err(|_| Error::Stored("state_data"))?;
    if state.word() != column::<String>(row, "state")? {
        return Err(Error::Stored("state"));
    }
    Ok(Application {
        id: parsed(row, "id")?,
        number: parsed(row, "number")?,
        service: column(row, "service")?,
        kind: column(row, "kind")?,
        office: parsed_maybe(row, "office")?,
        concerns: column(row, "concerns")?,
        state,
        since: instant(row, "since")?,
        version: column(row, "version")?,
        form: column(row, "form")?,
        round: column(row, "round")?,
        created_at: instant(row, "created_at")?,
        clock_from: instant_maybe(row, "clock_from")?,
    })
}

/// The application of this name.
pub(crate) async fn load(conn: &mut Connection, id: &ApplicationId) -> Result<Application, Error> {
    let text = "SELECT id, number, service, kind, office, concerns, state, state_data, since, \
         version, form, round, created_at, clock_from FROM ra_application WHERE id = $1";
    let row = sqlx::query(text).bind(id.as_str()).fetch_optional(conn).await?;
    let row = row.ok_or_else(|| Error::Unknown { what: "申请", name: id.to_string() })?;
    of_row(&row)
}

/// The application of this number.
pub(crate) async fn by_number(
    conn: &mut Connection,
    number: &Number,
) -> Result<Option<Application>, Error> {
    let text = "SELECT id, number, service, kind, office, concerns, state, state_data, since, \
         version, form, round, created_at, clock_from FROM ra_application WHERE number = $1";
    let row = sqlx::query(text).bind(number.as_str()).fetch_optional(conn).await?;
    row.as_ref().map(of_row).transpose()
}

/// The application that led to this certificate.
pub(crate) async fn by_serial(
    conn: &mut Connection,
    serial: &str,
) -> Result<Option<ApplicationId>, Error> {
    let text = "SELECT application FROM ra_certificate WHERE serial = $1";
    let row = sqlx::query(text).bind(serial).fetch_optional(conn).await?;
    row.as_ref().map(|row| parsed(row, "application")).transpose()
}

/// So many names in one question.
const AT_ONCE: usize = 500;

/// The offices of the applications that led to these certificates; those of the institution itself and of
/// certificates that nobody applied for have none.
pub(crate) async fn offices_of(
    conn: &mut Connection,
    serials: &[String],
) -> Result<BTreeMap<String, OfficeId>, Error> {
    let mut found = BTreeMap::new();
    for some in serials.chunks(AT_ONCE) {
        let places: Vec<String> = (1..=some.len()).map(|place| format!("${place}")).collect();
        let text = format!(
            "SELECT c.serial AS serial, a.office AS office FROM ra_certificate c \
             JOIN ra_application a ON a.id = c.application \
             WHERE a.office IS NOT NULL AND c.serial IN ({})",
            places.join(", ")
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(text));
        let query = some.iter().fold(query, |query, serial| query.bind(serial.clone()));
        for row in query.fetch_all(&mut *conn).await? {
            found.insert(column(&row, "serial")?, parsed(&row, "office")?);
        }
    }
    Ok(found)
}

/// Writes a new one.
pub(crate) async fn insert(conn: &mut Connection, new: &Application) -> Result<(), Error> {
    let text = "INSERT INTO ra_application (id, number, service, kind, office, concerns, state, \
         state_data, since, version, form, round, created_at, clock_from) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    sqlx::query(text)
        .bind(new.id.as_str())
        .bind(new.number.as_str())
        .bind(&*new.service)
        .bind(&*new.kind)
        .bind(new.office.as_ref().map(|office| office.as_str().to_owned()))
        .bind(new.concerns.clone())
        .bind(new.state.word())
        .bind(state_data(new)?)
        .bind(new.since.as_second())
        .bind(new.version)
        .bind(new.form)
        .bind(new.round)
        .bind(new.created_at.as_second())
        .bind(new.clock_from.map(|at| at.as_second()))
        .execute(conn)
        .await?;
    Ok(())
}

/// Writes what may change. [`Error::Changed`] unless the row is at the version before.
pub(crate) async fn update(conn: &mut Connection, changed: &Application) -> Result<(), Error> {
    let text = "UPDATE ra_application SET state = $1, state_data = $2, since = $3, version = $4, \
         form = $5, round = $6, clock_from = $7, office = $8 WHERE id = $9 AND version = $10";
    let done = sqlx::query(text)
        .bind(changed.state.word())
        .bind(state_data(changed)?)
        .bind(changed.since.as_second())
        .bind(changed.version)
        .bind(changed.form)
        .bind(changed.round)
        .bind(changed.clock_from.map(|at| at.as_second()))
        .bind(changed.office.as_ref().map(|office| office.as_str().to_owned()))
        .bind(changed.id.as_str())
        .bind(changed.version - 1)
        .execute(conn)
        .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::Changed) }
}

fn state_data(application: &Application) -> Result<String, Error> {
    serde_json::to_string(&application.state).map_err(|_| Error::Stored("state_data"))
}

/// The next number of a day.
pub(crate) async fn next_number(conn: &mut Connection, day: CivilDate) -> Result<u32, Error> {
    let text = "INSERT INTO ra_number (day, last) VALUES ($1, 1) \
         ON CONFLICT (day) DO UPDATE SET last = ra_number.last + 1 RETURNING last";
    let row = sqlx::query(text).bind(iso(day)).fetch_one(conn).await?;
    u32::try_from(count(&row, "last")?).map_err(|_| Error::Stored("last"))
}

/// What an office has not finished, the oldest first.
pub(crate) async fn unfinished(
    conn: &mut Connection,
    office: &OfficeId,
    most: u32,
) -> Result<Vec<Application>, Error> {
    let text = "SELECT * FROM ra_application WHERE office = $1 AND state NOT IN \
         ('confirmed', 'carried_out', 'refused', 'withdrawn', 'expired') ORDER BY id LIMIT $2";
    let found = sqlx::query(text).bind(office.as_str()).bind(i64::from(most));
    found.fetch_all(conn).await?.iter().map(of_row).collect()
}

/// How many applications of a kind an office took on a day.
pub(crate) async fn taken(
    conn: &mut Connection,
    office: &OfficeId,
    kind: &str,
    day: CivilDate,
) -> Result<u64, Error> {
    let text = "SELECT COUNT(*) AS n FROM ra_intake WHERE office = $1 AND kind = $2 AND day = $3";
    let row =
        sqlx::query(text).bind(office.as_str()).bind(kind).bind(iso(day)).fetch_one(conn).await?;
    count(&row, "n")
}

/// Notes that an office took an application.
pub(crate) async fn take(
    conn: &mut Connection,
    application: &Application,
    office: &OfficeId,
    day: CivilDate,
) -> Result<(), Error> {
    let text = "INSERT INTO ra_intake (application, round, office, kind, day) \
         VALUES ($1, $2, $3, $4, $5)";
    sqlx::query(text)
        .bind(application.id.as_str())
        .bind(application.round)
        .bind(office.as_str())
        .bind(&*application.kind)
        .bind(iso(day))
        .execute(conn)
        .await?;
    Ok(())
}

/// Notes which certificate came out of it.
pub(crate) async fn certified(
    conn: &mut Connection,
    id: &ApplicationId,
    serial: &str,
) -> Result<(), Error> {
    let text = "INSERT INTO ra_certificate (serial, application) VALUES ($1, $2)";
    sqlx::query(text).bind(serial).bind(id.as_str()).execute(conn).await?;
    Ok(())
}
