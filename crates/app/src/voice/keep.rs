//! How long what came with complaints and reports is kept, by what is known of them; and the signed steps in which people
//! decide about it (ESL Art. 24, Measures Art. 24). A hold stops erasing until somebody lifts it.

use access::{Action, Permit, SignedAct};
use jiff::Timestamp;
use pki::Serial;
use serde_json::json;
use store::{Actor, Filter, Tx};
use zeroize::Zeroizing;

use super::model::{Complaint, ComplaintOrder, ComplaintState, Step};
use super::outcome::{KeepOrder, KeepStep, Keeping, MOST_REASON, Outcome};
use super::sql::{self, ComplaintRow, KeepRow};
use super::term::{Known, Life, Term};
use super::{record, rules};
use crate::error::Error;
use crate::institution::Institution;

const HELD: &str = "complaint.held";
const FREED: &str = "complaint.freed";
const MARKED: &str = "complaint.outcome-marked";

/// What a row says of its own term, before it is closed too.
struct Said {
    is_held: bool,
    is_proved: bool,
    outcome: Option<Outcome>,
    serials: Vec<String>,
    decided: Vec<KeepRow>,
}

impl Institution {
    /// How long what came with a complaint is kept.
    pub async fn keeping(&self, permit: &Permit, complaint: &Complaint) -> Result<Keeping, Error> {
        permit.covers(Action::ReadVoice)?;
        let row = sql::complaint(&mut *self.store().read().await?, &complaint.id).await?;
        let row = row.ok_or(Error::NoComplaint)?;
        let said = self.said_of(&row).await?;
        let mut decided = Vec::with_capacity(said.decided.len());
        for one in &said.decided {
            let reason = match row.words_erased_at {
                Some(_) => rules::ERASED.to_owned(),
                None => self.opened_text(&one.blob).await?,
            };
            decided.push((one.step, reason, one.at));
        }
        let (outcome, serials) = (said.outcome, said.serials.clone());
        let (mut evidence_until, mut words_until) = (None, None);
        let is_held = said.is_held;
        if let Some(closed_at) = row.closed_at {
            let known = self.known(said, closed_at).await?;
            let of = |days| match known.term(days) {
                Term::Until(at) => Some(at),
                Term::Held | Term::Unsaid | Term::Unknown(_) => None,
            };
            let days = self.settings().voice;
            (evidence_until, words_until) = (of(days.evidence_days), of(days.complaint_days));
        }
        Ok(Keeping { is_held, outcome, serials, evidence_until, words_until, decided })
    }

    /// Whether closing it has to say what it came to for the status of certificates.
    pub async fn asks_outcome(&self, permit: &Permit, id: &str) -> Result<bool, Error> {
        permit.covers(Action::ReadVoice)?;
        let row = sql::complaint(&mut *self.store().read().await?, id).await?;
        let row = row.ok_or(Error::NoComplaint)?;
        Ok(row.category.is_about_certificates() && !self.said_of(&row).await?.is_proved)
    }

    /// Refuses certificates that are none of ours, before somebody signs for them.
    pub async fn check_concerned(
        &self,
        permit: &Permit,
        (outcome, serials): (Option<Outcome>, &[String]),
    ) -> Result<(), Error> {
        permit.covers(Action::ReadVoice)?;
        self.concerned(outcome, serials).await.map(drop)
    }

    /// What is known of the term of a closed complaint.
    pub(super) async fn known_of(&self, row: &ComplaintRow) -> Result<Known, Error> {
        let closed_at = row.closed_at.ok_or(Error::Stored("投诉的办结时间"))?;
        let said = self.said_of(row).await?;
        self.known(said, closed_at).await
    }

    async fn known(&self, said: Said, closed_at: Timestamp) -> Result<Known, Error> {
        let Said { is_held, is_proved, outcome, serials, .. } = said;
        let mut lives = Vec::with_capacity(serials.len());
        for serial in serials {
            lives.push(self.life_of(&serial).await?.ok_or(serial));
        }
        Ok(Known { closed_at, is_held, is_proved, outcome, lives })
    }

