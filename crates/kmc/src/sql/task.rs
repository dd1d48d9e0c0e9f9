//! GM/T 0014 task numbers: each is used once.

use jiff::Timestamp;

use super::{Connection, fault};
use crate::error::Error;

/// Records a task number. False when the CA used it before.
pub(crate) async fn record(
    conn: &mut Connection,
    ca_id: i64,
    (task_no, at): (&str, Timestamp),
) -> Result<bool, Error> {
    let sql = "INSERT INTO ca_task (ca_id, task_no, at) VALUES ($1, $2, $3) \
         ON CONFLICT (ca_id, task_no) DO NOTHING";
    let done = sqlx::query(sql)
        .bind(ca_id)
        .bind(task_no)
        .bind(at.as_second())
        .execute(conn)
        .await
        .map_err(fault)?;
    Ok(done.rows_affected() == 1)
}

/// Forgets task numbers so old that the time window refuses their requests anyway.
pub(crate) async fn forget(conn: &mut Connection, before: Timestamp) -> Result<(), Error> {
    sqlx::query("DELETE FROM ca_task WHERE at < $1")
        .bind(before.as_second())
        .execute(conn)
        .await
        .map_err(fault)
        .map(drop)
}
