//! Rounds of background work that broke down (a panic): a defect of the program that nobody would see in a log. It is
//! written down beside the journal, so that the doctor of another process tells it too, and told for a week after the
//! work went well again on the node where it broke down.

pub(crate) mod place;
mod sql;
mod titles;

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::doctor::{Check, Level};
use crate::institution::Institution;
use sql::Breakdown;
pub(crate) use titles::title;

/// For how long a breakdown is told after the work went well again.
const TOLD: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Every job has its round within that: what broke down and is not heard of for longer has no node any more.
const HEARD_OF: SignedDuration = SignedDuration::from_hours(24);
/// Most letters of a place.
const MOST_LETTERS: usize = 300;

/// The jobs of this process that broke down and didn't go well since.
#[derive(Default)]
pub(crate) struct Broken(Mutex<BTreeSet<&'static str>>);

impl Broken {
    fn set(&self) -> MutexGuard<'_, BTreeSet<&'static str>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Institution {
    /// A round broke down. Where that can't be written down, as in a store that is halted, memory tells it.
    pub(crate) async fn note_breakdown(&self, job: &'static str, place: &str) {
        self.broken().set().insert(job);
        let place: String = place.chars().take(MOST_LETTERS).collect();
        let node = self.node();
        let unit = self.store().commit(move |tx| {
            Box::pin(async move {
                let now = tx.now().as_second();
                sql::broke(tx.conn(), (&node, job), (now, &place)).await
            })
        });
        if let Err(error) = unit.await {
            tracing::error!(job, %error, "a breakdown could not be written down");
        }
    }

    /// A round came to its end. The first one of a process also settles what a process before it left broken on this
    /// node; what another node fails at is for that one to settle.
    pub(crate) async fn note_well(&self, job: &'static str, is_first: bool) {
        let was_broken = self.broken().set().remove(job);
        let is_news = was_broken || (is_first && self.was_left_broken(job).await);
        if !is_news {
            return;
        }
        let node = self.node();
        let unit = self.store().commit(move |tx| {
            Box::pin(async move {
                let now = tx.now().as_second();
                sql::recovered(tx.conn(), (&node, job), now).await
            })
        });
        if let Err(error) = unit.await {
            tracing::error!(job, %error, "that work went well again could not be written down");
        }
    }

    /// Tells this node from others; after a restart it is the same.
    fn node(&self) -> String {
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        format!("{}:{}", host.trim(), self.layout().root().display())
    }

    async fn was_left_broken(&self, job: &str) -> bool {
        let Ok(mut reader) = self.store().read().await else { return false };
        sql::open(&mut reader, &self.node())
            .await
            .is_ok_and(|open| open.iter().any(|one| one == job))
    }

    /// What the doctor says.
    pub(crate) async fn check_breakdowns(&self) -> Check {
        let rows = match self.store().read().await {
            Ok(mut reader) => sql::all(&mut reader).await,
            Err(error) => Err(error),
        };
        let broken: Vec<&'static str> = self.broken().set().iter().copied().collect();
        let (level, detail) = match rows {
            Ok(rows) => judge(&rows, (&self.node(), &broken), self.clock().now()),
            Err(error) => (Level::Unknown, error.to_string()),
        };
        Check { name: "background", title: "后台任务", level, detail }
    }
}

fn judge(
    rows: &[Breakdown],
    (node, broken): (&str, &[&'static str]),
    now: Timestamp,
) -> (Level, String) {
    let (mut level, mut told) = (Level::Good, Vec::new());
    let is_here = |row: &Breakdown, job: &str| row.node == node && row.job == job;
    for row in rows {
        let Breakdown { node, job, times, place, .. } = row;
        let at = Timestamp::from_second(row.broke_at).unwrap_or(Timestamp::UNIX_EPOCH);
        let within = |since: i64, span: SignedDuration| {
            now.as_second().saturating_sub(since) < span.as_secs()
        };
        let is_broken = broken.iter().any(|job| is_here(row, job));
        let (how, what) = match row.recovered_at.filter(|_| !is_broken) {
            None if is_broken || within(row.broke_at, HEARD_OF) => {
                (Level::Failed, "之后还没有正常完成过")
            }
            None if within(row.broke_at, TOLD) => {
                (Level::Warning, "之后该节点再没有消息；节点已停用的不必处理")
            }
            Some(since) if within(since, TOLD) => (Level::Warning, "之后已正常完成"),
            _ => continue,
        };
        level = level.worse(how);
        told.push(format!(
            "“{}”在节点 {node} 于 {at} 因程序错误中断（共 {times} 次：{place}），{what}",
            title(job)
        ));
    }
    // What could not be written down.
    for job in broken.iter().filter(|job| !rows.iter().any(|row| is_here(row, job))) {
        level = Level::Failed;
        told.push(format!("“{}”因程序错误中断，之后还没有正常完成过", title(job)));
    }
    if told.is_empty() {
        return (Level::Good, "没有因程序错误中断的任务".to_owned());
    }
    (level, format!("{}；请把运行日志交给开发者", told.join("；")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_breakdown_is_told_until_a_week_after_the_work_went_well_again() {
        let at = |seconds: i64| Timestamp::from_second(1_796_000_000 + seconds).unwrap();
        let row = |recovered: Option<i64>| Breakdown {
            node: "here".into(),
            job: "letters".into(),
            broke_at: at(0).as_second(),
            times: 2,
            place: "crates/app/src/letters.rs:7".into(),
            recovered_at: recovered.map(|seconds| at(seconds).as_second()),
        };
        let level =
            |rows: &[Breakdown], broken: &[&'static str], now| judge(rows, ("here", broken), now).0;
        assert_eq!(level(&[], &[], at(9)), Level::Good);
        assert_eq!(level(&[row(None)], &[], at(9)), Level::Failed);
        assert_eq!(level(&[row(Some(5))], &[], at(9)), Level::Warning);
        assert_eq!(level(&[row(Some(5))], &["letters"], at(9)), Level::Failed);
        assert_eq!(level(&[row(Some(0))], &[], at(7 * 86_400)), Level::Good);
        assert_eq!(level(&[], &["crl"], at(9)), Level::Failed, "what could not be written down");
        let text = judge(&[row(None)], ("here", &[]), at(9)).1;
        assert!(text.contains("letters.rs:7") && text.contains("2 次"), "{text}");
        // Another node's stays another node's, whatever goes well or wrong here.
        let other = Breakdown { node: "there".into(), ..row(Some(5)) };
        assert_eq!(level(std::slice::from_ref(&other), &[], at(9)), Level::Warning);
        assert_eq!(level(&[other], &["letters"], at(9)), Level::Failed, "not written down here");
        // Who broke down is heard of at every round, or is gone.
        assert_eq!(level(&[row(None)], &[], at(86_399)), Level::Failed);
        assert_eq!(level(&[row(None)], &[], at(86_400)), Level::Warning);
        assert_eq!(level(&[row(None)], &["letters"], at(86_400)), Level::Failed);
        assert_eq!(level(&[row(None)], &[], at(7 * 86_400)), Level::Good);
    }
}
