//! Rows of `ra_revocation` and what belongs to them.

use jiff::Timestamp;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

use super::{Connection, column, count, instant, instant_maybe, parsed, parsed_maybe};
use crate::catalogue::Catalogue;
use crate::error::Error;
use crate::model::{
    HoldId, Media, OfficeId, Outcome, Revocation, RevocationId, RevocationItem, RevocationRow,
    RevocationState, StopEnd,
};

/// A stop that was kept is one that is held, whose own hold stands on or ended with the revocation; holds that a
/// migration made (865) are of calls that ended before there was such a thing.
const COLUMNS: &str = "id, number, ground, office, state, since, version, entered_by, reviewed_by, \
     list_hash, called_at, stopped_at, lapsed_at, closed_at, term_from, blob, \
     CASE WHEN stop_end = 'held' AND EXISTS (SELECT 1 FROM ra_hold h \
     WHERE h.origin = 'revocation:' || ra_revocation.id AND h.id <> 'call-' || ra_revocation.id \
     AND (h.ended IS NULL OR h.ended = 'revoked')) THEN 'kept' ELSE stop_end END AS stop_end";

/// The word in the column: what lapsed or was closed is a dropped one with a day.
const fn state_word(state: RevocationState) -> &'static str {
    match state {
        RevocationState::Lapsed | RevocationState::Closed => RevocationState::Dropped.word(),
        other => other.word(),
    }
}

/// The word in the column.
const fn stop_word(end: StopEnd) -> &'static str {
    match end {
        StopEnd::Kept => StopEnd::Held.word(),
        other => other.word(),
    }
}

fn of_row(row: &AnyRow, catalogue: &Catalogue) -> Result<Revocation, Error> {
    let word: String = column(row, "state")?;
    let lapsed = instant_maybe(row, "lapsed_at")?.is_some();
    let closed = instant_maybe(row, "closed_at")?.is_some();
    let is_it = |state: &RevocationState| {
        state_word(*state) == word
            && (*state == RevocationState::Lapsed) == lapsed
            && (*state == RevocationState::Closed) == closed
    };
    let state = RevocationState::ALL.into_iter().find(is_it);
    let stop_end: Option<String> = column(row, "stop_end")?;
    let stop_end = stop_end.map(|word| StopEnd::ALL.into_iter().find(|end| end.word() == word));
    Ok(Revocation {
        id: parsed(row, "id")?,
        number: parsed(row, "number")?,
        ground: catalogue.ground(&column::<String>(row, "ground")?)?.clone(),
        office: parsed_maybe(row, "office")?,
        state: state.ok_or(Error::Stored("state"))?,
        since: instant(row, "since")?,
        version: column(row, "version")?,
        entered_by: column(row, "entered_by")?,
        reviewed_by: column(row, "reviewed_by")?,
        list_hash: column(row, "list_hash")?,
        called_at: instant_maybe(row, "called_at")?,
        stopped_at: instant_maybe(row, "stopped_at")?,
        term_from: instant_maybe(row, "term_from")?,
        stop_end: stop_end.map(|end| end.ok_or(Error::Stored("stop_end"))).transpose()?,
        blob: column(row, "blob")?,
    })
}

/// The revocation of this name.
pub(crate) async fn load(
    conn: &mut Connection,
    id: &RevocationId,
    catalogue: &Catalogue,
) -> Result<Revocation, Error> {
    let text = format!("SELECT {COLUMNS} FROM ra_revocation WHERE id = $1");
    let row = sqlx::query(AssertSqlSafe(text)).bind(id.as_str()).fetch_optional(conn).await?;
    let row = row.ok_or_else(|| Error::Unknown { what: "撤销登记", name: id.to_string() })?;
    of_row(&row, catalogue)
}

