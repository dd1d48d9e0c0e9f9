//! The evidence of reports, over `migrations/institution/0925_problem.sql`,
//! `0940_problem_proof.sql`, `0951_evidence_erased.sql` and `0960_evidence_term.sql`.

use jiff::Timestamp;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::super::problem::Stopped;
use super::{column, fault, instant_maybe};
use crate::error::Error;

/// A piece of evidence as it is stored.
#[derive(Debug, Clone)]
pub(in crate::voice) struct EvidenceRow {
    pub octets: i64,
    /// The commitment of its blob; older rows have its SM3.
    pub digest: String,
    pub blob: String,
    /// Whether it is nothing but the key that was proved to have leaked.
    pub is_key: bool,
    /// When it was erased, at the end of its time.
    pub erased_at: Option<Timestamp>,
}

fn evidence_of(row: &AnyRow) -> Result<EvidenceRow, Error> {
    let (octets, digest) = (column(row, "octets")?, column(row, "digest")?);
    let (is_key, erased_at) =
        (column::<i64>(row, "is_key")? != 0, instant_maybe(row, "erased_at")?);
    Ok(EvidenceRow { octets, digest, blob: column(row, "blob")?, is_key, erased_at })
}

/// Adds a piece of evidence behind those that there are.
pub(in crate::voice) async fn add_evidence(
    db: &mut AnyConnection,
    complaint: &str,
    one: &EvidenceRow,
) -> Result<(), Error> {
    let text = "INSERT INTO voice_evidence (complaint, position, octets, digest, blob, is_key) \
         SELECT $1, COALESCE(MAX(position), 0) + 1, $2, $3, $4, $5 FROM voice_evidence \
         WHERE complaint = $1";
    let query = sqlx::query(text).bind(complaint).bind(one.octets).bind(&*one.digest);
    let query = query.bind(&*one.blob).bind(i64::from(one.is_key));
    query.execute(db).await.map_err(fault)?;
    Ok(())
}

/// The evidence of a complaint, in order.
pub(in crate::voice) async fn evidence(
    db: &mut AnyConnection,
    complaint: &str,
) -> Result<Vec<EvidenceRow>, Error> {
    let text = "SELECT octets, digest, blob, is_key, erased_at FROM voice_evidence \
         WHERE complaint = $1 ORDER BY position";
    let rows = sqlx::query(text).bind(complaint).fetch_all(db).await.map_err(fault)?;
    rows.iter().map(evidence_of).collect()
}

/// The evidence of a complaint that was not erased, with its places.
pub(in crate::voice) async fn kept_evidence(
    db: &mut AnyConnection,
    complaint: &str,
) -> Result<Vec<(i64, EvidenceRow)>, Error> {
    let text = "SELECT position, octets, digest, blob, is_key, erased_at FROM voice_evidence \
         WHERE complaint = $1 AND erased_at IS NULL ORDER BY position";
    let rows = sqlx::query(text).bind(complaint).fetch_all(db).await.map_err(fault)?;
    rows.iter().map(|row| Ok((column(row, "position")?, evidence_of(row)?))).collect()
}

/// Notes that a piece of evidence was erased.
pub(in crate::voice) async fn note_erased(
    db: &mut AnyConnection,
    (complaint, position): (&str, i64),
    at: Timestamp,
) -> Result<(), Error> {
    let text = "UPDATE voice_evidence SET erased_at = $1 \
         WHERE complaint = $2 AND position = $3 AND erased_at IS NULL";
    let query = sqlx::query(text).bind(at.as_second()).bind(complaint).bind(position);
    query.execute(db).await.map_err(fault)?;
    Ok(())
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

/// A report with a proof that nobody took up.
#[derive(Debug, Clone)]
pub(in crate::voice) struct OpenProof {
    pub number: String,
    pub led_to: Stopped,
    /// Whether the key is another institution's, of a cross-certificate of our root.
    pub is_cross: bool,
}

/// Reports with a proof that nobody took up, those for people first.
pub(in crate::voice) async fn open_proofs(
    db: &mut AnyConnection,
    most: i64,
) -> Result<Vec<OpenProof>, Error> {
    let text = "SELECT c.number, p.led_to, (SELECT COUNT(*) FROM cross_issued x \
         JOIN certificate t ON t.id = x.certificate_id WHERE t.serial = p.serial) AS crossed \
         FROM voice_complaint c \
         JOIN voice_proof p ON p.complaint = c.id WHERE c.state = 'received' \
         ORDER BY CASE p.led_to WHEN 'people' THEN 0 ELSE 1 END, c.received_at, c.number LIMIT $1";
    let rows = sqlx::query(text).bind(most).fetch_all(db).await.map_err(fault)?;
    let read = |row: &AnyRow| {
        let led_to: String = column(row, "led_to")?;
        Ok(OpenProof {
            number: column(row, "number")?,
            led_to: Stopped::of(&led_to).ok_or(Error::Stored("led_to"))?,
            is_cross: column::<i64>(row, "crossed")? > 0,
        })
    };
    rows.iter().map(read).collect()
}
