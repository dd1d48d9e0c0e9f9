//! Complaints: anybody's entrance, a number and a check code, and what the institution does about it
//! in signed steps (Measures Art. 29).

use access::{Action, Permit, SignedAct};
use law::{Calendar, CivilDate};
use serde_json::json;
use store::Actor;
use zeroize::Zeroizing;

use super::model::{
    Complaint, ComplaintOrder, ComplaintState, ComplaintStep, ComplaintWords, LodgedComplaint,
    NewComplaint, Step,
};
use super::sql::{self, ComplaintRow, StepRow};
use super::{ordered, record, rules};
use crate::error::Error;
use crate::institution::Institution;

/// Most complaints in one list.
const MOST_ROWS: i64 = 200;

impl Institution {
    /// What is wrong with a complaint, field by field; nothing when it can be taken.
    #[must_use]
    pub fn complaint_mistakes(&self, words: &ComplaintWords) -> Vec<(&'static str, &'static str)> {
        rules::mistakes(words)
    }

    /// Takes a complaint from anybody.
    pub async fn lodge_complaint(&self, new: NewComplaint) -> Result<LodgedComplaint, Error> {
        if !rules::mistakes(&new.words).is_empty() {
            return Err(Error::NotApplicable("投诉内容不完整，请按提示修改后重新提交"));
        }
        let content = serde_json::to_vec(&new.words).map_err(|_| Error::Stored("投诉"))?;
        let sealed = self.store().seal_blob(Zeroizing::new(content), "voice-complaint").await?;
        let id = self.draw_nonce()?;
        let code = self.draw_digits()?;
        let code_index = self.complaint_index(&id, &code)?;
        let category = new.category;
        let number = self
            .store()
            .commit(move |tx| {
                Box::pin(async move {
                    let now = tx.now();
                    let day = compact(CivilDate::of(now));
                    let sequence = sql::next_number(tx.conn(), &day).await?;
                    let blob = sealed.insert(tx).await?;
                    let row = ComplaintRow {
                        id,
                        number: format!("TS{day}{sequence:05}"),
                        category,
                        state: ComplaintState::Received,
                        code_index,
                        content: blob.id.clone(),
                        received_at: now,
                        answered_at: None,
                        version: 1,
                    };
                    sql::add_complaint(tx.conn(), &row).await?;
                    let body = json!({ "number": row.number, "category": category.word(),
                        "content": blob.to_json() });
                    let subject = format!("complaint:{}", row.id);
                    record(tx, "complaint.received", Actor::new("public"), (subject, body)).await?;
                    Ok::<_, Error>(row.number)
                })
            })
            .await?;
        Ok(LodgedComplaint { number, check_code: grouped(&code) })
    }

    /// Number and check code lead to where a complaint stands and what was said about it.
    pub async fn complaint_progress(
        &self,
        (number, code): (&str, &str),
    ) -> Result<(Complaint, Vec<ComplaintStep>), Error> {
        let number = number.trim().to_uppercase();
        let row = sql::complaint(&mut *self.store().read().await?, &number).await?;
        let row = row.filter(|row| row.number == number);
        // Reckoned in any case: the time taken tells nothing.
        let id = row.as_ref().map_or("", |row| row.id.as_str());
        let index = self.complaint_index(id, &rules::code(code))?;
        let row = row.filter(|row| row.code_index == index).ok_or(Error::NoComplaint)?;
        let steps = self.steps_of(&row).await?;
        Ok((self.listed(row)?, steps))
    }

    /// Complaints in a state (none: any), oldest first, behind the one that was shown last.
    pub async fn complaints(
        &self,
        permit: &Permit,
        (state, after): (Option<ComplaintState>, Option<&Complaint>),
    ) -> Result<Vec<Complaint>, Error> {
        permit.covers(Action::ReadVoice)?;
        let behind = after.map_or((-1, ""), |one| (one.received_at.as_second(), &*one.id));
        let mut reader = self.store().read().await?;
        let rows = sql::complaints(&mut reader, state, behind, MOST_ROWS).await?;
        drop(reader);
        rows.into_iter().map(|row| self.listed(row)).collect()
    }

    /// How many complaints are in each state.
    pub async fn complaint_counts(
        &self,
        permit: &Permit,
    ) -> Result<Vec<(ComplaintState, u64)>, Error> {
        permit.covers(Action::ReadVoice)?;
        sql::complaint_counts(&mut *self.store().read().await?).await
    }

    /// A complaint by its number, or by its name inside.
    pub async fn find_complaint(
        &self,
        permit: &Permit,
        name: &str,
    ) -> Result<Option<Complaint>, Error> {
        permit.covers(Action::ReadVoice)?;
        let row = sql::complaint(&mut *self.store().read().await?, name.trim()).await?;
        row.map(|row| self.listed(row)).transpose()
    }

