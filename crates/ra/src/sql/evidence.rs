//! Acknowledgements, hands, proofs, inquiries, endorsements, lists of defects and reviews.

use std::collections::BTreeSet;

use gm::{PublicKey, Signature};
use jiff::Timestamp;

use super::{Connection, column, count, instant, parsed};
use crate::error::Error;
use crate::model::{
    Acknowledgement, Application, ApplicationId, EvidenceRow, IdentityProof, InquiryId, Review,
};

/// Stores an acknowledgement. False if the same text was acknowledged before.
pub(crate) async fn acknowledge(
    conn: &mut Connection,
    given: &Acknowledgement,
    (text_hash, actor): (&str, &str),
) -> Result<bool, Error> {
    let text = "INSERT INTO ra_acknowledgement (application, notice, version, text_hash, actor, \
         at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
    let done = sqlx::query(text)
        .bind(given.application.as_str())
        .bind(&*given.notice)
        .bind(&*given.version)
        .bind(text_hash)
        .bind(actor)
        .bind(given.at.as_second())
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// The acknowledgements of an application.
pub(crate) async fn acknowledgements(
    conn: &mut Connection,
    id: &ApplicationId,
) -> Result<Vec<Acknowledgement>, Error> {
    let text = "SELECT notice, version, at FROM ra_acknowledgement WHERE application = $1 \
         ORDER BY at, notice, version";
    let rows = sqlx::query(text).bind(id.as_str()).fetch_all(conn).await?;
    rows.iter()
        .map(|row| {
            Ok(Acknowledgement {
                application: id.clone(),
                notice: column(row, "notice")?,
                version: column(row, "version")?,
                at: instant(row, "at")?,
            })
        })
        .collect()
}

/// Notes that somebody of the staff had a part in it.
pub(crate) async fn add_hand(
    conn: &mut Connection,
    id: &ApplicationId,
    (person, part): (&str, &'static str),
    at: Timestamp,
) -> Result<(), Error> {
    let text = "INSERT INTO ra_hand (application, person, part, at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT DO NOTHING";
    sqlx::query(text)
        .bind(id.as_str())
        .bind(person)
        .bind(part)
        .bind(at.as_second())
        .execute(conn)
        .await?;
    Ok(())
}

/// Who of the staff had a part in it.
pub(crate) async fn hands(conn: &mut Connection, id: &ApplicationId) -> Result<Vec<String>, Error> {
    let text = "SELECT DISTINCT person FROM ra_hand WHERE application = $1 ORDER BY person";
    let rows = sqlx::query(text).bind(id.as_str()).fetch_all(conn).await?;
    rows.iter().map(|row| column(row, "person")).collect()
}

/// Stores a proof of identity.
pub(crate) async fn add_proof(
    conn: &mut Connection,
    (proof, round): (&IdentityProof, i64),
    blob: &str,
    at: Timestamp,
) -> Result<(), Error> {
    let text = "INSERT INTO ra_proof (application, round, method, level, person, blob, at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)";
    sqlx::query(text)
        .bind(proof.application.as_str())
        .bind(round)
        .bind(&*proof.method)
        .bind(i64::from(proof.level))
        .bind(&*proof.person)
        .bind(blob)
        .bind(at.as_second())
        .execute(conn)
        .await?;
    Ok(())
}

/// Stores one row of evidence.
pub(crate) async fn add_evidence(
    conn: &mut Connection,
    application: &Application,
    row: &EvidenceRow,
    argument: &str,
) -> Result<(), Error> {
    let text = "INSERT INTO ra_evidence (application, round, element, argument, means, material, \
         inquiry) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    sqlx::query(text)
        .bind(application.id.as_str())
        .bind(application.round)
        .bind(&*row.element)
        .bind(argument)
        .bind(&*row.means)
        .bind(row.material.as_ref().map(|id| id.as_str().to_owned()))
        .bind(row.inquiry.as_ref().map(|id| id.as_str().to_owned()))
        .execute(conn)
        .await?;
    Ok(())
}

/// Keys and arguments of the evidence for the present submission.
pub(crate) async fn evidence(
    conn: &mut Connection,
    application: &Application,
) -> Result<Vec<(String, String)>, Error> {
    let text = "SELECT element, argument FROM ra_evidence WHERE application = $1 AND round = $2 \
         ORDER BY element";
    let rows = sqlx::query(text)
        .bind(application.id.as_str())
        .bind(application.round)
        .fetch_all(conn)
        .await?;
    rows.iter().map(|row| Ok((column(row, "element")?, column(row, "argument")?))).collect()
}

/// The proof of the present submission, with its blob.
pub(crate) async fn proof(
    conn: &mut Connection,
    application: &Application,
) -> Result<Option<(IdentityProof, String)>, Error> {
    let elements = evidence(conn, application).await?.len();
    let text =
        "SELECT method, level, person, blob FROM ra_proof WHERE application = $1 AND round = $2";
    let row = sqlx::query(text)
        .bind(application.id.as_str())
        .bind(application.round)
        .fetch_optional(conn)
        .await?;
    row.map(|row| {
        let proof = IdentityProof {
            application: application.id.clone(),
            method: column(&row, "method")?,
            level: u8::try_from(count(&row, "level")?).map_err(|_| Error::Stored("level"))?,
            person: column(&row, "person")?,
            elements,
        };
        Ok((proof, column(&row, "blob")?))
    })
    .transpose()
}

/// An answer of a public database.
#[derive(Debug, Clone)]
pub(crate) struct InquiryRow {
    pub id: InquiryId,
    pub element: String,
    pub source: String,
    pub answer: String,
}

/// Stores an answer.
pub(crate) async fn add_inquiry(
    conn: &mut Connection,
    application: &Application,
    row: &InquiryRow,
    (person, at): (&str, Timestamp),
) -> Result<(), Error> {
    let text = "INSERT INTO ra_inquiry (id, application, form, element, source, answer, person, \
         at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    sqlx::query(text)
        .bind(row.id.as_str())
        .bind(application.id.as_str())
        .bind(application.form)
        .bind(&*row.element)
        .bind(&*row.source)
        .bind(&*row.answer)
        .bind(person)
        .bind(at.as_second())
        .execute(conn)
        .await?;
    Ok(())
}

/// All answers about the present form, the newest first.
pub(crate) async fn inquiries(
    conn: &mut Connection,
    application: &Application,
) -> Result<Vec<InquiryRow>, Error> {
    let text = "SELECT id, element, source, answer FROM ra_inquiry WHERE application = $1 \
         AND form = $2 ORDER BY at DESC, id";
    let rows = sqlx::query(text)
        .bind(application.id.as_str())
        .bind(application.form)
        .fetch_all(conn)
        .await?;
    rows.iter()
        .map(|row| {
            Ok(InquiryRow {
                id: parsed(row, "id")?,
                element: column(row, "element")?,
                source: column(row, "source")?,
                answer: column(row, "answer")?,
            })
        })
        .collect()
}

/// The answers about the present form that matched, with the key of their element.
pub(crate) async fn matches(
    conn: &mut Connection,
    application: &Application,
) -> Result<Vec<(InquiryId, String)>, Error> {
    let text = "SELECT id, element FROM ra_inquiry WHERE application = $1 AND form = $2 \
         AND answer = 'matched'";
    let rows = sqlx::query(text)
        .bind(application.id.as_str())
        .bind(application.form)
        .fetch_all(conn)
        .await?;
    rows.iter().map(|row| Ok((parsed(row, "id")?, column(row, "element")?))).collect()
}

/// Stores the applicant's signature under the present form.
pub(crate) async fn endorse(
    conn: &mut Connection,
    application: &Application,
    (key, signature): (&PublicKey, &Signature),
    at: Timestamp,
) -> Result<(), Error> {
    let text = "INSERT INTO ra_endorsement (application, form, public_key, signature, at) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
    sqlx::query(text)
        .bind(application.id.as_str())
        .bind(application.form)
        .bind(key.to_sec1().to_vec())
        .bind(signature.to_der())
        .bind(at.as_second())
        .execute(conn)
        .await?;
    Ok(())
}

/// Whether the applicant signed the present form.
pub(crate) async fn is_endorsed(
    conn: &mut Connection,
    application: &Application,
) -> Result<bool, Error> {
    let text = "SELECT COUNT(*) AS n FROM ra_endorsement WHERE application = $1 AND form = $2";
    let row = sqlx::query(text)
        .bind(application.id.as_str())
        .bind(application.form)
        .fetch_one(conn)
        .await?;
    Ok(count(&row, "n")? > 0)
}

/// A list of defects as it is stored.
pub(crate) struct SupplementRow {
    pub position: u32,
    pub form: i64,
    pub round: i64,
    pub blob: String,
    pub at: Timestamp,
}

/// The lists of an application, the first one first.
pub(crate) async fn supplements(
    conn: &mut Connection,
    id: &ApplicationId,
) -> Result<Vec<SupplementRow>, Error> {
    let text = "SELECT position, form, round, blob, at FROM ra_supplement WHERE application = $1 \
         ORDER BY position";
    let rows = sqlx::query(text).bind(id.as_str()).fetch_all(conn).await?;
    rows.iter()
        .map(|row| {
            let position = u32::try_from(count(row, "position")?);
            Ok(SupplementRow {
                position: position.map_err(|_| Error::Stored("position"))?,
                form: column(row, "form")?,
                round: column(row, "round")?,
                blob: column(row, "blob")?,
                at: instant(row, "at")?,
            })
        })
        .collect()
}

/// What the lists so far named.
pub(crate) async fn told(
    conn: &mut Connection,
    id: &ApplicationId,
) -> Result<BTreeSet<String>, Error> {
    let text = "SELECT DISTINCT target FROM ra_supplement_target WHERE application = $1";
    let rows = sqlx::query(text).bind(id.as_str()).fetch_all(conn).await?;
    rows.iter().map(|row| column(row, "target")).collect()
}

/// Stores a list.
pub(crate) async fn add_supplement(
    conn: &mut Connection,
    application: &Application,
    (row, person): (&SupplementRow, &str),
    targets: &BTreeSet<String>,
) -> Result<(), Error> {
    let text = "INSERT INTO ra_supplement (application, position, form, round, person, blob, \
         at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    sqlx::query(text)
        .bind(application.id.as_str())
        .bind(i64::from(row.position))
        .bind(row.form)
        .bind(row.round)
        .bind(person)
        .bind(&*row.blob)
        .bind(row.at.as_second())
        .execute(&mut *conn)
        .await?;
    for target in targets {
        let text = "INSERT INTO ra_supplement_target (application, position, target) \
             VALUES ($1, $2, $3)";
        sqlx::query(text)
            .bind(application.id.as_str())
            .bind(i64::from(row.position))
            .bind(&**target)
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

/// Stores a decision.
pub(crate) async fn add_review(
    conn: &mut Connection,
    application: &Application,
    (decision, person, blob): (&str, &str, &str),
    at: Timestamp,
) -> Result<(), Error> {
    let text = "INSERT INTO ra_review (application, round, decision, person, blob, at) \
         VALUES ($1, $2, $3, $4, $5, $6)";
    sqlx::query(text)
        .bind(application.id.as_str())
        .bind(application.round)
        .bind(decision)
        .bind(person)
        .bind(blob)
        .bind(at.as_second())
        .execute(conn)
        .await?;
    Ok(())
}

/// The decision on the present submission: whether it approves, who made it, its blob.
pub(crate) async fn review(
    conn: &mut Connection,
    application: &Application,
) -> Result<Option<(bool, Review, String)>, Error> {
    let text =
        "SELECT decision, person, blob, at FROM ra_review WHERE application = $1 AND round = $2";
    let row = sqlx::query(text)
        .bind(application.id.as_str())
        .bind(application.round)
        .fetch_optional(conn)
        .await?;
    row.map(|row| {
        let review = Review {
            application: application.id.clone(),
            person: column(&row, "person")?,
            at: instant(&row, "at")?,
        };
        let approves = column::<String>(&row, "decision")? == "approve";
        Ok((approves, review, column(&row, "blob")?))
    })
    .transpose()
}
