//! Whether the reports are there, are those that were recorded, and name nothing: for the doctor (T-20).

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use store::{Filter, Stored, Verdict};

use super::list::SampleFilter;
use super::make::subject;
use super::model::{Counts, SampleSummary};
use super::week::Week;
use super::{REPORTED, REVIEWED, sql};
use crate::doctor::{Check, Level};
use crate::error::Error;
use crate::institution::Institution;

/// A report that is not there so long after the end of its week is missing.
const LATE_AFTER: SignedDuration = SignedDuration::from_hours(24);
/// Reports that are held against their records.
const COMPARED: u32 = 53;
/// While what an outage left out is made up for, a report comes at least so often.
const MADE_UP_WITHIN: SignedDuration = SignedDuration::from_mins(10);
/// Reports of which the findings are told one by one; of older ones, how many wait with something in them.
const TOLD: usize = 4;
/// A report that nobody went through for so long is named.
const LOOKED_AT_WITHIN: SignedDuration = SignedDuration::from_hours(14 * 24);

impl Institution {
    pub(crate) async fn check_samples(&self) -> Check {
        let (level, detail) = match self.judge_samples().await {
            Ok(judged) => judged,
            Err(error) => (Level::Unknown, error.to_string()),
        };
        Check { name: "sample", title: "签发抽查报告", level, detail }
    }

    async fn judge_samples(&self) -> Result<(Level, String), Error> {
        let filter = SampleFilter::default();
        let records = Filter { kind: Some(REPORTED.to_owned()), ..Filter::default() };
        let recorded = self.store().count(&records).await?;
        let mut reader = self.store().read().await?;
        let newest = sql::page(&mut reader, filter, (0, COMPARED)).await?;
        let total = sql::total(&mut reader, filter).await?;
        drop(reader);
        if let Some(week) = self.sample_week_due().await?
            && self.clock().now() >= week.end() + LATE_AFTER
        {
            return Ok(missing(week, newest.first(), self.clock().now()));
        }
        // A report that is made at this moment is no difference.
        if recorded != total && self.store().count(&records).await? == recorded {
            let text = "报告与日志中的记录数量不符，曾有报告被删除或者插入；请核对数据库和日志";
            return Ok((Level::Failed, text.to_owned()));
        }
        if let Some(text) = self.looks_taken_out(&newest).await? {
            return Ok((Level::Failed, text));
        }
        for (at, summary) in newest.iter().enumerate() {
            let Some(record) = self.record_of_sample(summary).await? else {
                let text = format!("{} 起一周的报告与日志记录不符，曾被改动", summary.week);
                return Ok((Level::Failed, text));
            };
            if let Some(text) = uncounted(&record, summary).filter(|_| at < TOLD) {
                return Ok((Level::Failed, text));
            }
            if !self.is_look_recorded(summary).await? {
                let text = format!(
                    "{} 起一周报告的核实结论与日志记录不符，曾被改动；请核对数据库和日志",
                    summary.week
                );
                return Ok((Level::Failed, text));
            }
        }
        let now = self.clock().now();
        let before = now.saturating_sub(LOOKED_AT_WITHIN).unwrap_or(now);
        let mut reader = self.store().read().await?;
        let waiting = sql::waiting(&mut reader, before).await?;
        let unanswered = sql::unanswered(&mut reader).await?;
        drop(reader);
        Ok(with_waiting(with_unanswered(told(&newest), unanswered), waiting))
    }

    /// A conclusion that somebody signed, and whose row is gone: as many were signed as there are, and each of the newest
    /// reports of which the journal has one has it.
    async fn looks_taken_out(&self, newest: &[SampleSummary]) -> Result<Option<String>, Error> {
        let records = Filter { kind: Some(REVIEWED.to_owned()), ..Filter::default() };
        let count = async || sql::looks(&mut *self.store().read().await?).await;
        let (signed, kept) = (self.store().count(&records).await?, count().await?);
        // One that is signed at this moment is no difference.
        if signed == kept || self.store().count(&records).await? != signed {
            return Ok(None);
        }
        for summary in newest.iter().filter(|one| one.looked.is_none()) {
            let one = (REVIEWED, &*subject(summary.week));
            if sql::has_record(&mut *self.store().read().await?, one).await? {
                return Ok(Some(format!(
                    "{} 起一周报告的核实结论曾被删除，日志中仍有记录；请核对数据库和日志",
                    summary.week
                )));
            }
        }
        let text = "核实结论与日志中的记录数量不符，曾有结论被删除或者插入；请核对数据库和日志";
        Ok(Some(text.to_owned()))
    }