    /// A complaint with what was written and what was done. Who looks is on record.
    pub async fn open_complaint(
        &self,
        permit: &Permit,
        id: &str,
    ) -> Result<(Complaint, ComplaintWords, Vec<ComplaintStep>), Error> {
        permit.covers(Action::ReadVoice)?;
        let row = sql::complaint(&mut *self.store().read().await?, id).await?;
        let row = row.ok_or(Error::NoComplaint)?;
        let content = self.store().open_blob(&row.content).await?;
        let words = serde_json::from_slice(&content).map_err(|_| Error::Stored("投诉"))?;
        let steps = self.steps_of(&row).await?;
        let (actor, subject) = (permit.actor(), format!("complaint:{}", row.id));
        self.store()
            .commit(move |tx| Box::pin(record(tx, "complaint.opened", actor, (subject, json!({})))))
            .await?;
        Ok((self.listed(row)?, words, steps))
    }

    pub(super) async fn handle_complaint(&self, id: &str, act: SignedAct) -> Result<(), Error> {
        let order: ComplaintOrder = ordered(&act)?;
        let text = order.text.trim();
        if !(4..=rules::MOST_TEXT).contains(&text.chars().count()) {
            return Err(Error::NotApplicable("请写明答复或理由，4 至 4000 字；修改后重新签名"));
        }
        let content = Zeroizing::new(text.as_bytes().to_vec());
        let sealed = self.store().seal_blob(content, "voice-complaint").await?;
        let id = id.to_owned();
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let row = sql::complaint(tx.conn(), &id).await?.ok_or(Error::NoComplaint)?;
                    let next = rules::after(row.state, order.step);
                    let next = next.ok_or(Error::NotApplicable(
                        "投诉目前的状态不能这样办理；请刷新页面，按受理、答复、办结的次序办理",
                    ))?;
                    let (blob, at) = (sealed.insert(tx).await?, tx.now());
                    let from = (&*row.id, order.version);
                    if !sql::move_complaint(tx.conn(), from, next, at).await? {
                        return Err(Error::NotApplicable("投诉已被他人办理，请刷新页面后重试"));
                    }
                    let person = act.person().to_string();
                    let actor = Actor::new(format!("person:{person}"));
                    let step = StepRow { step: order.step, person, blob: blob.id.clone(), at };
                    sql::add_step(tx.conn(), &row.id, &step).await?;
                    let kind = match order.step {
                        Step::Accept => "complaint.accepted",
                        Step::Answer => "complaint.answered",
                        Step::Close => "complaint.closed",
                    };
                    let body = json!({ "number": row.number, "text": blob.to_json(),
                        "act": act.to_json() });
                    record(tx, kind, actor, (format!("complaint:{}", row.id), body)).await
                })
            })
            .await
    }

    async fn steps_of(&self, row: &ComplaintRow) -> Result<Vec<ComplaintStep>, Error> {
        let rows = sql::steps(&mut *self.store().read().await?, &row.id).await?;
        let mut steps = Vec::new();
        for StepRow { step, person, blob, at } in rows {
            steps.push(ComplaintStep { step, text: self.opened_text(&blob).await?, person, at });
        }
        Ok(steps)
    }

    fn listed(&self, row: ComplaintRow) -> Result<Complaint, Error> {
        let disclosed = &self.settings().disclosure;
        let days = (disclosed.complaint_accept_days, disclosed.complaint_answer_days);
        let calendar = Calendar::published().map_err(ra::Error::from)?;
        let now = self.clock().now();
        Ok(Complaint {
            clock: rules::clock(&calendar, (row.state, row.received_at), days, now),
            id: row.id,
            number: row.number,
            category: row.category,
            state: row.state,
            received_at: row.received_at,
            answered_at: row.answered_at,
            version: row.version,
        })
    }

    /// Twelve digits: 40 bits, for a page that takes seconds to ask.
    fn draw_digits(&self) -> Result<String, Error> {
        let mut octets = [0; 8];
        self.device().session()?.fill(&mut octets)?;
        Ok(format!("{:012}", u64::from_be_bytes(octets) % 1_000_000_000_000))
    }

    fn complaint_index(&self, id: &str, code: &str) -> Result<String, Error> {
        Ok(self.store().blind_index("voice.complaint", &format!("{id}/{code}"))?)
    }
}

/// `20261129`.
fn compact(day: CivilDate) -> String {
    format!("{:04}{:02}{:02}", day.year(), day.month(), day.day())
}

fn grouped(code: &str) -> String {
    let digits: Vec<char> = code.chars().collect();
    digits.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}
