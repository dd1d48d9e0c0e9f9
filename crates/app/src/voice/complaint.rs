//! Complaints: anybody's entrance, a number and a check code, and what the institution does about it
//! in signed steps (Measures Art. 29).

use access::{Action, Permit, SignedAct};
use law::Calendar;
use serde_json::json;
use store::Actor;
use zeroize::Zeroizing;

use super::keep::tell_outcome;
use super::model::{
    Category, Complaint, ComplaintFilter, ComplaintOrder, ComplaintPage, ComplaintState,
    ComplaintStep, ComplaintWords, LodgedComplaint, NewComplaint, Step,
};
use super::outcome::Handled;
use super::rules::{Lock, TAKEN_UP_WITHIN, Tried};
use super::sql::{self, ComplaintRow, StepRow};
use super::{ordered, record, rules};
use crate::error::Error;
use crate::institution::Institution;
use crate::mark::{Block, Mark};

/// Complaints that are opened to look for a text.
const MOST_OPENED: i64 = 1_000;

impl Institution {
    /// What is wrong with a complaint, field by field; nothing when it can be taken.
    #[must_use]
    pub fn complaint_mistakes(&self, words: &ComplaintWords) -> Vec<(&'static str, &'static str)> {
        rules::mistakes(words)
    }

    /// Takes a complaint from anybody.
    pub async fn lodge_complaint(&self, new: NewComplaint) -> Result<LodgedComplaint, Error> {
        let draft = self.draft_complaint(new.category, &new.words, (&[], json!({}), None)).await?;
        self.lodge(draft).await
    }

    /// Number and check code lead to where a complaint stands and what was said about it. Five wrong
    /// codes lock a number for 15 minutes, as they do for applications. An unknown number, a wrong code
    /// and a locked number get one answer: who guesses learns nothing, not even when to stop.
    pub async fn complaint_progress(
        &self,
        (number, code): (&str, &str),
    ) -> Result<(Complaint, Vec<ComplaintStep>), Error> {
        let number = number.trim().to_uppercase();
        let row = sql::complaint(&mut *self.store().read().await?, &number).await?;
        let row = row.filter(|row| row.number == number);
        // Reckoned in any case.
        let id = row.as_ref().map_or("", |row| row.id.as_str());
        let index = self.complaint_index(id, &rules::code(code))?;
        let row = row.ok_or(Error::NoComplaint)?;
        if !self.opens(&row, row.code_index == index).await? {
            return Err(Error::NoComplaint);
        }
        let steps = self.steps_of(&row).await?;
        Ok((self.listed(row)?, steps))
    }

