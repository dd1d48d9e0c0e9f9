//! So many calendar days after a day.

use super::CalendarDays;
use crate::{Calendar, CivilDate, Due};

/// The end of a term of calendar days, in both readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CalendarTerm {
    /// The last day by mere counting. Warn by this one: the Measures do not say that
    /// the term moves when it ends in a holiday.
    pub nominal: CivilDate,
    /// The last day by Civil Code §203: when the nominal day is a day of rest, the
    /// first day after the rest.
    pub rolled: Due,
}

/// The end of a term of calendar days; the day of the event is not counted
/// (Civil Code §201).
pub fn after(calendar: &Calendar, event: CivilDate, days: CalendarDays) -> CalendarTerm {
    let nominal = event.plus_days(i32::from(days.0));
    let day = calendar.working_day_from(nominal);
    CalendarTerm { nominal, rolled: Due { day, certainty: calendar.certainty(nominal, day) } }
}