/// Ids and numbers of a condition, the longest waiting first. Whoever asks reads each by itself, so that one that is
/// wrong hides no other. `condition` is one of the texts in this file.
async fn named(
    conn: &mut Connection,
    condition: &'static str,
) -> Result<Vec<(String, String)>, Error> {
    let text = format!("SELECT id, number FROM ra_revocation WHERE {condition} ORDER BY since, id");
    let rows = sqlx::query(AssertSqlSafe(text)).fetch_all(conn).await?;
    rows.iter().map(|row| Ok((column(row, "id")?, column(row, "number")?))).collect()
}

/// Those that are confirmed and not carried out to the end.
pub(crate) async fn approved(conn: &mut Connection) -> Result<Vec<(String, String)>, Error> {
    named(conn, "state = 'approved'").await
}

/// Calls that were signed for and wait for the other person. Not counted among everything that waits: a stop is
/// not held up by a backlog of papers. `unstopped`: only those whose certificate is not suspended yet.
pub(crate) async fn calls(
    conn: &mut Connection,
    unstopped: bool,
) -> Result<Vec<(String, String)>, Error> {
    let condition = match unstopped {
        true => "state = 'entered' AND called_at IS NOT NULL AND stopped_at IS NULL",
        false => "state = 'entered' AND called_at IS NOT NULL",
    };
    named(conn, condition).await
}

/// Calls that came to nothing and whose stop is not settled.
pub(crate) async fn open_stops(conn: &mut Connection) -> Result<Vec<(String, String)>, Error> {
    let condition = "called_at IS NOT NULL AND stop_end IS NULL \
         AND (state = 'refused' OR lapsed_at IS NOT NULL)";
    named(conn, condition).await
}

/// Whether a revocation that somebody signed, other than this one, still waits or is being carried out
/// for a certificate. What lifts holds is none.
pub(crate) async fn is_open_elsewhere(
    conn: &mut Connection,
    serial: &str,
    but: Option<&RevocationId>,
) -> Result<bool, Error> {
    let text = "SELECT COUNT(*) AS n FROM ra_revocation_item i \
         JOIN ra_revocation r ON r.id = i.revocation \
         WHERE i.serial = $1 AND i.hold IS NULL AND r.id <> $2 AND r.state IN ('entered', 'approved')";
    let but = but.map_or("", RevocationId::as_str);
    let row = sqlx::query(text).bind(serial).bind(but).fetch_one(conn).await?;
    Ok(count(&row, "n")? > 0)
}

/// What a list of revocations is narrowed to.
#[derive(Default)]
pub(crate) struct Wanted {
    text: String,
    binds: Vec<String>,
}

impl Wanted {
    /// `left` is one of the texts in this file, never input.
    fn add(&mut self, left: &'static str, value: String, right: &'static str) {
        self.binds.push(value);
        self.text.push_str(&format!(" AND {left} ${}{right}", self.binds.len()));
    }

    pub(crate) fn state(&mut self, state: RevocationState) {
        self.add("state =", state_word(state).to_owned(), "");
        self.text.push_str(match state {
            RevocationState::Lapsed => " AND lapsed_at IS NOT NULL",
            RevocationState::Closed => " AND closed_at IS NOT NULL",
            _ => " AND lapsed_at IS NULL AND closed_at IS NULL",
        });
    }

    pub(crate) fn office(&mut self, office: Option<&OfficeId>) {
        let name = office.map_or("", OfficeId::as_str).to_owned();
        self.add("COALESCE(office, '') =", name, "");
    }

    pub(crate) fn number(&mut self, number: String) {
        self.add("number =", number, "");
    }

    pub(crate) fn serial(&mut self, serial: String) {
        let left = "id IN (SELECT revocation FROM ra_revocation_item WHERE serial =";
        self.add(left, serial, ")");
    }

