//! The evidence of reports, over `migrations/institution/0925_problem.sql` and
//! `0940_problem_proof.sql`.

use jiff::Timestamp;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::super::problem::Stopped;
use super::{column, fault};
use crate::error::Error;

/// A piece of evidence as it is stored.
#[derive(Debug, Clone)]
pub(in crate::voice) struct EvidenceRow {
    pub octets: i64,
    /// The commitment of its blob; older rows have its SM3.
    pub digest: String,
    pub blob: String,
}

/// Adds a piece of evidence behind those that there are.
pub(in crate::voice) async fn add_evidence(
    db: &mut AnyConnection,
    complaint: &str,
    one: &EvidenceRow,
) -> Result<(), Error> {
    let text = "INSERT INTO voice_evidence (complaint, position, octets, digest, blob) \
         SELECT $1, COALESCE(MAX(position), 0) + 1, $2, $3, $4 FROM voice_evidence \
         WHERE complaint = $1";
    let query = sqlx::query(text).bind(complaint).bind(one.octets).bind(&*one.digest);
    query.bind(&*one.blob).execute(db).await.map_err(fault)?;
    Ok(())
}

/// The evidence of a complaint, in order.
pub(in crate::voice) async fn evidence(
    db: &mut AnyConnection,
    complaint: &str,
) -> Result<Vec<EvidenceRow>, Error> {
    let text =
        "SELECT octets, digest, blob FROM voice_evidence WHERE complaint = $1 ORDER BY position";
    let rows = sqlx::query(text).bind(complaint).fetch_all(db).await.map_err(fault)?;
    let read = |row: &AnyRow| {
        let (octets, digest) = (column(row, "octets")?, column(row, "digest")?);
        Ok(EvidenceRow { octets, digest, blob: column(row, "blob")? })
    };
    rows.iter().map(read).collect()
}

/// How many reports of leaked keys wait since before an instant.
pub(in crate::voice) async fn problems_before(
    db: &mut AnyConnection,
    before: Timestamp,
) -> Result<u64, Error> {
    let text = "SELECT COUNT(*) AS n FROM voice_complaint \
         WHERE state = 'received' AND category = 'misuse' AND received_at <= $1";
    let row = sqlx::query(text).bind(before.as_second()).fetch_one(db).await;
    let count: i64 = column(&row.map_err(fault)?, "n")?;
    Ok(count.unsigned_abs())
}

/// Counts these octets to a day where they have room below the most; false where they have none.
pub(in crate::voice) async fn keep_octets(
    db: &mut AnyConnection,
    (day, octets): (&str, i64),
    most: i64,
) -> Result<bool, Error> {
    let text = "INSERT INTO voice_evidence_day (day, octets) VALUES ($1, $2) \
         ON CONFLICT (day) DO UPDATE SET octets = voice_evidence_day.octets + excluded.octets \
         WHERE voice_evidence_day.octets + excluded.octets <= $3";
    let done = sqlx::query(text).bind(day).bind(octets).bind(most).execute(db).await;
    Ok(done.map_err(fault)?.rows_affected() == 1)
}

/// Writes down what a proof led to.
pub(in crate::voice) async fn add_proof(
    db: &mut AnyConnection,
    (complaint, serial): (&str, &str),
    led_to: Stopped,
) -> Result<(), Error> {
    let text = "INSERT INTO voice_proof (complaint, serial, led_to) VALUES ($1, $2, $3)";
    let query = sqlx::query(text).bind(complaint).bind(serial).bind(led_to.word());
    query.execute(db).await.map_err(fault)?;
    Ok(())
}

/// Reports with a proof that nobody took up: number and what the proof led to, those for people first.
pub(in crate::voice) async fn open_proofs(
    db: &mut AnyConnection,
    most: i64,
) -> Result<Vec<(String, Stopped)>, Error> {
    let text = "SELECT c.number, p.led_to FROM voice_complaint c \
         JOIN voice_proof p ON p.complaint = c.id WHERE c.state = 'received' \
         ORDER BY CASE p.led_to WHEN 'people' THEN 0 ELSE 1 END, c.received_at, c.number LIMIT $1";
    let rows = sqlx::query(text).bind(most).fetch_all(db).await.map_err(fault)?;
    let read = |row: &AnyRow| {
        let led_to: String = column(row, "led_to")?;
        Ok((column(row, "number")?, Stopped::of(&led_to).ok_or(Error::Stored("led_to"))?))
    };
    rows.iter().map(read).collect()
}
