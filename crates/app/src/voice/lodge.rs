//! Taking what anybody hands in: a complaint, or a report of a suspicious certificate with its evidence. Everything is
//! sealed before the unit; number, rows and record are one unit (Measures Art. 29).

use law::CivilDate;
use serde_json::{Value, json};
use store::{Actor, SealedBlob, Tx};
use zeroize::Zeroizing;

use super::model::{Category, ComplaintState, ComplaintWords, LodgedComplaint};
use super::problem::NewEvidence;
use super::sql::{self, ComplaintRow, EvidenceRow};
use super::{record, rules};
use crate::error::Error;
use crate::institution::Institution;

/// What was handed in, sealed.
pub(super) struct Draft {
    id: String,
    code: String,
    code_index: String,
    category: Category,
    content: SealedBlob,
    evidence: Vec<(SealedBlob, i64, String)>,
    /// What else the record says.
    pub(super) more: Value,
}

impl Draft {
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// The code that opens its progress, as it is told once.
    pub(super) fn check_code(&self) -> String {
        let digits: Vec<char> = self.code.chars().collect();
        let groups = digits.chunks(4).map(|four| four.iter().collect::<String>());
        groups.collect::<Vec<_>>().join(" ")
    }

    /// Takes the next number of the day and writes everything down.
    pub(super) async fn insert(self, tx: &mut Tx) -> Result<String, Error> {
        let now = tx.now();
        let day = compact(CivilDate::of(now));
        let sequence = sql::next_number(tx.conn(), &day).await?;
        let blob = self.content.insert(tx).await?;
        let row = ComplaintRow {
            id: self.id,
            number: format!("TS{day}{sequence:05}"),
            category: self.category,
            state: ComplaintState::Received,
            code_index: self.code_index,
            content: blob.id.clone(),
            received_at: now,
            answered_at: None,
            version: 1,
        };
        sql::add_complaint(tx.conn(), &row).await?;
        let mut evidence = Vec::new();
        for (sealed, octets, digest) in self.evidence {
            let blob = sealed.insert(tx).await?;
            evidence.push(blob.to_json());
            let one = EvidenceRow { octets, digest, blob: blob.id };
            sql::add_evidence(tx.conn(), &row.id, &one).await?;
        }
        let mut body = json!({ "number": row.number, "category": self.category.word(),
            "content": blob.to_json() });
        if let (Some(body), Value::Object(more)) = (body.as_object_mut(), self.more) {
            body.extend(more);
            if !evidence.is_empty() {
                body.insert("evidence".to_owned(), Value::Array(evidence));
            }
        }
        let subject = format!("complaint:{}", row.id);
        record(tx, "complaint.received", Actor::new("public"), (subject, body)).await?;
        Ok(row.number)
    }
}

impl Institution {
    /// Seals what was handed in. `more` goes into the record, in the clear.
    pub(super) async fn draft_complaint(
        &self,
        category: Category,
        words: &ComplaintWords,
        (evidence, more): (&[NewEvidence], Value),
    ) -> Result<Draft, Error> {
        if !rules::mistakes(words).is_empty() {
            return Err(Error::NotApplicable("投诉内容不完整，请按提示修改后重新提交"));
        }
        let content = serde_json::to_vec(words).map_err(|_| Error::Stored("投诉"))?;
        let content = self.store().seal_blob(Zeroizing::new(content), "voice-complaint").await?;
        let mut sealed = Vec::new();
        for one in evidence {
            let octets = i64::try_from(one.content.len()).unwrap_or(i64::MAX);
            let digest = gm::sm3::hash(&one.content).to_hex();
            let plain = Zeroizing::new(one.content.clone());
            let blob = self.store().seal_blob(plain, "voice-evidence").await?;
            sealed.push((blob, octets, digest));
        }
        let (id, code) = (self.draw_nonce()?, self.draw_digits()?);
        let code_index = self.complaint_index(&id, &code)?;
        Ok(Draft { id, code, code_index, category, content, evidence: sealed, more })
    }

    /// Writes down what was sealed, by itself.
    pub(super) async fn lodge(&self, draft: Draft) -> Result<LodgedComplaint, Error> {
        let check_code = draft.check_code();
        let unit = self.store().commit(move |tx| Box::pin(draft.insert(tx)));
        Ok(LodgedComplaint { number: unit.await?, check_code })
    }
}

/// `20261129`.
fn compact(day: CivilDate) -> String {
    format!("{:04}{:02}{:02}", day.year(), day.month(), day.day())
}
