//! The end of what came with reports (PIPL Art. 19, 47): so many days after a report was closed its evidence, that may be
//! a private key or say much about people, is erased for good. What the journal needs stays: what was received is
//! committed to in `complaint.received`, what was found is in the steps, and the end is a record of its own.
//!
//! Nothing goes while something is still to be done: a report is closed first, and where a leaked key was proved, every
//! certificate of it is revoked or over (T-16, T-31).

use jiff::Timestamp;
use pki::{Certificate, Serial};
use serde_json::{Value, json};
use store::{Actor, Standing, Tx};

use super::model::{Complaint, ComplaintState};
use super::sql::{self, ComplaintRow};
use super::{record, rules};
use crate::doctor::{Check, Level};
use crate::error::Error;
use crate::institution::Institution;
use crate::mark::Mark;

/// Reports that are looked at together.
const BLOCK: i64 = 50;
/// A report whose evidence should have gone so many days ago is named.
const LATE_DAYS: u16 = 1;
/// Most reports that the doctor names.
const MOST_NAMED: usize = 6;

/// A closed report whose evidence is over its time.
struct Due {
    row: ComplaintRow,
    /// Whether nothing is to be done for it any more.
    is_settled: bool,
}

impl Institution {
    /// Until when the evidence of a closed report is kept.
    #[must_use]
    pub fn evidence_until(&self, complaint: &Complaint) -> Option<Timestamp> {
        let days = self.settings().voice.evidence_days;
        complaint.closed_at.map(|closed_at| rules::kept_until(closed_at, days))
    }

    /// Erases the evidence that is over its time; of how many reports. Doing it again changes nothing.
    pub async fn erase_evidence(&self) -> Result<u32, Error> {
        if self.store().standing() != Standing::Sound {
            return Ok(0);
        }
        let (days, mut behind, mut erased) = (self.settings().voice.evidence_days, None, 0);
        loop {
            let due = self.evidence_due(days, behind.as_ref()).await?;
            let Some(last) = due.last() else { break };
            behind = mark_of(&last.row);
            let is_last = due.len() < usize::try_from(BLOCK).unwrap_or(usize::MAX);
            for one in due.into_iter().filter(|one| one.is_settled) {
                erased += u32::from(self.erase_evidence_of(one.row.id, days).await?);
            }
            if is_last || behind.is_none() {
                break;
            }
        }
        Ok(erased)
    }

    /// Some closed reports with evidence whose time of so many days is over, the longest closed first.
    async fn evidence_due(&self, days: u16, behind: Option<&Mark>) -> Result<Vec<Due>, Error> {
        let before = rules::closed_before(self.clock().now(), days);
        let mut reader = self.store().read().await?;
        let rows = sql::evidence_due(&mut reader, before, (behind, BLOCK)).await?;
        drop(reader);
        let mut due = Vec::with_capacity(rows.len());
        for row in rows {
            let words = self.words_of(&row).await?;
            let is_settled = match words.proved {
                Some(proved) => self.is_over_for(&proved.serial).await?,
                None => true,
            };
            due.push(Due { row, is_settled });
        }
        Ok(due)
    }

    /// Whether every certificate of a key that was proved to have leaked is revoked or over.
    async fn is_over_for(&self, serial: &str) -> Result<bool, Error> {
        let serial = Serial::from_hex(serial).map_err(|_| Error::Stored("证书序列号"))?;
        let now = self.clock().now();
        let is_over = |one: &ca::CertificateRecord| {
            matches!(one.status, ca::Status::Revoked { .. }) || now > one.not_after
        };
        for line in [self.ca(), self.roots()] {
            if let Some(found) = line.find(&serial).await? {
                let key = Certificate::from_der(found.der())?.public_key()?;
                return Ok(line.of_key(&key).await?.iter().all(is_over));
            }
        }
        // A root itself, that nobody revokes: it is over with its term.
        let roots = self.roots().generations();
        let own = roots.iter().map(ca::Ca::certificate).find(|one| one.serial() == serial);
        Ok(own.is_none_or(|one| now > one.not_after()))
    }

    /// Evidence, note and record: one unit. False where another node was faster.
    async fn erase_evidence_of(&self, id: String, days: u16) -> Result<bool, Error> {
        let store = self.store().clone();
        let unit = self.store().commit(move |tx| {
            Box::pin(async move {
                let row = sql::complaint(tx.conn(), &id).await?;
                let row = row.filter(|row| row.state == ComplaintState::Closed);
                let Some(row) = row else { return Ok(false) };
                erase(tx, &store, (&row, days)).await
            })
        });
        unit.await
    }

    /// Evidence that should be gone and isn't.
    pub(crate) async fn check_evidence(&self) -> Check {
        let (level, detail) = match self.judge_evidence().await {
            Ok(judged) => judged,
            Err(error) => (Level::Unknown, error.to_string()),
        };
        Check {
            name: "problem_evidence", title: "问题报告证据的保存期限", level, detail
        }
    }

    async fn judge_evidence(&self) -> Result<(Level, String), Error> {
        let days = self.settings().voice.evidence_days;
        let late = self.evidence_due(days.saturating_add(LATE_DAYS), None).await?;
        Ok(judge(&late, days))
    }
}

async fn erase(
    tx: &mut Tx,
    store: &store::Store,
    (row, days): (&ComplaintRow, u16),
) -> Result<bool, Error> {
    let kept = sql::kept_evidence(tx.conn(), &row.id).await?;
    if kept.is_empty() {
        return Ok(false);
    }
    let mut gone = Vec::with_capacity(kept.len());
    for (position, one) in kept {
        match store.erase_blob(tx, &one.blob).await {
            Ok(()) | Err(store::Error::Erased) => {}
            Err(error) => return Err(error.into()),
        }
        gone.push(json!({ "position": position, "octets": one.octets, "blob": one.blob }));
    }
    let now = tx.now();
    sql::note_erased(tx.conn(), &row.id, now).await?;
    let closed_at = row.closed_at.map(|at| at.to_string());
    let body = json!({ "number": row.number, "closed_at": closed_at, "days": days,
        "evidence": Value::Array(gone) });
    let subject = format!("complaint:{}", row.id);
    record(tx, "complaint.evidence-erased", Actor::system(), (subject, body)).await?;
    Ok(true)
}

fn mark_of(row: &ComplaintRow) -> Option<Mark> {
    row.closed_at.map(|closed_at| Mark::new(closed_at, &row.id))
}

fn judge(late: &[Due], days: u16) -> (Level, String) {
    let named = |is_settled: bool| {
        let chosen = late.iter().filter(|one| one.is_settled == is_settled).take(MOST_NAMED);
        chosen.map(|one| one.row.number.as_str()).collect::<Vec<_>>().join("、")
    };
    let (stuck, waiting) = (named(true), named(false));
    let mut said = Vec::new();
    if !stuck.is_empty() {
        said.push(format!(
            "报告 {stuck} 的证据已过保存期限（办结后 {days} 天）而没有销毁；请查看程序日志中“evidence of reports”的错误，排除后会自动销毁"
        ));
    }
    if !waiting.is_empty() {
        said.push(format!(
            "报告 {waiting} 已办结，而所证明失密的密钥还有证书没有撤销，证据暂不销毁；请登记撤销这些证书"
        ));
    }
    match said.is_empty() {
        true => (Level::Good, format!("没有过期未销毁的证据（办结后保存 {days} 天）")),
        false => (Level::Warning, said.join("；")),
    }
}
