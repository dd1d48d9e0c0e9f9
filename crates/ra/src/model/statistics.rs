//! Figures about applications. They name nobody.

use super::{OfficeId, RefusalStage};

/// How many applications are alike in these four.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// The service.
    pub service: String,
    /// The kind of certificate.
    pub kind: String,
    /// The registration office; `None` is the institution itself.
    pub office: Option<OfficeId>,
    /// Where they stand: a word of [`super::State::STANDINGS`].
    pub state: String,
    /// How many.
    pub count: u64,
}

/// How long reviews took (571: at most two working days).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReviewTimes {
    /// Working days from the start of the clock, and how many were decided after so many.
    pub by_days: Vec<(u16, u64)>,
    /// Decided within the promised term.
    pub in_time: u64,
    /// Decided later.
    pub late: u64,
}

impl ReviewTimes {
    /// How many were decided.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.in_time + self.late
    }

    /// The share within the term, in tenths of a percent; `None` where nothing was decided.
    #[must_use]
    pub fn share_in_time(&self) -> Option<u64> {
        (self.in_time * 1000).checked_div(self.total())
    }
}

/// The figures of a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// Applications begun in the period, as they stand now.
    pub tallies: Vec<Tally>,
    /// Reviews decided in the period.
    pub reviews: ReviewTimes,
    /// Refusals of the period, by where the application stood and on which basis.
    pub refusals: Vec<(RefusalStage, String, u64)>,
}

/// What an office, or the institution, has before it today.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Today {
    /// Begun today.
    pub begun: u64,
    /// Handed in, and nobody has decided.
    pub waiting: u64,
    /// Of these, later than promised.
    pub late: u64,
    /// Decided today.
    pub decided: u64,
}