    /// Rows can be taken out past the program: a hold of which the journal says that nobody lifted it stands, too.
    async fn said_of(&self, row: &ComplaintRow) -> Result<Said, Error> {
        let mut reader = self.store().read().await?;
        let decided = sql::keep_steps(&mut reader, &row.id).await?;
        let said = sql::outcome(&mut reader, &row.id).await?;
        let proved = sql::proved_serial(&mut reader, &row.id).await?;
        drop(reader);
        let mut steps = decided.iter().rev().map(|one| one.step);
        let last = steps.find(|step| matches!(step, KeepStep::Hold | KeepStep::Free));
        let is_held = last == Some(KeepStep::Hold) || self.is_held_by_record(&row.id).await?;
        // Reports from before there was a table of proofs say so themselves.
        let proved = match (proved, said.is_none() && row.words_erased_at.is_none()) {
            (None, true) if row.category.is_about_certificates() => {
                self.words_of(row).await?.proved.map(|one| one.serial)
            }
            (proved, _) => proved,
        };
        let is_proved = proved.is_some();
        let (outcome, mut serials) = match said {
            Some((outcome, serials)) => (Some(outcome), serials),
            None if is_proved => (Some(Outcome::Changed), Vec::new()),
            None if row.category.is_about_certificates() => (None, Vec::new()),
            None => (Some(Outcome::Nothing), Vec::new()),
        };
        if let Some(serial) = proved.filter(|serial| !serials.contains(serial)) {
            serials.push(serial);
        }
        // Whatever was said: who has the key has shown that it is no secret.
        let outcome = if is_proved { Some(Outcome::Changed) } else { outcome };
        Ok(Said { is_held, is_proved, outcome, serials, decided })
    }

    async fn is_held_by_record(&self, id: &str) -> Result<bool, Error> {
        let count = async |kind: &str| {
            let (kind, subject) = (Some(kind.to_owned()), Some(format!("complaint:{id}")));
            self.store().count(&Filter { kind, subject, ..Filter::default() }).await
        };
        Ok(count(HELD).await? > count(FREED).await?)
    }

    /// What became of every certificate of the key that a certificate has; none where it isn't known.
    async fn life_of(&self, serial: &str) -> Result<Option<Life>, Error> {
        let now = self.clock().now();
        let mut reader = self.store().read().await?;
        if let Some(key) = sql::key_of(&mut reader, serial).await? {
            return sql::life_of_key(&mut reader, (&key, now)).await;
        }
        // A root itself, that nobody revokes: it is over with its term, and with what others certified of its key.
        let named = Serial::from_hex(serial).map_err(|_| Error::Stored("证书序列号"))?;
        let roots = self.roots().generations();
        let own = roots.iter().map(ca::Ca::certificate).find(|one| one.serial() == named);
        let Some(own) = own else { return Ok(None) };
        let ends = own.not_after();
        let root = Life { ends, revoked: None, is_open: now <= ends };
        let key = own.public_key()?.fingerprint();
        let others = sql::life_of_key(&mut reader, (&key, now)).await?;
        Ok(Some(others.map_or(root, |other| Life {
            ends: ends.max(other.ends),
            revoked: other.revoked,
            is_open: root.is_open || other.is_open,
        })))
    }

    /// The certificates that a step names, as they are stored: each of ours, none twice.
    async fn concerned(
        &self,
        outcome: Option<Outcome>,
        serials: &[String],
    ) -> Result<Vec<String>, Error> {
        rules::outcome_mistake(outcome, serials)
            .map_or(Ok(()), |why| Err(Error::NotApplicable(why)))?;
        let mut found: Vec<String> = Vec::new();
        for text in serials {
            let serial = Serial::from_hex(text).map_err(|_| STRANGE)?;
            self.ours(&serial).await.map_err(|error| match error {
                Error::NotApplicable(_) => STRANGE,
                other => other,
            })?;
            let hex = serial.to_hex();
            if !found.contains(&hex) {
                found.push(hex);
            }
        }
        Ok(found)
    }

