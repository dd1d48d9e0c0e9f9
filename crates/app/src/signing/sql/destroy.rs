//! Keys that have nothing left to do (`0927_signing_destroyed.sql`).

use sqlx::{Any, AnyConnection};
use store::Error as Fault;

use crate::sql::changed_one;

/// Stopped keys of which every certificate has ended, and whose key in the device was not destroyed yet.
pub(in crate::signing) async fn spent(db: &mut AnyConnection) -> Result<Vec<i64>, Fault> {
    let text = "SELECT k.number FROM signing_key k WHERE k.state = 'stopped' AND k.destroyed_at IS NULL \
         AND EXISTS (SELECT 1 FROM signing_pair p WHERE p.number = k.number) \
         AND NOT EXISTS (SELECT 1 FROM signing_pair p WHERE p.number = k.number AND p.ended IS NULL) \
         ORDER BY k.number";
    Ok(sqlx::query_scalar::<Any, i64>(text).fetch_all(db).await?)
}

/// Notes that it was destroyed; whether that was not noted before.
pub(in crate::signing) async fn destroyed(
    db: &mut AnyConnection,
    (number, at): (i64, i64),
) -> Result<bool, Fault> {
    let text =
        "UPDATE signing_key SET destroyed_at = $1 WHERE number = $2 AND destroyed_at IS NULL";
    changed_one(sqlx::query::<Any>(text).bind(at).bind(number).execute(db).await)
}
