//! Reports that somebody went through (T-20): an auditor says by the own key what was found, over this very text, once
//! for each report. Nobody says so of what they had a hand in themselves.

use access::{ActKind, Action, Permit, Principal, SignedAct};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Actor, Record, Tx, Verdict};

use super::make::subject;
use super::model::{Report, SampleSummary};
use super::week::Week;
use super::{REVIEWED, sql};
use crate::error::Error;
use crate::institution::Institution;

/// Most characters of what was found.
pub const MOST_FINDING: usize = 1_000;

/// That somebody went through a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// Who: `person:…`.
    pub actor: String,
    /// What it came to.
    pub verdict: Verdict,
    /// What was found, in words.
    pub report: String,
    /// The record.
    pub seq: store::Seq,
    /// When.
    pub at: Timestamp,
}

/// What who went through a report signs. Payload of `sample.review`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleReview {
    /// The Monday.
    pub week: String,
    /// SM3 of the signed text, hexadecimal.
    pub sm3: String,
    /// `clear` or `findings`.
    pub verdict: String,
    /// What was found.
    pub report: String,
}

impl Institution {
    /// The order for a report as it stands, to be signed by whom the permit names.
    ///
    /// # Errors
    /// When there is no such report, it was gone through before, or isn't for this person.
    pub async fn sample_review_order(
        &self,
        permit: &Permit,
        week: Week,
        (verdict, finding): (Verdict, &str),
    ) -> Result<SampleReview, Error> {
        permit.covers(Action::ReviewSamples)?;
        let read = self.read_sample(week).await?;
        let (summary, report, is_genuine) = read.ok_or(MISSING)?;
        let person = permit.actor().to_string();
        may(&summary, (&report, is_genuine), (&person, verdict, finding.trim()))?;
        let signed = (REVIEWED, &*subject(week));
        if sql::has_record(&mut *self.store().read().await?, signed).await? {
            return Err(TAKEN_OUT);
        }
        Ok(SampleReview {
            week: week.to_string(),
            sm3: summary.digest,
            verdict: verdict.word().to_owned(),
            report: finding.trim().to_owned(),
        })
    }

    /// Carries out what was signed about a report.
    pub(crate) async fn on_sample(
        &self,
        principal: &Principal,
        act: SignedAct,
    ) -> Result<(), Error> {
        let permit = self.permit(principal, Action::ReviewSamples)?;
        let order: SampleReview = serde_json::from_value(act.payload().clone())
            .map_err(|_| Error::Stored("签名事项的内容"))?;
        let week: Week = order.week.parse().map_err(|_| MISSING)?;
        act.covers(&permit, ActKind::ReviewSample, &subject(week))?;
        let verdict = Verdict::from_word(&order.verdict)?;
        let read = self.read_sample(week).await?;
        let (summary, report, is_genuine) = read.ok_or(MISSING)?;
        let person = permit.actor().to_string();
        may(&summary, (&report, is_genuine), (&person, verdict, &order.report))?;
        let looked = New { week, order, verdict, actor: permit.actor(), act };
        self.store().commit(move |tx| Box::pin(write(tx, looked))).await
    }
}

struct New {
    week: Week,
    order: SampleReview,
    verdict: Verdict,
    actor: Actor,
    act: SignedAct,
}

/// Row and record; only over the text that was signed for, and only once.
async fn write(tx: &mut Tx, new: New) -> Result<(), Error> {
    let New { week, order, verdict, actor, act } = new;
    let (summary, _) = sql::find(tx.conn(), week).await?.ok_or(MISSING)?;
    if summary.digest != order.sm3 {
        return Err(Error::NotApplicable("报告与签名时的不同；请重新打开报告，核对后再签名"));
    }
    if summary.looked.is_some() {
        return Err(LOOKED_AT);
    }
    // What was signed stands in the journal, whatever became of its row.
    if sql::has_record(tx.conn(), (REVIEWED, &subject(week))).await? {
        return Err(TAKEN_OUT);
    }
    let body = json!({ "week": order.week, "sm3": order.sm3, "verdict": verdict.word(),
        "report": order.report, "act": act.to_json() });
    let (person, at) = (actor.to_string(), tx.now());
    let seq = tx.append(Record::new(REVIEWED, actor, subject(week), body)).await?;
    let looked = Looked { actor: person, verdict, report: order.report, seq, at };
    sql::add_look(tx.conn(), week, &looked).await?;
    Ok(())
}