    /// What closing a report says of the status of certificates; nothing of it for what is about no certificate.
    pub(super) async fn closing(
        &self,
        id: &str,
        order: &ComplaintOrder,
    ) -> Result<Option<(Outcome, Vec<String>)>, Error> {
        if order.step != Step::Close {
            return match order.outcome {
                None => Ok(None),
                Some(_) => Err(Error::NotApplicable("对证书状态的影响在办结时写明；请重新办理")),
            };
        }
        let row = sql::complaint(&mut *self.store().read().await?, id).await?;
        let row = row.ok_or(Error::NoComplaint)?;
        if !row.category.is_about_certificates() {
            return Ok(None);
        }
        let said = self.said_of(&row).await?;
        if said.is_proved {
            let mut all = self.concerned(order.outcome, &order.serials).await?;
            if order.outcome == Some(Outcome::Nothing) {
                return Err(PROVED);
            }
            for serial in said.serials {
                if !all.contains(&serial) {
                    all.push(serial);
                }
            }
            return Ok(Some((Outcome::Changed, all)));
        }
        let outcome = order.outcome.ok_or(UNSAID)?;
        Ok(Some((outcome, self.concerned(order.outcome, &order.serials).await?)))
    }

    /// Carries out what was signed about the term of a complaint.
    pub(super) async fn keep_complaint(
        &self,
        id: &str,
        (order, act): (KeepOrder, SignedAct),
    ) -> Result<(), Error> {
        let reason = order.reason.trim().to_owned();
        if !(4..=MOST_REASON).contains(&reason.chars().count()) {
            return Err(Error::NotApplicable("请写明理由，4 至 500 字；修改后重新签名"));
        }
        let row = sql::complaint(&mut *self.store().read().await?, id).await?;
        let row = row.ok_or(Error::NoComplaint)?;
        if row.words_erased_at.is_some() {
            return Err(Error::NotApplicable("内容和证据都已按保存期限销毁，没有可以办理的"));
        }
        let serials = self.concerned(order.outcome, &order.serials).await?;
        let said = self.said_of(&row).await?;
        may(&row, &said, &order)?;
        let content = Zeroizing::new(reason.into_bytes());
        let sealed = self.store().seal_blob(content, "voice-complaint").await?;
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let reason = sealed.insert(tx).await?;
                    write(tx, (&row, &order, &serials), (&reason, &act)).await
                })
            })
            .await
    }
}

/// Row and record of a decision, at the version that was read.
async fn write(
    tx: &mut Tx,
    (row, order, serials): (&ComplaintRow, &KeepOrder, &[String]),
    (reason, act): (&store::BlobRef, &SignedAct),
) -> Result<(), Error> {
    if !sql::touch(tx.conn(), (&row.id, order.version)).await? {
        return Err(Error::NotApplicable(
            "投诉已被他人办理，或者已按保存期限销毁，请刷新页面后重试",
        ));
    }
    let (person, at) = (act.person().to_string(), tx.now());
    let step = KeepRow { step: order.step, person: person.clone(), blob: reason.id.clone(), at };
    sql::add_keep_step(tx.conn(), &row.id, &step).await?;
    let mut body =
        json!({ "number": row.number, "reason": reason.to_json(), "act": act.to_json() });
    if let Some(outcome) = order.outcome.filter(|_| order.step == KeepStep::Mark) {
        sql::set_outcome(tx.conn(), (&row.id, &person, at), (outcome, serials)).await?;
        tell_outcome(&mut body, (outcome, serials));
    }
    let kind = match order.step {
        KeepStep::Hold => HELD,
        KeepStep::Free => FREED,
        KeepStep::Mark => MARKED,
    };
    let actor = Actor::new(format!("person:{person}"));
    record(tx, kind, actor, (format!("complaint:{}", row.id), body)).await
}

/// Adds what a report came to to the body of a record.
pub(super) fn tell_outcome(body: &mut serde_json::Value, (outcome, serials): (Outcome, &[String])) {
    if let Some(body) = body.as_object_mut() {
        body.insert("outcome".to_owned(), outcome.word().into());
        if !serials.is_empty() {
            body.insert("concerned".to_owned(), serials.into());
        }
    }
}

