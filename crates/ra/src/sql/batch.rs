//! Batches, their sheets, materials and rows: tables of `migrations/institution/0700_batch.sql`.

use jiff::Timestamp;
use sqlx::any::AnyRow;
use store::Actor;

use super::{Connection, column, count, instant, instant_maybe, parsed, parsed_maybe};
use crate::error::Error;
use crate::model::{
    ApplicationId, Batch, BatchId, BatchMaterial, BatchRow, BatchSearch, BatchSheet, BatchState,
    Media, OfficeId,
};
use crate::sheet::SheetFormat;

fn batch(row: &AnyRow) -> Result<Batch, Error> {
    let word: String = column(row, "state")?;
    let state = BatchState::ALL.into_iter().find(|state| state.word() == word);
    let actor: Option<String> = column(row, "run_actor")?;
    let person: Option<String> = column(row, "run_person")?;
    let paper: Option<String> = column(row, "paper_blob")?;
    Ok(Batch {
        id: parsed(row, "id")?,
        number: column(row, "number")?,
        kind: column(row, "kind")?,
        office: parsed_maybe(row, "office")?,
        state: state.ok_or(Error::Stored("state"))?,
        created_at: instant(row, "created_at")?,
        version: column(row, "version")?,
        has_agreement: paper.is_some(),
        blob: column(row, "blob")?,
        unit_index: column(row, "unit_index")?,
        run_by: actor.map(Actor::new).zip(person),
        paper,
    })
}

/// The batch of this name.
pub(crate) async fn load(conn: &mut Connection, id: &BatchId) -> Result<Batch, Error> {
    let text = "SELECT id, number, kind, office, state, blob, unit_index, created_at, version, \
         run_actor, run_person, paper_blob FROM ra_batch WHERE id = $1";
    let row = sqlx::query(text).bind(id.as_str()).fetch_optional(conn).await?;
    let row = row.ok_or_else(|| Error::Unknown { what: "批次", name: id.to_string() })?;
    batch(&row)
}

/// Which batches are listed.
pub(crate) struct Wanted<'a> {
    /// Only this office's (`Some(None)`: the institution's).
    pub office: Option<&'a Option<OfficeId>>,
    /// Only the unit of this index.
    pub unit: Option<&'a str>,
    pub search: &'a BatchSearch,
}

/// Those that are wanted.
const WANTED: &str = "($1 = 0 OR COALESCE(office, '') = $2) AND ($3 = '' OR unit_index = $4) \
     AND ($5 = '' OR state = $6) AND ($7 = '' OR kind = $8) AND ($9 = '' OR number LIKE $10 ESCAPE '!')";

type Statement<'q> = sqlx::query::Query<'q, sqlx::Any, sqlx::any::AnyArguments>;

fn asked<'q>(query: Statement<'q>, wanted: &Wanted<'_>) -> Statement<'q> {
    let office = wanted.office.map(|one| one.as_ref().map(OfficeId::to_string).unwrap_or_default());
    let (unit, search) = (wanted.unit.unwrap_or_default(), wanted.search);
    let state = search.state.map_or("", BatchState::word);
    let (kind, number) =
        (search.kind.as_deref().unwrap_or_default(), search.number.as_deref().unwrap_or_default());
    let like = number.replace('!', "!!").replace('%', "!%").replace('_', "!_");
    query
        .bind(i64::from(office.is_some()))
        .bind(office.unwrap_or_default())
        .bind(unit.to_owned())
        .bind(unit.to_owned())
        .bind(state)
        .bind(state)
        .bind(kind.to_owned())
        .bind(kind.to_owned())
        .bind(number.to_owned())
        .bind(format!("%{like}%"))
}