const MISSING: Error = Error::NotApplicable("没有这一周的签发抽查报告；请从“签发抽查”的列表进入");
const LOOKED_AT: Error =
    Error::NotApplicable("这份报告已经核实过，结论不能更改；另有发现的，请写入审计标记");

const TAKEN_OUT: Error = Error::NotApplicable(
    "日志中已有这份报告的核实结论，数据库中的结论曾被删除，不能再核实一次；请保全现场，报告安全管理员",
);

/// Whether somebody may say this of a report.
fn may(
    summary: &SampleSummary,
    (report, is_genuine): (&Report, bool),
    (person, verdict, finding): (&str, Verdict, &str),
) -> Result<(), Error> {
    let names_something = summary.faulty > 0 || summary.unjudged > 0;
    let length = finding.chars().count();
    Err(Error::NotApplicable(match () {
        () if summary.looked.is_some() => return Err(LOOKED_AT),
        () if !is_genuine => {
            "报告与签名或日志记录不符，曾被改动，或者本节点的密码设备中没有机构签名密钥，不能核实；请检查密码设备，设备无误的，保全现场，报告安全管理员"
        }
        () if had_a_hand(report, person) => "抽中的证书中有您经手的，请由另一名审计员核实",
        () if length > MOST_FINDING => "核实情况最多 1000 字；更长的请写成审计报告",
        () if length == 0 && verdict == Verdict::Findings => {
            "发现问题的，请写明是哪些证书、有什么问题、如何处理"
        }
        () if length == 0 && names_something => {
            "报告列有问题或者未能判定的证书，请写明逐张核实的情况"
        }
        () => return Ok(()),
    }))
}

/// Whether somebody ordered, entered, proofed or reviewed anything that was drawn: nobody audits what they do themselves
/// (Measures Art. 21 ¶3).
fn had_a_hand(report: &Report, actor: &str) -> bool {
    let number = actor.strip_prefix("person:").unwrap_or(actor);
    report.sample.iter().any(|entry| {
        let applied = entry.application.as_ref();
        let done = applied.into_iter().flat_map(|one| [&one.proofed, &one.reviewed]).flatten();
        let mut people =
            done.map(|done| &done.person).chain(applied.into_iter().flat_map(|one| &one.entered));
        entry.ordered_by.as_deref() == Some(actor) || people.any(|person| person == number)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::model::tests::{entry_by, report_of, summary_of};

    #[test]
    fn nobody_goes_through_what_they_had_a_hand_in_and_what_is_named_is_answered() {
        let (good, bad) = (summary_of("2026-11-23", 0), summary_of("2026-11-23", 1));
        let report = report_of(vec![entry_by("7", "8", "9")]);
        let judged = |summary: &SampleSummary, is_genuine, person, verdict, finding| {
            may(summary, (&report, is_genuine), (person, verdict, finding))
                .map_err(|e| e.to_string())
        };
        let said = |error: Result<(), String>, part: &str| {
            let text = error.unwrap_err();
            assert!(text.contains(part), "{text}");
        };
        assert_eq!(judged(&good, true, "person:1", Verdict::Clear, ""), Ok(()));
        for hand in ["person:7", "person:8", "person:9"] {
            said(judged(&good, true, hand, Verdict::Clear, "没有问题"), "经手");
        }
        said(judged(&good, false, "person:1", Verdict::Clear, ""), "曾被改动");
        said(judged(&good, true, "person:1", Verdict::Findings, ""), "写明");
        said(judged(&bad, true, "person:1", Verdict::Clear, ""), "逐张核实");
        assert_eq!(judged(&bad, true, "person:1", Verdict::Clear, "材料在卷"), Ok(()));
        let long = "核".repeat(MOST_FINDING + 1);
        said(judged(&good, true, "person:1", Verdict::Clear, &long), "1000");
        let looked = Looked {
            actor: "person:2".into(),
            verdict: Verdict::Clear,
            report: String::new(),
            seq: store::Seq(1),
            at: Timestamp::UNIX_EPOCH,
        };
        let done = SampleSummary { looked: Some(looked), ..good };
        said(judged(&done, true, "person:1", Verdict::Clear, ""), "核实过");
    }
}
