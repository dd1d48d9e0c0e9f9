//! So many working days after a day.

use super::WorkingDays;
use crate::{Calendar, CivilDate, Due};

/// The last day of a term of working days.
///
/// The day of the event is not counted (Civil Code §201, by analogy); a weekend that
/// is worked for a holiday counts. Zero days end on the day itself.
pub fn after(calendar: &Calendar, event: CivilDate, days: WorkingDays) -> Due {
    after_skipping(calendar, event, days, &|_| false)
}

/// The same, with days that do not count although they are worked.
pub(super) fn after_skipping(
    calendar: &Calendar,
    event: CivilDate,
    days: WorkingDays,
    skipped: &dyn Fn(CivilDate) -> bool,
) -> Due {
    let mut day = event;
    let mut left = days.0;
    while left > 0 {
        day = day.tomorrow();
        if calendar.is_working_day(day) && !skipped(day) {
            left -= 1;
        }
    }
    Due { day, certainty: calendar.certainty(event.tomorrow(), day) }
}
