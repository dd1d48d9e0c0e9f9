//! Whether what came with complaints and reports ends in time, for the doctor: what should be gone and isn't, and what
//! stays because something is to be done, or isn't known.

use jiff::Timestamp;

use super::retention::mark_of;
use super::rules;
use super::sql::{ComplaintRow, Due};
use super::term::{Known, Term};
use crate::doctor::{Check, Level};
use crate::error::Error;
use crate::institution::Institution;

/// What should have gone so many days ago is named.
const LATE_DAYS: u16 = 1;
/// Most numbers of one kind that the doctor names.
const MOST_NAMED: usize = 6;

/// Why something is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    /// Nothing is in the way.
    Stuck,
    /// Nobody said what it came to.
    Unsaid,
    /// A certificate that it concerns isn't found.
    Lost,
    /// A certificate of a leaked key is neither revoked nor over.
    Waiting,
    /// It can't be read.
    Unreadable,
}

impl Institution {
    /// Evidence and words that should be gone and aren't.
    pub(crate) async fn check_evidence(&self) -> Check {
        let (level, detail) = match self.judge_evidence().await {
            Ok(judged) => judged,
            Err(error) => (Level::Unknown, error.to_string()),
        };
        Check {
            name: "problem_evidence", title: "投诉和问题报告的保存期限", level, detail
        }
    }

    async fn judge_evidence(&self) -> Result<(Level, String), Error> {
        let days = self.settings().voice;
        let mut left = self.left((Due::Evidence, days.evidence_days)).await?;
        left.extend(self.left((Due::Words, days.complaint_days)).await?);
        Ok(judge(&left))
    }

    /// What is left of what was closed for longer than it is kept by itself.
    async fn left(&self, (due, days): (Due, u16)) -> Result<Vec<(Left, String)>, Error> {
        let now = self.clock().now();
        let before = rules::closed_before(now, days.saturating_add(LATE_DAYS));
        let (mut behind, mut left) = (None, Vec::new());
        loop {
            let rows = self.closed_with((due, before), behind.as_ref()).await?;
            let Some(mark) = rows.last().and_then(mark_of) else { return Ok(left) };
            for row in rows {
                left.extend(
                    self.why_left(&row, (due, days), now).await.map(|why| (why, row.number)),
                );
            }
            behind = Some(mark);
        }
    }

    async fn why_left(
        &self,
        row: &ComplaintRow,
        (due, days): (Due, u16),
        now: Timestamp,
    ) -> Option<Left> {
        let Ok(known) = self.known_of(row).await else { return Some(Left::Unreadable) };
        // What goes with the evidence is written anew without it: it has to be read.
        if due == Due::Evidence && self.words_of(row).await.is_err() {
            return Some(Left::Unreadable);
        }
        why(&known, days, now)
    }
}

fn why(known: &Known, days: u16, now: Timestamp) -> Option<Left> {
    let late = |until: Timestamp| rules::kept_until(until, LATE_DAYS);
    match known.term(days) {
        Term::Held => None,
        Term::Unsaid => Some(Left::Unsaid),
        Term::Unknown(_) => Some(Left::Lost),
        Term::Until(until) if now > late(until) => Some(Left::Stuck),
        Term::Until(_) if known.waits_for_revocation() => Some(Left::Waiting),
        Term::Until(_) => None,
    }
}

fn judge(left: &[(Left, String)]) -> (Level, String) {
    let named = |why: Left| {
        let mut all: Vec<_> =
            left.iter().filter(|(one, _)| *one == why).map(|(_, number)| &**number).collect();
        all.sort_unstable();
        all.dedup();
        let more =
            if all.len() > MOST_NAMED { format!(" 等 {} 件", all.len()) } else { String::new() };
        let first = all.iter().take(MOST_NAMED).copied().collect::<Vec<_>>().join("、");
        (!all.is_empty()).then(|| format!("{first}{more}"))
    };
    let unreadable = named(Left::Unreadable).map(|all| {
        format!("{all} 的内容不能读取，不能判断保存期限，不会销毁；请核对数据库和密码设备")
    });
    let others = [
        (Left::Lost, "所涉及的证书没有找到，不能计算保存期限，不会销毁；请核对数据库和日志"),
        (
            Left::Stuck,
            "的证据或者内容已过保存期限而没有销毁；请查看程序日志中“evidence of reports”的错误，排除后会自动销毁",
        ),
        (
            Left::Unsaid,
            "办结时没有写明有没有证书因此暂停或者撤销，不能计算保存期限，不会销毁；请在管理台“投诉”中打开，在“保存期限”一栏补写",
        ),
        (Left::Waiting, "已办结，而所证明失密的密钥还有证书没有撤销；请登记撤销这些证书"),
    ];
    let others: Vec<_> = others
        .into_iter()
        .filter_map(|(why, what)| Some(format!("{} {what}", named(why)?)))
        .collect();
    let level = match (&unreadable, others.is_empty()) {
        (Some(_), _) => Level::Unknown,
        (None, false) => Level::Warning,
        (None, true) => return (Level::Good, "没有过期未销毁的证据和内容".to_owned()),
    };
    let said: Vec<_> = unreadable.into_iter().chain(others).collect();
    (level, said.join("；"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_what_is_left_is_named_and_what_cannot_be_read_hides_nothing() {
        assert_eq!(judge(&[]).0, Level::Good);
        let of = |why, number: &str| (why, number.to_owned());
        for (why, word) in [
            (Left::Stuck, "过保存期限"),
            (Left::Unsaid, "补写"),
            (Left::Lost, "没有找到"),
            (Left::Waiting, "没有撤销"),
        ] {
            let (level, text) = judge(&[of(why, "TS1")]);
            assert!(
                level == Level::Warning && text.contains("TS1") && text.contains(word),
                "{text}"
            );
        }
        let all = [of(Left::Unreadable, "TS1"), of(Left::Stuck, "TS2"), of(Left::Stuck, "TS2")];
        let (level, text) = judge(&all);
        assert!(level == Level::Unknown && text.contains("TS1") && text.contains("TS2"), "{text}");
        assert_eq!(text.matches("TS2").count(), 1, "{text}");
        let many: Vec<_> = (0..9).map(|at| of(Left::Waiting, &format!("TS{at}"))).collect();
        let (_, text) = judge(&[&many[..], &all[1..]].concat());
        assert!(text.contains("等 9 件") && text.contains("TS2"), "{text}");
    }
}
