//! So many days before an event.

use super::CalendarDays;
use crate::{Calendar, CivilDate, Due};

/// Until when something must be done before an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackwardTerm {
    /// The latest lawful day. It never moves towards the event: a term that protects
    /// the other side is not shortened by a holiday.
    pub latest: CivilDate,
    /// The last working day not after it: who acts by then finds an open office.
    pub safe: Due,
}

/// The latest day that is `days` before `event`, such as 60 days before a licence ends.
pub fn before(calendar: &Calendar, event: CivilDate, days: CalendarDays) -> BackwardTerm {
    let latest = event.plus_days(-i32::from(days.0));
    let day = calendar.working_day_until(latest);
    BackwardTerm { latest, safe: Due { day, certainty: calendar.certainty(day, latest) } }
}
