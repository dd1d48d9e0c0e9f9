//! What a report came to for the status of certificates, and what people decide about how long what came with it is
//! kept.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::model::ComplaintOrder;

/// Most certificates that one step names.
pub const MOST_SERIALS: usize = 50;
/// Most characters of a reason.
pub const MOST_REASON: usize = 500;

/// What a report came to for the status of certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Certificates were suspended or revoked because of it.
    Changed,
    /// None was.
    Nothing,
}

impl Outcome {
    /// The word in tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Nothing => "nothing",
        }
    }

    /// For people.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Changed => "有证书因此暂停或者撤销",
            Self::Nothing => "没有证书因此暂停或者撤销",
        }
    }

    /// From its word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        [Self::Changed, Self::Nothing].into_iter().find(|one| one.word() == word)
    }
}

/// What people decide about how long something is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeepStep {
    /// Nothing of it is erased until the hold is lifted.
    Hold,
    /// Lifts the hold.
    Free,
    /// Says what a closed report came to.
    Mark,
}

impl KeepStep {
    /// The word in tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Free => "free",
            Self::Mark => "mark",
        }
    }

    /// For people.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Hold => "暂缓销毁",
            Self::Free => "解除暂缓销毁",
            Self::Mark => "补写对证书状态的影响",
        }
    }

    /// From its word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        [Self::Hold, Self::Free, Self::Mark].into_iter().find(|one| one.word() == word)
    }
}

/// A decision about how long something is kept. Payload of `complaint.handle`, like [`ComplaintOrder`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeepOrder {
    /// The version that was read.
    pub version: i64,
    /// What.
    pub step: KeepStep,
    /// What the report came to, to be marked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// The certificates that it concerns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub serials: Vec<String>,
    /// Why; for the institution alone.
    pub reason: String,
}

/// What is signed about a complaint.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Handled {
    Keep(KeepOrder),
    Step(ComplaintOrder),
}

/// How long what came with a complaint is kept, for its page.
#[derive(Debug, Clone)]
pub struct Keeping {
    /// Whether somebody ordered that nothing is erased.
    pub is_held: bool,
    /// What it came to, where it is known.
    pub outcome: Option<Outcome>,
    /// The certificates that it concerns.
    pub serials: Vec<String>,
    /// Until when evidence is kept, once it is closed and the term is known.
    pub evidence_until: Option<Timestamp>,
    /// Until when what was written is kept.
    pub words_until: Option<Timestamp>,
    /// What people decided about it: what, why and when.
    pub decided: Vec<(KeepStep, String, Timestamp)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_and_a_step_are_told_apart_by_their_words() {
        let read = |text: &str| serde_json::from_str::<Handled>(text);
        let hold = r#"{"version":1,"step":"hold","reason":"诉讼需要"}"#;
        assert!(matches!(read(hold), Ok(Handled::Keep(order)) if order.step == KeepStep::Hold));
        let close = r#"{"version":1,"step":"close","text":"已核实","outcome":"nothing"}"#;
        assert!(
            matches!(read(close), Ok(Handled::Step(order)) if order.outcome == Some(Outcome::Nothing))
        );
        let old = r#"{"version":1,"step":"close","text":"已核实"}"#;
        assert!(matches!(read(old), Ok(Handled::Step(order)) if order.outcome.is_none()));
        assert!(read(r#"{"version":1,"step":"burn","text":"已核实"}"#).is_err());
    }
}