    /// On one of these grounds; none is never so.
    pub(crate) fn grounds(&mut self, names: Vec<String>) {
        let places: Vec<String> = names
            .into_iter()
            .map(|name| {
                self.binds.push(name);
                format!("${}", self.binds.len())
            })
            .collect();
        match places.is_empty() {
            true => self.text.push_str(" AND 1 = 0"),
            false => self.text.push_str(&format!(" AND ground IN ({})", places.join(", "))),
        }
    }
}

/// A page of a list with the number of certificates of each.
pub(crate) async fn page(
    conn: &mut Connection,
    wanted: &Wanted,
    (newest_first, limit, offset): (bool, u32, u32),
    catalogue: &Catalogue,
) -> Result<Vec<RevocationRow>, Error> {
    let way = if newest_first { "DESC" } else { "ASC" };
    let order = format!("ORDER BY since {way}, id {way} LIMIT {limit} OFFSET {offset}");
    rows(conn, (format!("{} {order}", asked(wanted)), wanted), catalogue).await
}

/// The next of a list by their numbers, which never change: behind a number.
pub(crate) async fn behind(
    conn: &mut Connection,
    mut wanted: Wanted,
    (behind, limit): (&str, u32),
    catalogue: &Catalogue,
) -> Result<Vec<RevocationRow>, Error> {
    wanted.add("number >", behind.to_owned(), "");
    let text = format!("{} ORDER BY number LIMIT {limit}", asked(&wanted));
    rows(conn, (text, &wanted), catalogue).await
}

/// Those that are wanted, each with the number of its certificates; one question.
fn asked(wanted: &Wanted) -> String {
    format!(
        "SELECT {COLUMNS}, (SELECT COUNT(*) FROM ra_revocation_item i \
         WHERE i.revocation = ra_revocation.id) AS certificates \
         FROM ra_revocation WHERE 1 = 1{}",
        wanted.text
    )
}

async fn rows(
    conn: &mut Connection,
    (text, wanted): (String, &Wanted),
    catalogue: &Catalogue,
) -> Result<Vec<RevocationRow>, Error> {
    let mut query = sqlx::query(AssertSqlSafe(text));
    for value in &wanted.binds {
        query = query.bind(value.clone());
    }
    let row = |row: &AnyRow| {
        let certificates = count(row, "certificates")?;
        Ok(RevocationRow { revocation: of_row(row, catalogue)?, certificates })
    };
    query.fetch_all(conn).await?.iter().map(row).collect()
}

/// How many a list has.
pub(crate) async fn total(conn: &mut Connection, wanted: &Wanted) -> Result<u64, Error> {
    let text = format!("SELECT COUNT(*) AS n FROM ra_revocation WHERE 1 = 1{}", wanted.text);
    let mut query = sqlx::query(AssertSqlSafe(text));
    for value in &wanted.binds {
        query = query.bind(value.clone());
    }
    count(&query.fetch_one(conn).await?, "n")
}

/// Notes that a call lapsed, in the unit that ends it.
pub(crate) async fn lapse(
    conn: &mut Connection,
    id: &RevocationId,
    at: Timestamp,
) -> Result<(), Error> {
    let text = "UPDATE ra_revocation SET lapsed_at = $1 WHERE id = $2";
    sqlx::query(text).bind(at.as_second()).bind(id.as_str()).execute(conn).await?;
    Ok(())
}

/// Notes that its holder ended a call, in the unit that ends it.
pub(crate) async fn close(
    conn: &mut Connection,
    id: &RevocationId,
    (by, at): (&str, Timestamp),
) -> Result<(), Error> {
    let text = "UPDATE ra_revocation SET closed_at = $1, closed_by = $2 WHERE id = $3";
    sqlx::query(text).bind(at.as_second()).bind(by).bind(id.as_str()).execute(conn).await?;
    Ok(())
}

