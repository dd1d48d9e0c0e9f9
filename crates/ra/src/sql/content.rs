//! Forms, their blind indexes, and materials.

use jiff::Timestamp;
use sqlx::any::AnyRow;

use super::{Connection, column, count, instant, parsed};
use crate::catalogue::SearchField;
use crate::error::Error;
use crate::model::{Application, ApplicationId, Material, MaterialId, Media};

/// Adds a version of the form.
pub(crate) async fn add_form(
    conn: &mut Connection,
    application: &Application,
    blob: &str,
    at: Timestamp,
) -> Result<(), Error> {
    let text = "INSERT INTO ra_form (application, version, blob, saved_at, round) \
         VALUES ($1, $2, $3, $4, 0)";
    sqlx::query(text)
        .bind(application.id.as_str())
        .bind(application.form)
        .bind(blob)
        .bind(at.as_second())
        .execute(conn)
        .await?;
    Ok(())
}

/// Notes that the present form counts for the present submission.
pub(crate) async fn submit_form(
    conn: &mut Connection,
    application: &Application,
) -> Result<(), Error> {
    let text = "UPDATE ra_form SET round = $1 WHERE application = $2 AND version = $3";
    sqlx::query(text)
        .bind(application.round)
        .bind(application.id.as_str())
        .bind(application.form)
        .execute(conn)
        .await?;
    Ok(())
}

/// The blob of a version of the form.
pub(crate) async fn form_blob(
    conn: &mut Connection,
    id: &ApplicationId,
    version: i64,
) -> Result<Option<String>, Error> {
    let text = "SELECT blob FROM ra_form WHERE application = $1 AND version = $2";
    let row = sqlx::query(text).bind(id.as_str()).bind(version).fetch_optional(conn).await?;
    row.as_ref().map(|row| column(row, "blob")).transpose()
}

/// Replaces what the application can be found under.
pub(crate) async fn index(
    conn: &mut Connection,
    id: &ApplicationId,
    values: &[(SearchField, String)],
) -> Result<(), Error> {
    sqlx::query("DELETE FROM ra_index WHERE application = $1")
        .bind(id.as_str())
        .execute(&mut *conn)
        .await?;
    for (field, value) in values {
        let text = "INSERT INTO ra_index (application, field, value) VALUES ($1, $2, $3) \
             ON CONFLICT DO NOTHING";
        sqlx::query(text)
            .bind(id.as_str())
            .bind(field.word())
            .bind(&**value)
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

/// What an application can be found under.
pub(crate) async fn indexed(
    conn: &mut Connection,
    id: &ApplicationId,
) -> Result<Vec<(String, String)>, Error> {
    let text = "SELECT field, value FROM ra_index WHERE application = $1 ORDER BY field, value";
    let rows = sqlx::query(text).bind(id.as_str()).fetch_all(conn).await?;
    rows.iter().map(|row| Ok((column(row, "field")?, column(row, "value")?))).collect()
}

fn material(row: &AnyRow) -> Result<Material, Error> {
    let mime: String = column(row, "media")?;
    let media = Media::ALL.into_iter().find(|media| media.mime() == mime);
    Ok(Material {
        id: parsed(row, "id")?,
        name: column(row, "name")?,
        media: media.ok_or(Error::Stored("media"))?,
        size: count(row, "size")?,
        added_at: instant(row, "added_at")?,
        round: column(row, "round")?,
        blob: column(row, "blob")?,
    })
}

/// The materials that count, in the order in which they came.
pub(crate) async fn materials(
    conn: &mut Connection,
    id: &ApplicationId,
) -> Result<Vec<Material>, Error> {
    let text = "SELECT id, name, media, size, blob, round, added_at FROM ra_material \
         WHERE application = $1 AND removed_at IS NULL ORDER BY added_at, id";
    let rows = sqlx::query(text).bind(id.as_str()).fetch_all(conn).await?;
    rows.iter().map(material).collect()
}

/// The material with this content, if it is there already.
pub(crate) async fn material_of_content(
    conn: &mut Connection,
    id: &ApplicationId,
    (name, content): (&str, &str),
) -> Result<Option<Material>, Error> {
    let text = "SELECT id, name, media, size, blob, round, added_at FROM ra_material \
         WHERE application = $1 AND name = $2 AND content = $3 AND removed_at IS NULL";
    let row =
        sqlx::query(text).bind(id.as_str()).bind(name).bind(content).fetch_optional(conn).await?;
    row.as_ref().map(material).transpose()
}

/// Adds a material.
pub(crate) async fn add_material(
    conn: &mut Connection,
    id: &ApplicationId,
    material: &Material,
    content: &str,
) -> Result<(), Error> {
    let text = "INSERT INTO ra_material (id, application, name, media, size, blob, content, \
         round, added_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    sqlx::query(text)
        .bind(material.id.as_str())
        .bind(id.as_str())
        .bind(&*material.name)
        .bind(material.media.mime())
        .bind(i64::try_from(material.size).unwrap_or(i64::MAX))
        .bind(&*material.blob)
        .bind(content)
        .bind(material.round)
        .bind(material.added_at.as_second())
        .execute(conn)
        .await?;
    Ok(())
}

/// Takes a material back.
pub(crate) async fn remove_material(
    conn: &mut Connection,
    id: &MaterialId,
    at: Timestamp,
) -> Result<(), Error> {
    sqlx::query("UPDATE ra_material SET removed_at = $1 WHERE id = $2")
        .bind(at.as_second())
        .bind(id.as_str())
        .execute(conn)
        .await?;
    Ok(())
}