const STRANGE: Error = Error::NotApplicable(
    "所写的序列号中有不是本机构所发证书的；请核对，一行写一个，由数字和字母 a 至 f 组成",
);
const UNSAID: Error = Error::NotApplicable(
    "请选择有没有证书因这份报告暂停或者撤销：证据的保存期限由此决定；选择后重新签名",
);
const PROVED: Error =
    Error::NotApplicable("报告人已证明私钥失密，证书的状态因此改变，不能写成没有影响；请重新选择");

/// Whether a decision has its place. What led to a change of status is never said to have led to none: that shortens.
fn may(row: &ComplaintRow, said: &Said, order: &KeepOrder) -> Result<(), Error> {
    use KeepStep as K;
    let is_report = row.category.is_about_certificates();
    let is_closed = row.state == ComplaintState::Closed;
    Err(match (order.step, order.outcome) {
        (K::Hold | K::Free, Some(_)) => Error::NotApplicable("办理方式与内容不符；请重新办理"),
        (K::Hold, None) if said.is_held => Error::NotApplicable("已经暂缓销毁，不必再办"),
        (K::Free, None) if !said.is_held => Error::NotApplicable("没有暂缓销毁，不必解除"),
        (K::Mark, _) if !is_report || !is_closed => Error::NotApplicable(
            "只有已办结的问题报告和关于证书的投诉可以补写；没有办结的，在办结时写明",
        ),
        (K::Mark, None) => UNSAID,
        (K::Mark, Some(Outcome::Nothing)) if said.is_proved => PROVED,
        (K::Mark, Some(Outcome::Nothing)) if said.outcome.is_some() => {
            Error::NotApplicable("此前已经写明，不能改为没有影响；确有错误的，请暂缓销毁并写明理由")
        }
        _ => return Ok(()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voice::Category;

    fn row(category: Category, state: ComplaintState) -> ComplaintRow {
        let at = Timestamp::UNIX_EPOCH;
        ComplaintRow {
            id: "0".into(),
            number: "TS1".into(),
            category,
            state,
            code_index: String::new(),
            content: String::new(),
            received_at: at,
            answered_at: None,
            closed_at: Some(at),
            words_erased_at: None,
            version: 1,
        }
    }

    #[test]
    fn terms_are_held_once_freed_once_and_never_shortened() {
        let said = |is_held, is_proved, outcome| Said {
            is_held,
            is_proved,
            outcome,
            serials: Vec::new(),
            decided: Vec::new(),
        };
        let order = |step, outcome| KeepOrder {
            version: 1,
            step,
            outcome,
            serials: Vec::new(),
            reason: "理由".into(),
        };
        let closed = row(Category::Misuse, ComplaintState::Closed);
        let ok = |row: &ComplaintRow, said: &Said, step, outcome| {
            may(row, said, &order(step, outcome)).is_ok()
        };
        let plain = said(false, false, None);
        use KeepStep as K;
        use Outcome as O;
        assert!(ok(&closed, &plain, K::Hold, None) && !ok(&closed, &plain, K::Free, None));
        let held = said(true, false, None);
        assert!(!ok(&closed, &held, K::Hold, None) && ok(&closed, &held, K::Free, None));
        assert!(ok(&closed, &plain, K::Mark, Some(O::Nothing)));
        assert!(ok(&closed, &plain, K::Mark, Some(O::Changed)));
        assert!(!ok(&closed, &plain, K::Mark, None));
        for outcome in [O::Nothing, O::Changed] {
            let before = said(false, false, Some(outcome));
            assert!(ok(&closed, &before, K::Mark, Some(O::Changed)));
            assert!(!ok(&closed, &before, K::Mark, Some(O::Nothing)), "{outcome:?}");
        }
        let open = row(Category::Misuse, ComplaintState::Accepted);
        assert!(!ok(&open, &plain, K::Mark, Some(O::Changed)));
        let other = row(Category::Service, ComplaintState::Closed);
        assert!(
            !ok(&other, &plain, K::Mark, Some(O::Changed)) && ok(&other, &plain, K::Hold, None)
        );
    }
}
