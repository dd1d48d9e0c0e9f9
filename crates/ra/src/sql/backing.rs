//! What stands behind a certificate: proof, rows of evidence with what they refer to, and who entered.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Connection, column, count, instant};
use crate::error::Error;
use crate::model::{Application, ApplicationId, EvidenceShown};
use crate::rules::backing::Kept;

/// A proof as stored.
pub(crate) struct ProofRow {
    pub method: String,
    pub level: u8,
    pub person: String,
    pub at: Timestamp,
}

/// The proof of the present submission.
pub(crate) async fn proof(
    conn: &mut Connection,
    application: &Application,
) -> Result<Option<ProofRow>, Error> {
    let text =
        "SELECT method, level, person, at FROM ra_proof WHERE application = $1 AND round = $2";
    let row = sqlx::query(text)
        .bind(application.id.as_str())
        .bind(application.round)
        .fetch_optional(conn)
        .await?;
    let proof = row.map(|row| {
        Ok(ProofRow {
            method: column(&row, "method")?,
            level: u8::try_from(count(&row, "level")?).map_err(|_| Error::Stored("level"))?,
            person: column(&row, "person")?,
            at: instant(&row, "at")?,
        })
    });
    proof.transpose()
}

/// The rows of evidence of the present submission by element, with the names of material and database. What they are
/// called is said by the registration data.
pub(crate) async fn rows(
    conn: &mut Connection,
    application: &Application,
) -> Result<BTreeMap<String, Kept>, Error> {
    let text = "SELECT e.element AS element, e.argument AS argument, e.means AS means, \
         m.name AS material, i.source AS source, i.answer AS answer FROM ra_evidence e \
         LEFT JOIN ra_material m ON m.id = e.material LEFT JOIN ra_inquiry i ON i.id = e.inquiry \
         WHERE e.application = $1 AND e.round = $2";
    let rows = sqlx::query(text)
        .bind(application.id.as_str())
        .bind(application.round)
        .fetch_all(conn)
        .await?;
    rows.iter()
        .map(|row| {
            let (source, answer) = (column::<Option<String>>(row, "source")?, "answer");
            let answer: Option<String> = column(row, answer)?;
            let means: String = column(row, "means")?;
            let shown = EvidenceShown {
                title: means.clone(),
                means,
                material: column(row, "material")?,
                inquiry: source.zip(answer),
            };
            let kept = Kept { argument: column(row, "argument")?, shown };
            Ok((column(row, "element")?, kept))
        })
        .collect()
}

/// Who of the staff entered an application.
pub(crate) async fn entered(
    conn: &mut Connection,
    id: &ApplicationId,
) -> Result<Vec<String>, Error> {
    let text = "SELECT person FROM ra_hand WHERE application = $1 AND part = 'entered' \
         ORDER BY at, person";
    let rows = sqlx::query(text).bind(id.as_str()).fetch_all(conn).await?;
    rows.iter().map(|row| column(row, "person")).collect()
}
