//! What is known of publishing: for the doctor, the REST door, and the figures.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::Value;

use super::Replica;
use super::compare::CompareReport;
use crate::doctor::{Check, Level};
use crate::error::Error;
use crate::institution::Institution;

/// Behind by more than this needs attention.
const LATE: SignedDuration = SignedDuration::from_secs(10);
/// Behind by more than this doesn't work.
const TOO_LATE: SignedDuration = SignedDuration::from_mins(10);
/// A comparison that is older needs attention.
const OLD: SignedDuration = SignedDuration::from_hours(49);

/// How a comparison of all entries is doing.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Walk {
    /// None was made since the start.
    #[default]
    None,
    /// It is under way.
    Running {
        /// Which one since the start.
        number: u64,
        /// Entries that were compared.
        compared: u64,
    },
    /// It is over.
    Ended {
        /// Which one since the start.
        number: u64,
        /// What came out.
        report: CompareReport,
    },
    /// It could not be finished.
    Failed {
        /// Which one since the start.
        number: u64,
        /// Why, in Chinese.
        reason: String,
    },
}

impl Walk {
    /// Its number since the start.
    #[must_use]
    pub const fn number(&self) -> u64 {
        match self {
            Self::None => 0,
            Self::Running { number, .. }
            | Self::Ended { number, .. }
            | Self::Failed { number, .. } => *number,
        }
    }
}

/// How publishing is doing.
#[derive(Debug, Clone, Serialize)]
pub struct ReplicaHealth {
    /// The other server and the base there.
    pub target: String,
    /// Since when something waits to be sent.
    pub waiting_since: Option<Timestamp>,
    /// For how many seconds it waits.
    pub delay_seconds: i64,
    /// Entries that the other server refused.
    pub refused: u64,
    /// Why the last attempt failed, in Chinese; none when it didn't.
    pub trouble: Option<String>,
    /// When something arrived last, since the start.
    pub sent_at: Option<Timestamp>,
    /// Entries that arrived since the start.
    pub sent: u64,
    /// When all entries were compared last.
    pub checked_at: Option<Timestamp>,
    /// What came out.
    pub checked: Option<Value>,
    /// The comparison since the start.
    pub walk: Walk,
}

/// What is known without asking the database.
#[derive(Debug, Default)]
pub(super) struct Known {
    trouble: Option<String>,
    sent_at: Option<Timestamp>,
    sent: u64,
    pub(super) walk: Walk,
}

impl Known {
    /// One comparison at a time: its number.
    pub fn begin(&mut self) -> Result<u64, Error> {
        if matches!(self.walk, Walk::Running { .. }) {
            return Err(Error::NotApplicable("从目录正在核对，请等待完成后再试"));
        }
        let number = self.walk.number() + 1;
        self.walk = Walk::Running { number, compared: 0 };
        Ok(number)
    }

    pub fn trouble(&mut self, text: &str) {
        self.trouble = Some(text.to_owned());
    }

    pub fn fine(&mut self) {
        self.trouble = None;
    }

    pub fn sent(&mut self, at: Timestamp, entries: usize) {
        self.trouble = None;
        self.sent_at = Some(at);
        self.sent += u64::try_from(entries).unwrap_or_default();
    }
}

impl Replica {
    /// How publishing is doing.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn health(&self) -> Result<ReplicaHealth, Error> {
        let mirror = &self.0.mirror;
        let waiting_since = mirror.waiting_since(&mirror.place().await?).await?;
        let delay = waiting_since.map(|since| self.now().duration_since(since).as_secs().max(0));
        let refused = mirror.count_refused().await?;
        let (checked_at, checked) = mirror.checked().await?.unzip();
        let known = self.known();
        Ok(ReplicaHealth {
            target: self.0.target.name(),
            waiting_since,
            delay_seconds: delay.unwrap_or_default(),
            refused,
            trouble: known.trouble.clone(),
            sent_at: known.sent_at,
            sent: known.sent,
            checked_at,
            checked,
            walk: known.walk.clone(),
        })
    }
}

impl Institution {
    /// What the doctor says; `None` where there is no other directory.
    pub(crate) async fn check_replica(&self) -> Option<Check> {
        let (level, detail) = match self.replica()?.health().await {
            Ok(health) => judge(&health, self.clock().now()),
            Err(error) => (Level::Unknown, error.to_string()),
        };
        Some(Check { name: "directory_replica", title: "从目录", level, detail })
    }
}

fn judge(health: &ReplicaHealth, now: Timestamp) -> (Level, String) {
    let delay = SignedDuration::from_secs(health.delay_seconds);
    let mut wanting = Vec::new();
    let mut level = Level::Good;
    if let Some(trouble) = &health.trouble {
        level = if delay > TOO_LATE { Level::Failed } else { Level::Warning };
        wanting.push(format!("{trouble}；系统会自动重试"));
    }
    if delay > LATE {
        level = if delay > TOO_LATE { Level::Failed } else { Level::Warning };
        wanting.push(format!("有变更等待发布已 {} 秒", health.delay_seconds));
    }
    if health.refused > 0 {
        level = Level::Failed;
        wanting.push(format!(
            "{} 个条目被从目录拒绝，原因见运行日志；请检查从目录的模式",
            health.refused
        ));
    }
    match (&health.checked, health.checked_at) {
        (Some(report), Some(at)) if now.duration_since(at) < OLD => {
            let left = report.get("unrepaired").and_then(Value::as_u64).unwrap_or_default();
            if left > 0 {
                level = Level::Failed;
                wanting
                    .push(format!("{left} 个条目与主目录不一致，请执行 yinxin directory repair"));
            }
        }
        (Some(_), Some(at)) => {
            level = if level == Level::Good { Level::Warning } else { level };
            wanting.push(format!("上一次核对是 {at}，已超过两天"));
        }
        _ => {}
    }
    if wanting.is_empty() {
        let checked =
            health.checked_at.map_or_else(|| "尚未核对".to_owned(), |at| format!("{at} 核对一致"));
        return (Level::Good, format!("{}：没有等待发布的变更；{checked}", health.target));
    }
    (level, wanting.join("；"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn health() -> ReplicaHealth {
        ReplicaHealth {
            target: "ldap.example.cn:389 o=某中心,c=CN".to_owned(),
            waiting_since: None,
            delay_seconds: 0,
            refused: 0,
            trouble: None,
            sent_at: None,
            sent: 0,
            checked_at: None,
            checked: None,
            walk: Walk::None,
        }
    }

    fn level(change: impl FnOnce(&mut ReplicaHealth)) -> Level {
        let mut health = health();
        change(&mut health);
        judge(&health, Timestamp::from_second(2_000_000_000).unwrap()).0
    }

    #[test]
    fn what_is_late_refused_or_different_is_said() {
        let at = |seconds: i64| Timestamp::from_second(2_000_000_000 - seconds).ok();
        assert_eq!(level(|_| ()), Level::Good);
        assert_eq!(level(|one| one.trouble = Some("x".into())), Level::Warning);
        assert_eq!(level(|one| one.delay_seconds = 11), Level::Warning);
        assert_eq!(level(|one| one.delay_seconds = 601), Level::Failed);
        assert_eq!(level(|one| one.refused = 1), Level::Failed);
        let compared = |left: u64, age: i64| {
            level(|one| {
                one.checked = Some(json!({ "unrepaired": left }));
                one.checked_at = at(age);
            })
        };
        assert_eq!(compared(0, 60), Level::Good);
        assert_eq!(compared(1, 60), Level::Failed);
        assert_eq!(compared(0, 3 * 86_400), Level::Warning);
    }
}
