//! The table of public names: `migrations/institution/0820_public_name.sql`, `0901_public_name_once.sql`.

use sqlx::{Any, AnyConnection, Row};
use store::Error;

/// By a name, the newest first: the key has it in this order, so no more rows are read than shown.
pub const BY_NAME: &str = "SELECT serial FROM public_name WHERE name = $1 \
     ORDER BY issued_at DESC, serial DESC LIMIT $2";

/// Notes a name of a certificate; a name that is there stays.
pub(super) async fn add(
    db: &mut AnyConnection,
    (name, serial): (&str, &str),
    issued_at: i64,
) -> Result<(), Error> {
    sqlx::query::<Any>(
        "INSERT INTO public_name (name, serial, issued_at) VALUES ($1, $2, $3) \
         ON CONFLICT DO NOTHING",
    )
    .bind(name)
    .bind(serial)
    .bind(issued_at)
    .execute(db)
    .await?;
    Ok(())
}

/// The serial numbers of the newest certificates with a name.
pub(super) async fn by_name(
    db: &mut AnyConnection,
    name: &str,
    limit: i64,
) -> Result<Vec<String>, Error> {
    let rows = sqlx::query::<Any>(BY_NAME).bind(name).bind(limit).fetch_all(db).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Up to which certificate the names were gone through.
pub(super) async fn mark(db: &mut AnyConnection) -> Result<Option<i64>, Error> {
    let row = sqlx::query::<Any>("SELECT certificate FROM public_name_mark WHERE id = 1")
        .fetch_optional(db)
        .await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

/// Moves the mark, never back.
pub(super) async fn set_mark(db: &mut AnyConnection, certificate: i64) -> Result<(), Error> {
    sqlx::query::<Any>(
        "INSERT INTO public_name_mark (id, certificate) VALUES (1, $1) ON CONFLICT (id) \
         DO UPDATE SET certificate = excluded.certificate \
         WHERE public_name_mark.certificate < excluded.certificate",
    )
    .bind(certificate)
    .execute(db)
    .await?;
    Ok(())
}
