//! Taking what anybody hands in: a complaint, or a report of a suspicious certificate with its evidence. Everything is
//! sealed before the unit; number, rows and record are one unit (Measures Art. 29).

use gm::PublicKey;
use law::CivilDate;
use serde_json::{Value, json};
use store::{Actor, SealedBlob, Tx};
use zeroize::Zeroizing;

use super::key_file::is_private_key;
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
    evidence: Vec<Piece>,
    left_out: usize,
    /// What else the record says.
    pub(super) more: Value,
}

/// A piece of evidence, sealed.
struct Piece {
    blob: SealedBlob,
    octets: i64,
    /// Its commitment.
    digest: String,
    is_key: bool,
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

    /// Takes the next number of the day and writes everything down. Files for which the day has no room left are left
    /// out, and the report is taken without them.
    pub(super) async fn insert(mut self, tx: &mut Tx) -> Result<LodgedComplaint, Error> {
        let (now, check_code) = (tx.now(), self.check_code());
        let day = compact(CivilDate::of(now));
        let sequence = sql::next_number(tx.conn(), &day).await?;
        let octets = self.evidence.iter().map(|one| one.octets).fold(0, i64::saturating_add);
        if octets > 0 && !sql::keep_octets(tx.conn(), (&day, octets), rules::MOST_A_DAY).await? {
            self.left_out = self.evidence.len();
            self.evidence.clear();
        }
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
            closed_at: None,
            words_erased_at: None,
            version: 1,
        };
        sql::add_complaint(tx.conn(), &row).await?;
        let mut evidence = Vec::new();
        for Piece { blob, octets, digest, is_key } in self.evidence {
            let blob = blob.insert(tx).await?;
            evidence.push(blob.to_json());
            let one = EvidenceRow { octets, digest, blob: blob.id, is_key, erased_at: None };
            sql::add_evidence(tx.conn(), &row.id, &one).await?;
        }
        let mut body = json!({ "number": row.number, "category": self.category.word(),
            "content": blob.to_json() });
        if let (Some(body), Value::Object(more)) = (body.as_object_mut(), self.more) {
            body.extend(more);
            if !evidence.is_empty() {
                body.insert("evidence".to_owned(), Value::Array(evidence));
            }
            if self.left_out > 0 {
                body.insert("evidence_left_out".to_owned(), self.left_out.into());
            }
        }
        let subject = format!("complaint:{}", row.id);
        record(tx, "complaint.received", Actor::new("public"), (subject, body)).await?;
        Ok(LodgedComplaint { number: row.number, check_code, left_out: self.left_out > 0 })
    }
}

impl Institution {
    /// Seals what was handed in. `more` goes into the record, in the clear; `key` is the one that was proved to have
    /// leaked.
    pub(super) async fn draft_complaint(
        &self,
        category: Category,
        words: &ComplaintWords,
        (evidence, more, key): (&[NewEvidence], Value, Option<&PublicKey>),
    ) -> Result<Draft, Error> {
        if !rules::mistakes(words).is_empty() {
            return Err(Error::NotApplicable("投诉内容不完整，请按提示修改后重新提交"));
        }
        let content = serde_json::to_vec(words).map_err(|_| Error::Stored("投诉"))?;
        let content = self.store().seal_blob(Zeroizing::new(content), "voice-complaint").await?;
        let (mut sealed, is_kept) = (Vec::new(), evidence.is_empty() || self.has_disk());
        let left_out = if is_kept { 0 } else { evidence.len() };
        for one in evidence.iter().filter(|_| is_kept) {
            let octets = i64::try_from(one.content.len()).unwrap_or(i64::MAX);
            let plain = Zeroizing::new(one.content.clone());
            let blob = self.store().seal_blob(plain, "voice-evidence").await?;
            // Salted: what is short can't be guessed from it, as it could from its SM3.
            let digest = hex::encode(blob.reference().commitment);
            let is_key = key.is_some_and(|key| is_private_key(&one.content, key));
            sealed.push(Piece { blob, octets, digest, is_key });
        }
        let (id, code) = (self.draw_nonce()?, self.draw_digits()?);
        let code_index = self.complaint_index(&id, &code)?;
        Ok(Draft { id, code, code_index, category, content, evidence: sealed, left_out, more })
    }

    /// Writes down what was sealed, by itself.
    pub(super) async fn lodge(&self, draft: Draft) -> Result<LodgedComplaint, Error> {
        self.store().commit(move |tx| Box::pin(draft.insert(tx))).await
    }
}

/// `20261129`.
fn compact(day: CivilDate) -> String {
    format!("{:04}{:02}{:02}", day.year(), day.month(), day.day())
}
