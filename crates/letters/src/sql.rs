//! All SQL of the letters, over the tables of `migrations/institution/0600_letters.sql`.

use jiff::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use crate::error::Error;
use crate::model::{Issued, LetterId, LetterKind};

const COLUMNS: &str = "id, kind, number, application, position, issued_at, blob, pdf_blob";

/// A letter with the names of its blobs.
#[derive(Debug, Clone)]
pub(crate) struct LetterRow {
    pub issued: Issued,
    pub blob: String,
    pub pdf: Option<String>,
}

/// What is stored of a new letter.
#[derive(Debug, Clone)]
pub(crate) struct NewLetter {
    pub id: LetterId,
    pub kind: LetterKind,
    pub number: String,
    pub application: String,
    pub position: u32,
    pub text: String,
    pub code_index: String,
    pub content_index: String,
    pub blob: String,
}

fn column<'r, T>(row: &'r AnyRow, name: &'static str) -> Result<T, Error>
where
    T: sqlx::Decode<'r, sqlx::Any> + sqlx::Type<sqlx::Any>,
{
    row.try_get(name).map_err(|_| Error::Stored(name))
}

fn read(row: &AnyRow) -> Result<LetterRow, Error> {
    let pdf: Option<String> = column(row, "pdf_blob")?;
    let id: String = column(row, "id")?;
    let kind: String = column(row, "kind")?;
    let position: i64 = column(row, "position")?;
    let issued_at: i64 = column(row, "issued_at")?;
    let issued = Issued {
        id: id.parse().map_err(|_| Error::Stored("id"))?,
        kind: kind.parse()?,
        number: column(row, "number")?,
        application: column(row, "application")?,
        position: u32::try_from(position).map_err(|_| Error::Stored("position"))?,
        issued_at: Timestamp::from_second(issued_at).map_err(|_| Error::Stored("issued_at"))?,
        has_pdf: pdf.is_some(),
    };
    Ok(LetterRow { issued, blob: column(row, "blob")?, pdf })
}

async fn one(
    conn: &mut AnyConnection,
    condition: &str,
    values: &[&str],
) -> Result<Option<LetterRow>, Error> {
    let text = format!("SELECT {COLUMNS} FROM letter WHERE {condition}");
    let mut query = sqlx::query(sqlx::AssertSqlSafe(text));
    for value in values {
        query = query.bind(*value);
    }
    let row = query.fetch_optional(conn).await?;
    row.as_ref().map(read).transpose()
}

/// The letter of this name.
pub(crate) async fn by_id(
    conn: &mut AnyConnection,
    id: &LetterId,
) -> Result<Option<LetterRow>, Error> {
    one(conn, "id = $1", &[id.as_str()]).await
}

/// The letter of this number.
pub(crate) async fn by_number(
    conn: &mut AnyConnection,
    number: &str,
) -> Result<Option<LetterRow>, Error> {
    one(conn, "number = $1", &[number]).await
}

/// The letter of this number and code.
pub(crate) async fn by_code(
    conn: &mut AnyConnection,
    number: &str,
    code_index: &str,
) -> Result<Option<LetterRow>, Error> {
    one(conn, "number = $1 AND code_index = $2", &[number, code_index]).await
}

/// The letter with exactly this content.
pub(crate) async fn by_content(
    conn: &mut AnyConnection,
    index: &str,
) -> Result<Option<LetterRow>, Error> {
    one(conn, "content_index = $1", &[index]).await
}

/// The letter whose kept PDF is this one.
pub(crate) async fn by_pdf(
    conn: &mut AnyConnection,
    index: &str,
) -> Result<Option<LetterRow>, Error> {
    one(conn, "pdf_index = $1", &[index]).await
}

/// The letter of a kind and position about an application.
pub(crate) async fn due(
    conn: &mut AnyConnection,
    application: &str,
    (kind, position): (LetterKind, u32),
) -> Result<Option<LetterRow>, Error> {
    let text = format!(
        "SELECT {COLUMNS} FROM letter WHERE application = $1 AND kind = $2 AND position = $3"
    );
    let row = sqlx::query(sqlx::AssertSqlSafe(text))
        .bind(application)
        .bind(kind.word())
        .bind(i64::from(position))
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(read).transpose()
}

/// The letters about an application, oldest first.
pub(crate) async fn of_application(
    conn: &mut AnyConnection,
    application: &str,
) -> Result<Vec<LetterRow>, Error> {
    let text =
        format!("SELECT {COLUMNS} FROM letter WHERE application = $1 ORDER BY issued_at, number");
    let rows = sqlx::query(sqlx::AssertSqlSafe(text)).bind(application).fetch_all(conn).await?;
    rows.iter().map(read).collect()
}

/// The last number of a kind and year; 0 before the first.
pub(crate) async fn last_number(
    conn: &mut AnyConnection,
    (kind, year): (LetterKind, i16),
) -> Result<i64, Error> {
    let row = sqlx::query("SELECT last FROM letter_number WHERE kind = $1 AND year = $2")
        .bind(kind.word())
        .bind(i64::from(year))
        .fetch_optional(conn)
        .await?;
    row.as_ref().map_or(Ok(0), |row| column(row, "last"))
}

/// Takes the next number; false if somebody else has it.
pub(crate) async fn take_number(
    conn: &mut AnyConnection,
    (kind, year): (LetterKind, i16),
    next: i64,
) -> Result<bool, Error> {
    let text = match next {
        1 => {
            "INSERT INTO letter_number (kind, year, last) VALUES ($1, $2, $3) \
             ON CONFLICT (kind, year) DO NOTHING"
        }
        _ => "UPDATE letter_number SET last = $3 WHERE kind = $1 AND year = $2 AND last = $3 - 1",
    };
    let done =
        sqlx::query(text).bind(kind.word()).bind(i64::from(year)).bind(next).execute(conn).await?;
    Ok(done.rows_affected() == 1)
}

/// Stores a letter; false if there is one of its kind and position already.
pub(crate) async fn insert(
    conn: &mut AnyConnection,
    new: &NewLetter,
    at: Timestamp,
) -> Result<bool, Error> {
    let text = "INSERT INTO letter (id, kind, number, application, position, issued_at, text, \
         code_index, content_index, blob) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
         ON CONFLICT (application, kind, position) DO NOTHING";
    let done = sqlx::query(text)
        .bind(new.id.as_str())
        .bind(new.kind.word())
        .bind(&*new.number)
        .bind(&*new.application)
        .bind(i64::from(new.position))
        .bind(at.as_second())
        .bind(&*new.text)
        .bind(&*new.code_index)
        .bind(&*new.content_index)
        .bind(&*new.blob)
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Keeps the PDF of a letter; false if one is kept already.
pub(crate) async fn keep_pdf(
    conn: &mut AnyConnection,
    id: &LetterId,
    (blob, index): (&str, &str),
) -> Result<bool, Error> {
    let text = "UPDATE letter SET pdf_blob = $1, pdf_index = $2 WHERE id = $3 AND pdf_blob IS NULL";
    let done = sqlx::query(text).bind(blob).bind(index).bind(id.as_str()).execute(conn).await?;
    Ok(done.rows_affected() == 1)
}