/// A page of the batches that are wanted, the newest first; behind a batch.
pub(crate) async fn list(
    conn: &mut Connection,
    wanted: &Wanted<'_>,
    (behind, offset, limit): (Option<&Batch>, u32, u32),
) -> Result<Vec<Batch>, Error> {
    let (at, id) = match behind {
        Some(last) => (last.created_at.as_second(), last.id.to_string()),
        None => (i64::MAX, String::new()),
    };
    // Both bounds: by the first an index on the age is entered.
    let text = format!(
        "SELECT id, number, kind, office, state, blob, unit_index, created_at, version, \
         run_actor, run_person, paper_blob FROM ra_batch WHERE {WANTED} \
         AND created_at <= $11 AND (created_at < $12 OR id < $13) \
         ORDER BY created_at DESC, id DESC LIMIT $14 OFFSET $15"
    );
    let rows = asked(sqlx::query(sqlx::AssertSqlSafe(text)), wanted)
        .bind(at)
        .bind(at)
        .bind(id)
        .bind(i64::from(limit))
        .bind(i64::from(offset))
        .fetch_all(conn)
        .await?;
    rows.iter().map(batch).collect()
}

/// How many are wanted.
pub(crate) async fn total(conn: &mut Connection, wanted: &Wanted<'_>) -> Result<u64, Error> {
    let text = format!("SELECT COUNT(*) AS n FROM ra_batch WHERE {WANTED}");
    let query = asked(sqlx::query(sqlx::AssertSqlSafe(text)), wanted);
    count(&query.fetch_one(conn).await?, "n")
}

/// How many applications of a batch were delivered from an instant on, and when the first of these.
pub(crate) async fn delivered_since(
    conn: &mut Connection,
    id: &BatchId,
    from: Timestamp,
) -> Result<(u64, Option<Timestamp>), Error> {
    let text = "SELECT COUNT(*) AS n, MIN(a.since) AS first FROM ra_batch_row r \
         JOIN ra_application a ON a.id = r.application \
         WHERE r.batch = $1 AND a.state = 'delivered' AND a.since >= $2";
    let row = sqlx::query(text).bind(id.as_str()).bind(from.as_second()).fetch_one(conn).await?;
    Ok((count(&row, "n")?, instant_maybe(&row, "first")?))
}

/// How many applications without a problem are in one of these states.
pub(crate) async fn left(
    conn: &mut Connection,
    id: &BatchId,
    states: &[&str],
) -> Result<u64, Error> {
    let words: Vec<String> = states.iter().map(|word| format!("'{word}'")).collect();
    // The words are ours, never input.
    let text = format!(
        "SELECT COUNT(*) AS n FROM ra_batch_row r JOIN ra_application a ON a.id = r.application \
         WHERE r.batch = $1 AND r.problem IS NULL AND a.state IN ({})",
        words.join(", ")
    );
    let row = sqlx::query(sqlx::AssertSqlSafe(text)).bind(id.as_str()).fetch_one(conn).await?;
    count(&row, "n")
}

/// The batches in one of these states.
pub(crate) async fn in_state(
    conn: &mut Connection,
    state: BatchState,
) -> Result<Vec<Batch>, Error> {
    let text = "SELECT id, number, kind, office, state, blob, unit_index, created_at, version, \
         run_actor, run_person, paper_blob FROM ra_batch WHERE state = $1 ORDER BY created_at, id";
    let rows = sqlx::query(text).bind(state.word()).fetch_all(conn).await?;
    rows.iter().map(batch).collect()
}

/// Writes a new one.
pub(crate) async fn insert(conn: &mut Connection, new: &Batch, person: &str) -> Result<(), Error> {
    let text = "INSERT INTO ra_batch (id, number, kind, office, state, blob, unit_index, person, \
         created_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    sqlx::query(text)
        .bind(new.id.as_str())
        .bind(&*new.number)
        .bind(&*new.kind)
        .bind(new.office.as_ref().map(OfficeId::to_string))
        .bind(new.state.word())
        .bind(&*new.blob)
        .bind(&*new.unit_index)
        .bind(person)
        .bind(new.created_at.as_second())
        .bind(new.version)
        .execute(conn)
        .await?;
    Ok(())
}