    /// Whether what is said of who went through a report is what they signed.
    async fn is_look_recorded(&self, summary: &SampleSummary) -> Result<bool, Error> {
        let Some(looked) = &summary.looked else { return Ok(true) };
        let record = match self.record_at(looked.seq.0).await {
            Ok(record) => record,
            Err(Error::Stored(_)) => return Ok(false),
            Err(error) => return Err(error),
        };
        let text = |name: &str| record.body.get(name).and_then(Value::as_str);
        Ok(record.intact
            && record.kind == REVIEWED
            && record.subject == subject(summary.week)
            && record.actor == looked.actor
            && text("sm3") == Some(&*summary.digest)
            && text("verdict") == Some(looked.verdict.word())
            && text("report") == Some(&*looked.report))
    }

    /// Whether the record of a report says the same as its row.
    pub(super) async fn is_recorded_sample(&self, summary: &SampleSummary) -> Result<bool, Error> {
        Ok(self.record_of_sample(summary).await?.is_some())
    }

    /// The record of a report, where it says the same as its row.
    async fn record_of_sample(&self, summary: &SampleSummary) -> Result<Option<Stored>, Error> {
        let record = match self.record_at(summary.seq.0).await {
            Ok(record) => record,
            Err(Error::Stored(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let text = |name: &str| record.body.get(name).and_then(Value::as_str);
        let counts = record.body.get("counts");
        let number =
            |name: &str| counts.and_then(|counts| counts.get(name)).and_then(Value::as_u64);
        let is_same = record.intact
            && record.kind == REPORTED
            && record.subject == subject(summary.week)
            && text("sm3") == Some(&*summary.digest)
            && text("root") == Some(&*summary.journal.root)
            && record.body.get("size").and_then(Value::as_u64) == Some(summary.journal.size)
            && number("population") == Some(summary.population)
            && number("drawn") == Some(summary.drawn)
            && number("faulty") == Some(summary.faulty)
            && number("unjudged") == Some(summary.unjudged)
            && number("example_policy") == Some(summary.example_policy)
            && number("no_evidence") == Some(summary.by_client);
        Ok(is_same.then_some(record))
    }
}

/// A report that is late. What was left out comes bit by bit, the oldest first: while it does nobody has to see to it.
fn missing(week: Week, newest: Option<&SampleSummary>, now: Timestamp) -> (Level, String) {
    match newest {
        Some(last) if now.duration_since(last.made_at) <= MADE_UP_WITHIN => {
            (Level::Warning, format!("正在补作以前各周的报告，下一份是 {week} 起一周；无须操作"))
        }
        _ => (
            Level::Failed,
            format!(
                "{week} 起一周的报告尚未生成；请查看程序日志中“weekly sample”的错误，排除后会自动补作"
            ),
        ),
    }
}

/// What is wrong with a week in which records of issue and certificates do not agree in number.
fn uncounted(record: &Stored, summary: &SampleSummary) -> Option<String> {
    let counts = record.body.get("counts").cloned().unwrap_or_default();
    let counts: Counts = serde_json::from_value(counts).ok()?;
    let certificates = counts.certificates.filter(|_| !counts.is_whole())?;
    let SampleSummary { week, population, .. } = summary;
    Some(format!(
        "{week} 起一周有签发记录 {population} 条，证书 {certificates} 张，数量不符，抽查可能有遗漏；\
         请运行 yinxin doctor --full 核对数据库和日志"
    ))
}

/// With the reports that nobody went through in time.
fn with_waiting((level, text): (Level, String), waiting: Option<(Week, u64)>) -> (Level, String) {
    let Some((week, count)) = waiting else { return (level, text) };
    let text = format!(
        "{text}；{count} 份报告超过 14 天没有人核实，最早的是 {week} 起一周；请由审计员在管理台“签发抽查”核实并签名"
    );
    (level.worse(Level::Warning), text)
}

/// With the reports of any age that name something and that nobody answered for: time makes nothing of it better.
fn with_unanswered(
    (level, text): (Level, String),
    [faulty, unjudged]: [Option<(Week, u64)>; 2],
) -> (Level, String) {
    let said = |found: Option<(Week, u64)>, what: &str| {
        found.map(|(week, count)| {
            format!("{count} 份{what}的报告没有人核实，最早的是 {week} 起一周")
        })
    };
    let least = match (&faulty, &unjudged) {
        (Some(_), _) => Level::Failed,
        (None, Some(_)) => Level::Unknown,
        (None, None) => return (level, text),
    };
    let more = [said(faulty, "列有问题"), said(unjudged, "列有未能判定的证书")];
    let all: Vec<_> = std::iter::once(text).chain(more.into_iter().flatten()).collect();
    (level.worse(least), all.join("；"))
}

/// What the newest reports name. What somebody went through and found in order is told no more; what they found wrong is
/// in their hands, and told as that.
fn told(newest: &[SampleSummary]) -> (Level, String) {
    let Some(last) = newest.first() else {
        return (Level::Good, "第一份报告在本周结束后生成".to_owned());
    };
    let all = newest.iter().take(TOLD);
    let is_wrong = |one: &SampleSummary| {
        one.looked.as_ref().is_some_and(|looked| looked.verdict == Verdict::Findings)
    };
    let confirmed: Vec<_> =
        all.clone().filter(|one| is_wrong(one)).map(|one| format!("{} 起一周", one.week)).collect();
    let recent: Vec<_> = all.filter(|one| one.looked.is_none()).collect();
    let named = |count: fn(&SampleSummary) -> u64, what: &str| {
        let weeks = recent.iter().filter(|one| count(one) > 0);
        let weeks: Vec<_> =
            weeks.map(|one| format!("{} 起一周 {} 张", one.week, count(one))).collect();
        (!weeks.is_empty()).then(|| format!("{what}：{}", weeks.join("、")))
    };
    let faulty = named(|one| one.faulty, "抽查发现签发依据有问题的证书");
    let unjudged = named(|one| one.unjudged, "未能判定的");
    let example = named(|one| one.example_policy, "使用示例策略的");
    let confirmed = (!confirmed.is_empty())
        .then(|| format!("审计员核实后发现问题的：{}", confirmed.join("、")));
    let level = match (&faulty, &unjudged, &example) {
        (Some(_), ..) => Level::Failed,
        (None, Some(_), _) => Level::Unknown,
        (None, None, Some(_)) => Level::Warning,
        (None, None, None) if confirmed.is_some() => Level::Warning,
        (None, None, None) => Level::Good,
    };
    let said: Vec<_> = [faulty, unjudged, example, confirmed].into_iter().flatten().collect();
    match said.is_empty() {
        true => {
            let SampleSummary { week, population, drawn, .. } = last;
            let text = format!(
                "最近一份：{week} 起一周签发 {population} 张，抽查 {drawn} 张，没有待核实的问题"
            );
            (level, text)
        }
        false => {
            let text = format!("{}；请由审计员在管理台“签发抽查”逐张核实并签名", said.join("；"));
            (level, text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Looked;
    use crate::sample::model::tests::summary_of;

    fn summary(week: &str, faulty: u64, unjudged: u64, example_policy: u64) -> SampleSummary {
        SampleSummary { unjudged, example_policy, ..summary_of(week, faulty) }
    }

    fn looked(verdict: Verdict) -> Option<Looked> {
        let (actor, report) = ("person:1".to_owned(), "已核实".to_owned());
        Some(Looked { actor, verdict, report, seq: store::Seq(9), at: Timestamp::UNIX_EPOCH })
    }

    #[test]
    fn what_somebody_went_through_is_told_no_more_unless_they_found_it_wrong() {
        let bad = summary("2026-11-16", 2, 1, 0);
        assert_eq!(told(std::slice::from_ref(&bad)).0, Level::Failed);
        let of = |verdict| SampleSummary { looked: looked(verdict), ..bad.clone() };
        assert_eq!(told(&[of(Verdict::Clear)]).0, Level::Good);
        let (level, text) = told(&[of(Verdict::Findings)]);
        assert!(level == Level::Warning && text.contains("核实后发现问题"), "{text}");
        let other = summary("2026-11-23", 1, 0, 0);
        let (level, text) = told(&[other, of(Verdict::Clear)]);
        assert!(level == Level::Failed && !text.contains("2026-11-16"), "{text}");
    }

    #[test]
    fn reports_that_wait_for_too_long_are_named_and_hide_nothing_worse() {
        let waiting = Some(("2026-11-02".parse().unwrap(), 3));
        let (level, text) = with_waiting((Level::Good, "好".to_owned()), waiting);
        assert!(level == Level::Warning && text.contains("2026-11-02") && text.contains("3 份"));
        assert_eq!(with_waiting((Level::Failed, String::new()), waiting).0, Level::Failed);
        assert_eq!(with_waiting((Level::Good, String::new()), None).0, Level::Good);
    }

    #[test]
    fn what_an_old_report_named_is_told_until_somebody_went_through_it() {
        let some = |count| Some(("2026-09-07".parse().unwrap(), count));
        let with =
            |faulty, unjudged| with_unanswered((Level::Good, "好".to_owned()), [faulty, unjudged]);
        assert_eq!(with(None, None), (Level::Good, "好".to_owned()));
        let (level, text) = with(some(2), some(1));
        assert!(level == Level::Failed && text.contains("2 份列有问题"), "{text}");
        assert!(text.contains("2026-09-07") && text.contains("1 份列有未能判定"), "{text}");
        assert_eq!(with(None, some(1)).0, Level::Unknown);
        let failed = with_unanswered((Level::Failed, String::new()), [None, some(1)]);
        assert_eq!(failed.0, Level::Failed, "nothing worse is hidden");
    }

    #[test]
    fn a_late_report_is_failed_unless_others_are_being_made_up_for() {
        let (last, week) = (summary("2026-11-16", 0, 0, 0), "2026-11-23".parse().unwrap());
        let after = |seconds| last.made_at + SignedDuration::from_secs(seconds);
        assert_eq!(missing(week, Some(&last), after(600)).0, Level::Warning);
        assert_eq!(missing(week, Some(&last), after(601)).0, Level::Failed);
        let (level, text) = missing(week, None, after(0));
        assert!(level == Level::Failed && text.contains("2026-11-23"), "{text}");
    }

    #[test]
    fn what_a_recent_report_names_is_told_and_nothing_unknown_looks_good() {
        let good = summary("2026-11-23", 0, 0, 0);
        assert_eq!(told(&[]).0, Level::Good);
        let (level, text) = told(std::slice::from_ref(&good));
        assert_eq!(level, Level::Good);
        assert!(text.contains("2026-11-23") && text.contains("20 张"), "{text}");
        for (bad, level, word) in [
            (summary("2026-11-16", 1, 2, 3), Level::Failed, "有问题"),
            (summary("2026-11-16", 0, 2, 3), Level::Unknown, "未能判定"),
            (summary("2026-11-16", 0, 0, 3), Level::Warning, "示例策略"),
        ] {
            let (found, text) = told(&[good.clone(), bad.clone()]);
            assert_eq!(found, level);
            assert!(text.contains(word) && text.contains("2026-11-16"), "{text}");
            let mut old = vec![good.clone(); TOLD];
            old.push(bad);
            assert_eq!(told(&old).0, Level::Good, "older ones are counted");
        }
    }
}
