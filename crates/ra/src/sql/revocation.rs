//! Rows of `ra_revocation` and what belongs to them.

use jiff::Timestamp;
use sqlx::any::AnyRow;

use super::{Connection, column, count, instant, instant_maybe, parsed, parsed_maybe};
use crate::catalogue::Catalogue;
use crate::error::Error;
use crate::model::{
    Media, OfficeId, Outcome, Revocation, RevocationId, RevocationItem, RevocationState,
};

fn of_row(row: &AnyRow, catalogue: &Catalogue) -> Result<Revocation, Error> {
    let word: String = column(row, "state")?;
    let state = RevocationState::ALL.into_iter().find(|state| state.word() == word);
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
        blob: column(row, "blob")?,
    })
}

/// The revocation of this name.
pub(crate) async fn load(
    conn: &mut Connection,
    id: &RevocationId,
    catalogue: &Catalogue,
) -> Result<Revocation, Error> {
    let text = "SELECT id, number, ground, office, state, since, version, entered_by, reviewed_by, \
         list_hash, called_at, stopped_at, blob FROM ra_revocation WHERE id = $1";
    let row = sqlx::query(text).bind(id.as_str()).fetch_optional(conn).await?;
    let row = row.ok_or_else(|| Error::Unknown { what: "撤销登记", name: id.to_string() })?;
    of_row(&row, catalogue)
}

/// Those in a state, the longest waiting first; at most 200. `office`: only that one's.
pub(crate) async fn in_state(
    conn: &mut Connection,
    state: RevocationState,
    office: Option<&Option<OfficeId>>,
    catalogue: &Catalogue,
) -> Result<Vec<Revocation>, Error> {
    let text = "SELECT id, number, ground, office, state, since, version, entered_by, reviewed_by, \
         list_hash, called_at, stopped_at, blob FROM ra_revocation WHERE state = $1 \
         AND ($2 = 1 OR COALESCE(office, '') = $3) ORDER BY since, id LIMIT 200";
    let name = office.and_then(Option::as_ref).map_or("", OfficeId::as_str).to_owned();
    let rows = sqlx::query(text)
        .bind(state.word())
        .bind(i64::from(office.is_none()))
        .bind(name)
        .fetch_all(conn)
        .await?;
    rows.iter().map(|row| of_row(row, catalogue)).collect()
}

/// Writes a new one with its list.
pub(crate) async fn insert(
    conn: &mut Connection,
    new: &Revocation,
    serials: &[String],
) -> Result<(), Error> {
    let text = "INSERT INTO ra_revocation (id, number, ground, office, state, since, version, \
         entered_by, blob, list_hash, failures) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0)";
    sqlx::query(text)
        .bind(new.id.as_str())
        .bind(new.number.as_str())
        .bind(&*new.ground.name)
        .bind(new.office.as_ref().map(|office| office.as_str().to_owned()))
        .bind(new.state.word())
        .bind(new.since.as_second())
        .bind(new.version)
        .bind(&*new.entered_by)
        .bind(&*new.blob)
        .bind(&*new.list_hash)
        .execute(&mut *conn)
        .await?;
    for (serial, position) in serials.iter().zip(1_i64..) {
        let text = "INSERT INTO ra_revocation_item (revocation, position, serial) \
             VALUES ($1, $2, $3)";
        sqlx::query(text)
            .bind(new.id.as_str())
            .bind(position)
            .bind(&**serial)
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
        .bind(changed.state.word())
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
    let text = "SELECT position, serial, outcome, refusal FROM ra_revocation_item \
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
        (Some(_), refusal) => Some(Outcome::Refused(refusal.unwrap_or_default())),
    };
    let position = u32::try_from(count(row, "position")?).map_err(|_| Error::Stored("position"))?;
    Ok(RevocationItem { position, serial: column(row, "serial")?, outcome })
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