/// Writes what may change. [`Error::Changed`] unless the row is at the version before.
pub(crate) async fn update(conn: &mut Connection, changed: &Batch) -> Result<(), Error> {
    let text = "UPDATE ra_batch SET state = $1, run_actor = $2, run_person = $3, paper_blob = $4, \
         version = $5 WHERE id = $6 AND version = $7";
    let (actor, person) = changed.run_by.clone().unzip();
    let done = sqlx::query(text)
        .bind(changed.state.word())
        .bind(actor.map(|actor| actor.to_string()))
        .bind(person)
        .bind(changed.paper.clone())
        .bind(changed.version)
        .bind(changed.id.as_str())
        .bind(changed.version - 1)
        .execute(conn)
        .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::Changed) }
}

fn material(row: &AnyRow) -> Result<BatchMaterial, Error> {
    let mime: String = column(row, "media")?;
    let media = Media::ALL.into_iter().find(|media| media.mime() == mime);
    Ok(BatchMaterial {
        id: parsed(row, "id")?,
        name: column(row, "name")?,
        media: media.ok_or(Error::Stored("media"))?,
        size: count(row, "size")?,
        added_at: instant(row, "added_at")?,
        blob: column(row, "blob")?,
        content: column(row, "content")?,
    })
}

/// The materials of a batch, in the order in which they came.
pub(crate) async fn materials(
    conn: &mut Connection,
    id: &BatchId,
) -> Result<Vec<BatchMaterial>, Error> {
    let text = "SELECT id, name, media, size, blob, content, added_at FROM ra_batch_material \
         WHERE batch = $1 ORDER BY added_at, id";
    let rows = sqlx::query(text).bind(id.as_str()).fetch_all(conn).await?;
    rows.iter().map(material).collect()
}

