//! How sure a reckoned day is.

use crate::CivilDate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Whether all days that a reckoning looked at are announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// The notices for all these days are published.
    Settled,
    /// From this day on the notice is not published; Monday to Friday were taken as
    /// working days, and the notice may move the result (invariant 10).
    Provisional {
        /// The first day that is not yet announced.
        from: CivilDate,
        /// The year whose notice will settle it.
        awaits: i16,
    },
}

/// The last day of a term, with its certainty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// The act is in time until 24:00 of this day.
    pub day: CivilDate,
    /// How sure the day is.
    pub certainty: Certainty,
}

impl Due {
    /// Whether the term is over at this instant.
    pub fn is_over(&self, at: Timestamp) -> bool {
        at >= self.day.end()
    }

    /// Whether the day may still move.
    pub fn is_provisional(&self) -> bool {
        matches!(self.certainty, Certainty::Provisional { .. })
    }
}

impl fmt::Display for Due {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.day)?;
        if let Certainty::Provisional { awaits, .. } = self.certainty {
            write!(f, "（暂定：尚无{awaits}年节假日安排）")?;
        }
        Ok(())
    }
}
