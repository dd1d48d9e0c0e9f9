//! What was done about complaints, over `migrations/institution/0610_voice.sql`.

use jiff::Timestamp;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::super::model::Step;
use super::{column, fault, instant};
use crate::error::Error;

/// A step as it is stored.
#[derive(Debug, Clone)]
pub(in crate::voice) struct StepRow {
    pub step: Step,
    pub person: String,
    pub blob: String,
    pub at: Timestamp,
}

/// Adds a step behind those that there are.
pub(in crate::voice) async fn add_step(
    db: &mut AnyConnection,
    complaint: &str,
    step: &StepRow,
) -> Result<(), Error> {
    let text = "INSERT INTO voice_step (complaint, position, step, person, blob, at) \
         SELECT $1, COALESCE(MAX(position), 0) + 1, $2, $3, $4, $5 FROM voice_step \
         WHERE complaint = $1";
    sqlx::query(text)
        .bind(complaint)
        .bind(step.step.word())
        .bind(&*step.person)
        .bind(&*step.blob)
        .bind(step.at.as_second())
        .execute(db)
        .await
        .map_err(fault)?;
    Ok(())
}

/// What was done about a complaint, in order.
pub(in crate::voice) async fn steps(
    db: &mut AnyConnection,
    complaint: &str,
) -> Result<Vec<StepRow>, Error> {
    let text =
        "SELECT step, person, blob, at FROM voice_step WHERE complaint = $1 ORDER BY position";
    let rows = sqlx::query(text).bind(complaint).fetch_all(db).await.map_err(fault)?;
    let read = |row: &AnyRow| {
        let step: String = column(row, "step")?;
        Ok(StepRow {
            step: Step::of(&step).ok_or(Error::Stored("step"))?,
            person: column(row, "person")?,
            blob: column(row, "blob")?,
            at: instant(row, "at")?,
        })
    };
    rows.iter().map(read).collect()
}