/// Adds a material. False if the same is there.
pub(crate) async fn add_material(
    conn: &mut Connection,
    id: &BatchId,
    material: &BatchMaterial,
) -> Result<bool, Error> {
    let text = "INSERT INTO ra_batch_material (id, batch, name, media, size, blob, content, \
         added_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING";
    let done = sqlx::query(text)
        .bind(material.id.as_str())
        .bind(id.as_str())
        .bind(&*material.name)
        .bind(material.media.mime())
        .bind(i64::try_from(material.size).unwrap_or(i64::MAX))
        .bind(&*material.blob)
        .bind(&*material.content)
        .bind(material.added_at.as_second())
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

fn sheet(row: &AnyRow) -> Result<BatchSheet, Error> {
    let number = |name| u32::try_from(count(row, name)?).map_err(|_| Error::Stored(name));
    let format: String = column(row, "format")?;
    let good: Option<i64> = column(row, "good")?;
    let bad: Option<i64> = column(row, "bad")?;
    let done = instant_maybe(row, "done_at")?;
    let result = done.and(good.zip(bad)).map(|(good, bad)| {
        (u64::try_from(good).unwrap_or_default(), u64::try_from(bad).unwrap_or_default())
    });
    Ok(BatchSheet {
        position: number("position")?,
        format: SheetFormat::of(&format).ok_or(Error::Stored("format"))?,
        at: instant(row, "at")?,
        rows: count(row, "rows")?,
        result,
        blob: column(row, "blob")?,
        bad_blob: column(row, "bad_blob")?,
        person: column(row, "person")?,
        actor: Actor::new(column::<String>(row, "actor")?),
    })
}

/// The sheets of a batch, the first one first.
pub(crate) async fn sheets(conn: &mut Connection, id: &BatchId) -> Result<Vec<BatchSheet>, Error> {
    let text = "SELECT position, format, at, rows, good, bad, blob, bad_blob, person, actor, \
         done_at FROM ra_batch_sheet WHERE batch = $1 ORDER BY position";
    let rows = sqlx::query(text).bind(id.as_str()).fetch_all(conn).await?;
    rows.iter().map(sheet).collect()
}

/// The batches and positions of sheets that are not worked through, the oldest first.
pub(crate) async fn open_sheets(conn: &mut Connection) -> Result<Vec<(BatchId, u32)>, Error> {
    let text =
        "SELECT batch, position FROM ra_batch_sheet WHERE done_at IS NULL ORDER BY at, batch";
    let rows = sqlx::query(text).fetch_all(conn).await?;
    rows.iter()
        .map(|row| {
            let position = u32::try_from(count(row, "position")?);
            Ok((parsed(row, "batch")?, position.map_err(|_| Error::Stored("position"))?))
        })
        .collect()
}

/// Adds a sheet.
pub(crate) async fn add_sheet(
    conn: &mut Connection,
    id: &BatchId,
    sheet: &BatchSheet,
) -> Result<(), Error> {
    let text = "INSERT INTO ra_batch_sheet (batch, position, format, blob, person, actor, at, rows) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    sqlx::query(text)
        .bind(id.as_str())
        .bind(i64::from(sheet.position))
        .bind(sheet.format.ending())
        .bind(&*sheet.blob)
        .bind(&*sheet.person)
        .bind(sheet.actor.to_string())
        .bind(sheet.at.as_second())
        .bind(i64::try_from(sheet.rows).unwrap_or(i64::MAX))
        .execute(conn)
        .await?;
    Ok(())
}

/// Ends a sheet with what came of it. False if it was ended before.
pub(crate) async fn end_sheet(
    conn: &mut Connection,
    (id, position): (&BatchId, u32),
    ((good, bad), bad_blob): ((u64, u64), Option<&str>),
    at: Timestamp,
) -> Result<bool, Error> {
    let text = "UPDATE ra_batch_sheet SET good = $1, bad = $2, bad_blob = $3, done_at = $4 \
         WHERE batch = $5 AND position = $6 AND done_at IS NULL";
    let done = sqlx::query(text)
        .bind(i64::try_from(good).unwrap_or(i64::MAX))
        .bind(i64::try_from(bad).unwrap_or(i64::MAX))
        .bind(bad_blob.map(str::to_owned))
        .bind(at.as_second())
        .bind(id.as_str())
        .bind(i64::from(position))
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// The rows of a sheet that became applications.
pub(crate) async fn taken_lines(
    conn: &mut Connection,
    (id, position): (&BatchId, u32),
) -> Result<Vec<u32>, Error> {
    let text = "SELECT line FROM ra_batch_row WHERE batch = $1 AND sheet = $2";
    let rows =
        sqlx::query(text).bind(id.as_str()).bind(i64::from(position)).fetch_all(conn).await?;
    rows.iter()
        .map(|row| u32::try_from(count(row, "line")?).map_err(|_| Error::Stored("line")))
        .collect()
}

/// Where a row stands in its sheet, and its key.
pub(crate) struct NewRow<'a> {
    pub place: (u32, u32),
    pub fingerprint: &'a str,
    pub csr: &'a [u8],
}

/// Makes an application a row of a batch.
pub(crate) async fn add_row(
    conn: &mut Connection,
    (id, application): (&BatchId, &ApplicationId),
    row: NewRow<'_>,
) -> Result<(), Error> {
    let text = "INSERT INTO ra_batch_row (application, batch, sheet, line, fingerprint, csr) \
         VALUES ($1, $2, $3, $4, $5, $6)";
    sqlx::query(text)
        .bind(application.as_str())
        .bind(id.as_str())
        .bind(i64::from(row.place.0))
        .bind(i64::from(row.place.1))
        .bind(row.fingerprint)
        .bind(row.csr.to_vec())
        .execute(conn)
        .await?;
    Ok(())
}

/// Whether a live row of any batch, or any application, has this key.
pub(crate) async fn key_is_taken(conn: &mut Connection, fingerprint: &str) -> Result<bool, Error> {
    let text = "SELECT (SELECT COUNT(*) FROM ra_batch_row r JOIN ra_application a \
         ON a.id = r.application WHERE r.fingerprint = $1 \
         AND a.state NOT IN ('withdrawn', 'expired')) \
         + (SELECT COUNT(*) FROM ra_key WHERE fingerprint = $2) AS n";
    let row = sqlx::query(text).bind(fingerprint).bind(fingerprint).fetch_one(conn).await?;
    Ok(count(&row, "n")? > 0)
}

/// Whether an application for a new certificate of this kind, for whoever has this number, is under way.
pub(crate) async fn is_under_way(
    conn: &mut Connection,
    kind: &str,
    (field, value): (&str, &str),
) -> Result<bool, Error> {
    let text = "SELECT COUNT(*) AS n FROM ra_index i JOIN ra_application a ON a.id = i.application \
         WHERE i.field = $1 AND i.value = $2 AND a.kind = $3 AND a.service = 'new' \
         AND a.state NOT IN ('confirmed', 'carried_out', 'refused', 'withdrawn', 'expired')";
    let row = sqlx::query(text).bind(field).bind(value).bind(kind).fetch_one(conn).await?;
    Ok(count(&row, "n")? > 0)
}

/// The key and the request of a row.
pub(crate) async fn request(
    conn: &mut Connection,
    application: &ApplicationId,
) -> Result<(String, Vec<u8>), Error> {
    let text = "SELECT fingerprint, csr FROM ra_batch_row WHERE application = $1";
    let row = sqlx::query(text).bind(application.as_str()).fetch_optional(conn).await?;
    let row = row
        .ok_or_else(|| Error::Unknown {
            what: "批次中的申请", name: application.to_string()
        })?;
    Ok((column(&row, "fingerprint")?, column(&row, "csr")?))
}

/// The batch of an application, if it belongs to one.
pub(crate) async fn of_application(
    conn: &mut Connection,
    application: &ApplicationId,
) -> Result<Option<BatchId>, Error> {
    let text = "SELECT batch FROM ra_batch_row WHERE application = $1";
    let row = sqlx::query(text).bind(application.as_str()).fetch_optional(conn).await?;
    row.as_ref().map(|row| parsed(row, "batch")).transpose()
}

/// Notes why a row was not issued.
pub(crate) async fn set_problem(
    conn: &mut Connection,
    application: &ApplicationId,
    code: Option<&str>,
) -> Result<(), Error> {
    sqlx::query("UPDATE ra_batch_row SET problem = $1 WHERE application = $2")
        .bind(code.map(str::to_owned))
        .bind(application.as_str())
        .execute(conn)
        .await?;
    Ok(())
}

/// How many applications of a batch are in which state, by word; and how many have a problem.
pub(crate) async fn states(
    conn: &mut Connection,
    id: &BatchId,
) -> Result<Vec<(String, u64, u64)>, Error> {
    let text = "SELECT a.state AS state, COUNT(*) AS n, COUNT(r.problem) AS problems \
         FROM ra_batch_row r JOIN ra_application a ON a.id = r.application \
         WHERE r.batch = $1 GROUP BY a.state";
    let rows = sqlx::query(text).bind(id.as_str()).fetch_all(conn).await?;
    rows.iter()
        .map(|row| Ok((column(row, "state")?, count(row, "n")?, count(row, "problems")?)))
        .collect()
}

/// A page of the applications of a batch, in the order of their ids, behind `after`; `states` empty: all.
/// With `sound` only those without a problem.
pub(crate) async fn rows(
    conn: &mut Connection,
    id: &BatchId,
    (states, sound): (&[&str], bool),
    (after, limit): (&str, u32),
) -> Result<Vec<BatchRow>, Error> {
    let words: Vec<String> = states.iter().map(|word| format!("'{word}'")).collect();
    // The words are ours, never input.
    let states = match words.is_empty() {
        true => String::new(),
        false => format!(" AND a.state IN ({})", words.join(", ")),
    };
    let sound = if sound { " AND r.problem IS NULL" } else { "" };
    let text = format!(
        "SELECT a.id, a.number, a.service, a.kind, a.office, a.concerns, a.state, a.state_data, \
         a.since, a.version, a.form, a.round, a.created_at, a.clock_from, r.sheet, r.line, \
         r.problem FROM ra_batch_row r JOIN ra_application a ON a.id = r.application \
         WHERE r.batch = $1 AND r.application > $2{states}{sound} ORDER BY r.application LIMIT {limit}"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(text))
        .bind(id.as_str())
        .bind(after)
        .fetch_all(conn)
        .await?;
    rows.iter()
        .map(|row| {
            let number = |name| u32::try_from(count(row, name)?).map_err(|_| Error::Stored(name));
            Ok(BatchRow {
                application: super::application::of_row(row)?,
                place: (number("sheet")?, number("line")?),
                problem: column(row, "problem")?,
            })
        })
        .collect()
}
