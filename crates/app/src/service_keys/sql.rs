//! The table of keys that were recorded as made: `migrations/institution/0953_service_key.sql`.

use jiff::Timestamp;
use sqlx::{Any, AnyConnection};
use store::Error;

/// Notes that a key was made; false where somebody noted it before.
pub(crate) async fn note_made(
    db: &mut AnyConnection,
    label: &str,
    at: Timestamp,
) -> Result<bool, Error> {
    let text = "INSERT INTO service_key_made (label, made_at) VALUES ($1, $2) \
         ON CONFLICT (label) DO NOTHING";
    let query = sqlx::query::<Any>(text).bind(label.to_owned()).bind(at.as_second());
    Ok(query.execute(db).await?.rows_affected() == 1)
}
