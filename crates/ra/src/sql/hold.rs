//! Rows of `ra_hold`.

use jiff::Timestamp;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

use super::{Connection, column, count, instant, parsed};
use crate::catalogue::Source;
use crate::error::Error;
use crate::model::{Hold, HoldEnd, HoldId, NewHold};

const COLUMNS: &str = "id, serial, source, ground, origin, set_by, since";

fn of_row(row: &AnyRow) -> Result<Hold, Error> {
    let word: String = column(row, "source")?;
    Ok(Hold {
        id: parsed(row, "id")?,
        serial: column(row, "serial")?,
        source: Source::of(&word).ok_or(Error::Stored("source"))?,
        ground: column(row, "ground")?,
        origin: column(row, "origin")?,
        set_by: column(row, "set_by")?,
        since: instant(row, "since")?,
    })
}

/// The holds that stand on a certificate, the oldest first.
pub(crate) async fn standing(conn: &mut Connection, serial: &str) -> Result<Vec<Hold>, Error> {
    let text = format!(
        "SELECT {COLUMNS} FROM ra_hold WHERE serial = $1 AND ended_at IS NULL \
         ORDER BY since, position, id"
    );
    let rows = sqlx::query(AssertSqlSafe(text)).bind(serial).fetch_all(conn).await?;
    rows.iter().map(of_row).collect()
}

/// A hold, if it stands.
pub(crate) async fn load(conn: &mut Connection, id: &HoldId) -> Result<Option<Hold>, Error> {
    let text = format!("SELECT {COLUMNS} FROM ra_hold WHERE id = $1 AND ended_at IS NULL");
    let row = sqlx::query(AssertSqlSafe(text)).bind(id.as_str()).fetch_optional(conn).await?;
    row.as_ref().map(of_row).transpose()
}

/// How many holds of a certificate came of something, whether they stand or not; all of them for none.
pub(crate) async fn number(
    conn: &mut Connection,
    serial: &str,
    origin: Option<&str>,
) -> Result<u64, Error> {
    let text = "SELECT COUNT(*) AS n FROM ra_hold WHERE serial = $1 AND ($2 = '' OR origin = $3)";
    let origin = origin.unwrap_or_default();
    let row = sqlx::query(text).bind(serial).bind(origin).bind(origin).fetch_one(conn).await?;
    count(&row, "n")
}

/// How many holds of a certificate were ended by something.
pub(crate) async fn ended_by(
    conn: &mut Connection,
    (serial, by): (&str, &str),
) -> Result<u64, Error> {
    let text = "SELECT COUNT(*) AS n FROM ra_hold WHERE serial = $1 AND ended_by = $2";
    count(&sqlx::query(text).bind(serial).bind(by).fetch_one(conn).await?, "n")
}

/// Whether something has ended a hold.
pub(crate) async fn was_ended_by(
    conn: &mut Connection,
    (id, by): (&HoldId, &str),
) -> Result<bool, Error> {
    let text = "SELECT COUNT(*) AS n FROM ra_hold WHERE id = $1 AND ended_by = $2";
    let row = sqlx::query(text).bind(id.as_str()).bind(by).fetch_one(conn).await?;
    Ok(count(&row, "n")? > 0)
}

/// Writes a new one.
pub(crate) async fn insert(
    conn: &mut Connection,
    (id, new, position): (&HoldId, &NewHold, u64),
    (set_by, at): (&str, Timestamp),
) -> Result<(), Error> {
    let text = "INSERT INTO ra_hold (id, serial, source, ground, origin, set_by, since, position) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let position = i64::try_from(position).map_err(|_| Error::Stored("position"))?;
    sqlx::query(text)
        .bind(id.as_str())
        .bind(&*new.serial)
        .bind(new.source.word())
        .bind(new.ground.clone())
        .bind(&*new.origin)
        .bind(set_by)
        .bind(at.as_second())
        .bind(position)
        .execute(conn)
        .await?;
    Ok(())
}

/// Ends one. False if it does not stand.
pub(crate) async fn end(
    conn: &mut Connection,
    id: &HoldId,
    (end, by, at): (HoldEnd, &str, Timestamp),
) -> Result<bool, Error> {
    let text = "UPDATE ra_hold SET ended_at = $1, ended = $2, ended_by = $3 \
         WHERE id = $4 AND ended_at IS NULL";
    let done = sqlx::query(text)
        .bind(at.as_second())
        .bind(end.word())
        .bind(by)
        .bind(id.as_str())
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}