/// Whether holds are to be lifted by another registration that is open.
pub(crate) async fn is_lifted_elsewhere(
    conn: &mut Connection,
    hold: &HoldId,
) -> Result<bool, Error> {
    let text = "SELECT COUNT(*) AS n FROM ra_revocation_item i \
         JOIN ra_revocation r ON r.id = i.revocation \
         WHERE i.hold = $1 AND r.state IN ('entered', 'approved')";
    let row = sqlx::query(text).bind(hold.as_str()).fetch_one(conn).await?;
    Ok(count(&row, "n")? > 0)
}

/// Notes how a caller's stop ended. False if that was noted before.
pub(crate) async fn end_stop(
    conn: &mut Connection,
    id: &RevocationId,
    (end, at): (StopEnd, Timestamp),
) -> Result<bool, Error> {
    let text = "UPDATE ra_revocation SET stop_end = $1, stop_ended_at = $2 \
         WHERE id = $3 AND stop_end IS NULL";
    let done = sqlx::query(text)
        .bind(stop_word(end))
        .bind(at.as_second())
        .bind(id.as_str())
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes a new one with its list.
pub(crate) async fn insert(
    conn: &mut Connection,
    new: &Revocation,
    items: &[(String, Option<HoldId>)],
) -> Result<(), Error> {
    let text = "INSERT INTO ra_revocation (id, number, ground, office, state, since, version, \
         entered_by, blob, list_hash, failures) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0)";
    sqlx::query(text)
        .bind(new.id.as_str())
        .bind(new.number.as_str())
        .bind(&*new.ground.name)
        .bind(new.office.as_ref().map(|office| office.as_str().to_owned()))
        .bind(state_word(new.state))
        .bind(new.since.as_second())
        .bind(new.version)
        .bind(&*new.entered_by)
        .bind(&*new.blob)
        .bind(&*new.list_hash)
        .execute(&mut *conn)
        .await?;
    for ((serial, hold), position) in items.iter().zip(1_i64..) {
        let text = "INSERT INTO ra_revocation_item (revocation, position, serial, hold) \
             VALUES ($1, $2, $3, $4)";
        sqlx::query(text)
            .bind(new.id.as_str())
            .bind(position)
            .bind(&**serial)
            .bind(hold.as_ref().map(|hold| hold.as_str().to_owned()))
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

/// Writes what may change. [`Error::Changed`] unless the row is at the version before.
pub(crate) async fn update(conn: &mut Connection, changed: &Revocation) -> Result<(), Error> {
    let text = "UPDATE ra_revocation SET state = $1, since = $2, version = $3, reviewed_by = $4, \
         called_at = $5, stopped_at = $6 WHERE id = $7 AND version = $8";
    let done = sqlx::query(text)
        .bind(state_word(changed.state))
        .bind(changed.since.as_second())
        .bind(changed.version)
        .bind(changed.reviewed_by.clone())
        .bind(changed.called_at.map(|at| at.as_second()))
        .bind(changed.stopped_at.map(|at| at.as_second()))
        .bind(changed.id.as_str())
        .bind(changed.version - 1)
        .execute(conn)
        .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::Changed) }
}

/// The list, or what of it is not done yet.
pub(crate) async fn items(
    conn: &mut Connection,
    id: &RevocationId,
    open_only: bool,
) -> Result<Vec<RevocationItem>, Error> {
    let text = "SELECT position, serial, hold, outcome, refusal FROM ra_revocation_item \
         WHERE revocation = $1 AND ($2 = 0 OR outcome IS NULL) ORDER BY position";
    let rows =
        sqlx::query(text).bind(id.as_str()).bind(i64::from(open_only)).fetch_all(conn).await?;
    rows.iter().map(item).collect()
}

fn item(row: &AnyRow) -> Result<RevocationItem, Error> {
    let refusal: Option<String> = column(row, "refusal")?;
    let outcome = match (column::<Option<String>>(row, "outcome")?.as_deref(), refusal) {
        (None, _) => None,
        (Some("revoked"), _) => Some(Outcome::Revoked),
        (Some("lifted"), _) => Some(Outcome::Lifted),
        (Some(_), refusal) => Some(Outcome::Refused(refusal.unwrap_or_default())),
    };
    let position = u32::try_from(count(row, "position")?).map_err(|_| Error::Stored("position"))?;
    let hold = parsed_maybe(row, "hold")?;
    Ok(RevocationItem { position, serial: column(row, "serial")?, hold, outcome })
}

/// Notes what became of a certificate. False if that was noted before.
pub(crate) async fn settle(
    conn: &mut Connection,
    (id, position): (&RevocationId, u32),
    outcome: &Outcome,
    at: Timestamp,
) -> Result<bool, Error> {
    let (word, refusal) = match outcome {
        Outcome::Revoked => ("revoked", None),
        Outcome::Lifted => ("lifted", None),
        Outcome::Refused(code) => ("refused", Some(code.clone())),
    };
    let text = "UPDATE ra_revocation_item SET outcome = $1, refusal = $2, at = $3 \
         WHERE revocation = $4 AND position = $5 AND outcome IS NULL";
    let done = sqlx::query(text)
        .bind(word)
        .bind(refusal)
        .bind(at.as_second())
        .bind(id.as_str())
        .bind(i64::from(position))
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Adds a piece of evidence.
pub(crate) async fn add_evidence(
    conn: &mut Connection,
    id: &RevocationId,
    (name, media, blob): (&str, Media, &str),
) -> Result<(), Error> {
    let text = "INSERT INTO ra_revocation_evidence (revocation, name, media, blob) \
         VALUES ($1, $2, $3, $4)";
    sqlx::query(text)
        .bind(id.as_str())
        .bind(name)
        .bind(media.mime())
        .bind(blob)
        .execute(conn)
        .await?;
    Ok(())
}

/// The evidence on file: name, type, blob.
pub(crate) async fn evidence(
    conn: &mut Connection,
    id: &RevocationId,
) -> Result<Vec<(String, Media, String)>, Error> {
    let text = "SELECT name, media, blob FROM ra_revocation_evidence WHERE revocation = $1 \
         ORDER BY name";
    let rows = sqlx::query(text).bind(id.as_str()).fetch_all(conn).await?;
    rows.iter()
        .map(|row| {
            let mime: String = column(row, "media")?;
            let media = Media::ALL.into_iter().find(|media| media.mime() == mime);
            let media = media.ok_or(Error::Stored("media"))?;
            Ok((column(row, "name")?, media, column(row, "blob")?))
        })
        .collect()
}

/// The one-time code of a caller.
pub(crate) struct CallCode {
    pub index: Option<String>,
    pub until: Option<Timestamp>,
    pub failures: u64,
}

/// Puts a code in place of the one before.
pub(crate) async fn put_code(
    conn: &mut Connection,
    id: &RevocationId,
    (index, until): (&str, Timestamp),
) -> Result<(), Error> {
    let text = "UPDATE ra_revocation SET code_index = $1, code_until = $2 WHERE id = $3";
    sqlx::query(text).bind(index).bind(until.as_second()).bind(id.as_str()).execute(conn).await?;
    Ok(())
}

/// The code that waits.
pub(crate) async fn code(conn: &mut Connection, id: &RevocationId) -> Result<CallCode, Error> {
    let text = "SELECT code_index, code_until, failures FROM ra_revocation WHERE id = $1";
    let row = sqlx::query(text).bind(id.as_str()).fetch_one(conn).await?;
    Ok(CallCode {
        index: column(&row, "code_index")?,
        until: instant_maybe(&row, "code_until")?,
        failures: count(&row, "failures")?,
    })
}

/// Counts a wrong code.
pub(crate) async fn failed(conn: &mut Connection, id: &RevocationId) -> Result<(), Error> {
    let text = "UPDATE ra_revocation SET failures = failures + 1 WHERE id = $1";
    sqlx::query(text).bind(id.as_str()).execute(conn).await?;
    Ok(())
}