    /// Counts a code. Of codes that are tried at the same time each is counted in its own unit, one
    /// after the other.
    async fn opens(&self, row: &ComplaintRow, is_right: bool) -> Result<bool, Error> {
        let id = row.id.clone();
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let before = sql::lock(tx.conn(), &id).await?;
                    let next = match rules::tried(before, is_right, tx.now().as_second()) {
                        Tried::Locked => return Ok(false),
                        Tried::Right if before == Lock::default() => return Ok(true),
                        Tried::Right => Lock::default(),
                        Tried::Wrong(next) => next,
                    };
                    sql::set_lock(tx.conn(), &id, next).await?;
                    if next.until.is_some() {
                        let body = json!({ "minutes": rules::LOCKED_MINUTES });
                        let subject = format!("complaint:{id}");
                        let actor = Actor::new("public");
                        record(tx, "complaint.locked", actor, (subject, body)).await?;
                    }
                    Ok::<_, Error>(is_right)
                })
            })
            .await
    }

    /// A page of complaints, the oldest first. To look for a text they are opened one by one, the
    /// newest ones; that somebody did is on record, without the text.
    pub async fn complaints(
        &self,
        permit: &Permit,
        filter: &ComplaintFilter,
        (page, rows): (u32, u32),
    ) -> Result<ComplaintPage, Error> {
        permit.covers(Action::ReadVoice)?;
        let overdue = self.overdue()?;
        let mut reader = self.store().read().await?;
        let total = sql::complaint_count(&mut reader, (filter, overdue)).await?;
        let (offset, limit) = (i64::from(page).saturating_mul(i64::from(rows)), i64::from(rows));
        let (found, total, is_whole) = if filter.text.trim().is_empty() {
            let place = (None, offset, limit);
            (sql::complaints(&mut reader, (filter, overdue), place).await?, total, true)
        } else {
            drop(reader);
            let found = self.complaints_saying(permit, (filter, overdue)).await?;
            let is_whole = i64::try_from(total).is_ok_and(|total| total <= MOST_OPENED);
            let total = u64::try_from(found.len()).unwrap_or(u64::MAX);
            let (skip, most) = (usize::try_from(offset), usize::try_from(limit));
            let found = found.into_iter().skip(skip.unwrap_or(usize::MAX));
            (found.take(most.unwrap_or(usize::MAX)).collect(), total, is_whole)
        };
        let complaints = found.into_iter().map(|row| self.listed(row));
        Ok(ComplaintPage { complaints: complaints.collect::<Result<_, _>>()?, total, is_whole })
    }

    /// Some more of them behind a mark, for a file. Those that say a text come all at once.
    pub async fn complaints_behind(
        &self,
        permit: &Permit,
        filter: &ComplaintFilter,
        (behind, rows): (Option<&Mark>, u32),
    ) -> Result<Block<Complaint>, Error> {
        permit.covers(Action::ReadVoice)?;
        let which = (filter, self.overdue()?);
        let by_text = !filter.text.trim().is_empty();
        let found = match by_text {
            true => self.complaints_saying(permit, which).await?,
            false => {
                let place = (behind, 0, i64::from(rows));
                sql::complaints(&mut *self.store().read().await?, which, place).await?
            }
        };
        let found = found.into_iter().map(|row| self.listed(row)).collect::<Result<Vec<_>, _>>()?;
        Ok(match by_text {
            true => Block::whole(found),
            false => Block::of(found, rows, |one| Mark::new(one.received_at, &one.number)),
        })
    }

    /// The oldest first.
    async fn complaints_saying(
        &self,
        permit: &Permit,
        which: (&ComplaintFilter, sql::Overdue),
    ) -> Result<Vec<ComplaintRow>, Error> {
        let mut reader = self.store().read().await?;
        let looked = sql::newest_complaints(&mut reader, which, MOST_OPENED).await?;
        drop(reader);
        let text = &which.0.text;
        let (opened, mut found) = (looked.len(), Vec::new());
        for row in looked {
            let words = self.words_of(&row).await?;
            let ComplaintWords { text: said, about, name, contact, .. } = &words;
            if [said, about, name, contact].iter().any(|one| rules::has_part(one, text)) {
                found.push(row);
            }
        }
        let body = json!({ "opened": opened, "found": found.len() });
        let about = ("complaints".to_owned(), body);
        let actor = permit.actor();
        self.store()
            .commit(move |tx| Box::pin(record(tx, "complaint.searched", actor, about)))
            .await?;
        found.reverse();
        Ok(found)
    }

    /// How many complaints are overdue.
    pub async fn complaints_overdue(&self, permit: &Permit) -> Result<u64, Error> {
        permit.covers(Action::ReadVoice)?;
        let filter = ComplaintFilter { overdue: true, ..ComplaintFilter::default() };
        let overdue = self.overdue()?;
        sql::complaint_count(&mut *self.store().read().await?, (&filter, overdue)).await
    }

    /// Before when complaints came that are overdue now: to be taken up, to be answered.
    fn overdue(&self) -> Result<sql::Overdue, Error> {
        let disclosed = &self.settings().disclosure;
        let calendar = Calendar::published().map_err(ra::Error::from)?;
        let now = self.clock().now();
        let before = |days| rules::overdue_before(&calendar, days, now);
        Ok(sql::Overdue {
            accept: before(disclosed.complaint_accept_days),
            answer: before(disclosed.complaint_answer_days),
            report: now.saturating_sub(TAKEN_UP_WITHIN).unwrap_or(now),
        })
    }

    /// How many complaints are in each state.
    pub async fn complaint_counts(
        &self,
        permit: &Permit,
    ) -> Result<Vec<(ComplaintState, u64)>, Error> {
        permit.covers(Action::ReadVoice)?;
        sql::complaint_counts(&mut *self.store().read().await?).await
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
        let words = self.words_of(&row).await?;
        let steps = self.steps_of(&row).await?;
        let (actor, subject) = (permit.actor(), format!("complaint:{}", row.id));
        self.store()
            .commit(move |tx| Box::pin(record(tx, "complaint.opened", actor, (subject, json!({})))))
            .await?;
        Ok((self.listed(row)?, words, steps))
    }

    /// Number and category of a complaint, without a look at what it says.
    pub async fn complaint_named(
        &self,
        permit: &Permit,
        id: &str,
    ) -> Result<(String, Category), Error> {
        permit.covers(Action::ReadVoice)?;
        let row = sql::complaint(&mut *self.store().read().await?, id).await?;
        let row = row.ok_or(Error::NoComplaint)?;
        Ok((row.number, row.category))
    }

    /// Carries out what was signed about a complaint: a step, or a decision about how long it is kept.
    pub(super) async fn on_complaint(&self, id: &str, act: SignedAct) -> Result<(), Error> {
        match ordered(&act)? {
            Handled::Keep(order) => self.keep_complaint(id, (order, act)).await,
            Handled::Step(order) => self.handle_complaint(id, (order, act)).await,
        }
    }

    async fn handle_complaint(
        &self,
        id: &str,
        (order, act): (ComplaintOrder, SignedAct),
    ) -> Result<(), Error> {
        let text = order.text.trim();
        if !(4..=rules::MOST_ANSWER).contains(&text.chars().count()) {
            return Err(Error::NotApplicable("请写明答复或理由，4 至 2000 字；修改后重新签名"));
        }
        let closing = self.closing(id, &order).await?;
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
                    let mut body = json!({ "number": row.number, "text": blob.to_json(),
                        "act": act.to_json() });
                    if let Some((outcome, serials)) = closing {
                        let by = (&*row.id, &*step.person, at);
                        sql::set_outcome(tx.conn(), by, (outcome, &serials)).await?;
                        tell_outcome(&mut body, (outcome, &serials));
                    }
                    record(tx, kind, actor, (format!("complaint:{}", row.id), body)).await
                })
            })
            .await
    }

    /// What was written; nothing once it was erased.
    pub(super) async fn words_of(&self, row: &ComplaintRow) -> Result<ComplaintWords, Error> {
        if row.words_erased_at.is_some() {
            return Ok(ComplaintWords::default());
        }
        let content = self.store().open_blob(&row.content).await?;
        serde_json::from_slice(&content).map_err(|_| Error::Stored("投诉"))
    }

    async fn steps_of(&self, row: &ComplaintRow) -> Result<Vec<ComplaintStep>, Error> {
        let rows = sql::steps(&mut *self.store().read().await?, &row.id).await?;
        let mut steps = Vec::new();
        for StepRow { step, person, blob, at } in rows {
            let text = match row.words_erased_at {
                Some(_) => rules::ERASED.to_owned(),
                None => self.opened_text(&blob).await?,
            };
            steps.push(ComplaintStep { step, text, person, at });
        }
        Ok(steps)
    }

    fn listed(&self, row: ComplaintRow) -> Result<Complaint, Error> {
        let disclosed = &self.settings().disclosure;
        let days = (disclosed.complaint_accept_days, disclosed.complaint_answer_days);
        let calendar = Calendar::published().map_err(ra::Error::from)?;
        let now = self.clock().now();
        Ok(Complaint {
            clock: rules::clock(&calendar, row.category, (row.state, row.received_at), days, now),
            id: row.id,
            number: row.number,
            category: row.category,
            state: row.state,
            received_at: row.received_at,
            answered_at: row.answered_at,
            closed_at: row.closed_at,
            words_erased_at: row.words_erased_at,
            version: row.version,
        })
    }

    /// Twelve digits: 40 bits, for a page that takes seconds to ask.
    pub(super) fn draw_digits(&self) -> Result<String, Error> {
        let mut octets = [0; 8];
        self.device().session()?.fill(&mut octets)?;
        Ok(format!("{:012}", u64::from_be_bytes(octets) % 1_000_000_000_000))
    }

    pub(super) fn complaint_index(&self, id: &str, code: &str) -> Result<String, Error> {
        Ok(self.store().blind_index("voice.complaint", &format!("{id}/{code}"))?)
    }
}
