//! The evidence of reports, over `migrations/institution/0925_problem.sql`.

use jiff::Timestamp;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::{column, fault};
use crate::error::Error;

/// A piece of evidence as it is stored.
#[derive(Debug, Clone)]
pub(in crate::voice) struct EvidenceRow {
    pub octets: i64,
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
