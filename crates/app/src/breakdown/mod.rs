//! Rounds of background work that broke down (a panic): a defect of the program that nobody would see in a log. It is
//! written down beside the journal, so that the doctor of another process tells it too, and told for a week after the
//! work went well again.

mod sql;

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::doctor::{Check, Level};
use crate::institution::Institution;
use sql::Breakdown;

/// For how long a breakdown is told after the work went well again.
const TOLD: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Most letters of what a panic said.
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
    pub(crate) async fn note_breakdown(&self, job: &'static str, text: &str) {
        self.broken().set().insert(job);
        let text: String = text.chars().take(MOST_LETTERS).collect();
        let unit = self.store().commit(move |tx| {
            Box::pin(async move {
                let now = tx.now().as_second();
                sql::broke(tx.conn(), job, (now, &text)).await
            })
        });
        if let Err(error) = unit.await {
            tracing::error!(job, %error, "a breakdown could not be written down");
        }
    }

    /// A round came to its end. The first one of a process also settles what a process before it left broken.
    pub(crate) async fn note_well(&self, job: &'static str, is_first: bool) {
        let was_broken = self.broken().set().remove(job);
        let is_news = was_broken || (is_first && self.was_left_broken(job).await);
        if !is_news {
            return;
        }
        let unit = self.store().commit(move |tx| {
            Box::pin(async move {
                let now = tx.now().as_second();
                sql::recovered(tx.conn(), job, now).await
            })
        });
        if let Err(error) = unit.await {
            tracing::error!(job, %error, "that work went well again could not be written down");
        }
    }

    async fn was_left_broken(&self, job: &str) -> bool {
        let Ok(mut reader) = self.store().read().await else { return false };
        sql::open(&mut reader).await.is_ok_and(|open| open.iter().any(|one| one == job))
    }

    /// What the doctor says.
    pub(crate) async fn check_breakdowns(&self) -> Check {
        let rows = match self.store().read().await {
            Ok(mut reader) => sql::all(&mut reader).await,
            Err(error) => Err(error),
        };
        let broken: Vec<&'static str> = self.broken().set().iter().copied().collect();
        let (level, detail) = match rows {
            Ok(rows) => judge(&rows, &broken, self.clock().now()),
            Err(error) => (Level::Unknown, error.to_string()),
        };
        Check { name: "background", title: "后台任务", level, detail }
    }
}

fn judge(rows: &[Breakdown], broken: &[&'static str], now: Timestamp) -> (Level, String) {
    let (mut level, mut told) = (Level::Good, Vec::new());
    for row in rows {
        let Breakdown { job, times, text, .. } = row;
        let at = Timestamp::from_second(row.broke_at).unwrap_or(Timestamp::UNIX_EPOCH);
        match row.recovered_at.filter(|_| !broken.contains(&&**job)) {
            None => {
                level = Level::Failed;
                told.push(format!(
                    "“{job}”于 {at} 因程序错误中断（共 {times} 次：{text}），之后还没有正常完成过"
                ));
            }
            Some(since) if now.as_second().saturating_sub(since) < TOLD.as_secs() => {
                level = level.worse(Level::Warning);
                told.push(format!(
                    "“{job}”于 {at} 因程序错误中断（共 {times} 次：{text}），之后已正常完成"
                ));
            }
            Some(_) => {}
        }
    }
    // What could not be written down.
    for job in broken.iter().filter(|job| !rows.iter().any(|row| row.job == **job)) {
        level = Level::Failed;
        told.push(format!("“{job}”因程序错误中断，之后还没有正常完成过"));
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
            job: "letters".into(),
            broke_at: at(0).as_second(),
            times: 2,
            text: "a broken round".into(),
            recovered_at: recovered.map(|seconds| at(seconds).as_second()),
        };
        let level = |rows: &[Breakdown], broken: &[&'static str], now| judge(rows, broken, now).0;
        assert_eq!(level(&[], &[], at(9)), Level::Good);
        assert_eq!(level(&[row(None)], &[], at(9)), Level::Failed);
        assert_eq!(level(&[row(Some(5))], &[], at(9)), Level::Warning);
        assert_eq!(level(&[row(Some(5))], &["letters"], at(9)), Level::Failed);
        assert_eq!(level(&[row(Some(0))], &[], at(7 * 86_400)), Level::Good);
        assert_eq!(level(&[], &["crl"], at(9)), Level::Failed, "what could not be written down");
        let text = judge(&[row(None)], &[], at(9)).1;
        assert!(text.contains("letters") && text.contains("2 次"), "{text}");
    }
}
