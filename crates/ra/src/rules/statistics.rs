//! How long reviews took, and which of those that wait are late.

use jiff::Timestamp;
use law::clock::{WorkingDays, working};
use law::{Calendar, CivilDate};

/// Terms longer than this are counted as this long: nothing waits for years.
const MOST_DAYS: u16 = 1_000;

/// Working days after one day up to another; 0 on the day itself.
pub(crate) fn working_days(calendar: &Calendar, from: CivilDate, to: CivilDate) -> u16 {
    let (mut day, mut days) = (from, 0);
    while day < to && days < MOST_DAYS {
        day = day.tomorrow();
        days += u16::from(calendar.is_working_day(day));
    }
    days
}

/// Whether a decision on a day came within the promised term.
pub(crate) fn in_time(
    calendar: &Calendar,
    (from, decided): (CivilDate, CivilDate),
    promised: u16,
) -> bool {
    decided <= working::after(calendar, from, WorkingDays(promised)).day
}

/// What has waited since before this instant is late now.
pub(crate) fn late_before(calendar: &Calendar, promised: u16, now: Timestamp) -> Timestamp {
    let mut day = CivilDate::of(now);
    while !working::after(calendar, day, WorkingDays(promised)).is_over(now) {
        day = day.yesterday();
    }
    day.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> CivilDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_weekend_counts_for_nothing_and_the_first_day_neither() {
        let calendar = Calendar::published().unwrap();
        // 2026-11-20 is a Friday.
        let friday = day("2026-11-20");
        for (to, days) in
            [("2026-11-20", 0), ("2026-11-22", 0), ("2026-11-23", 1), ("2026-11-24", 2)]
        {
            assert_eq!(working_days(&calendar, friday, day(to)), days, "{to}");
            assert!(in_time(&calendar, (friday, day(to)), 2), "{to}");
        }
        assert!(!in_time(&calendar, (friday, day("2026-11-25")), 2));
        assert_eq!(working_days(&calendar, friday, day("2036-11-20")), MOST_DAYS);
        assert_eq!(working_days(&calendar, friday, day("2026-11-19")), 0, "nothing before it");
    }

    #[test]
    fn late_is_what_the_clock_of_the_review_calls_overdue() {
        let calendar = Calendar::published().unwrap();
        for hour in 0..240 {
            let now = day("2026-11-20").begin() + jiff::SignedDuration::from_hours(hour);
            let limit = late_before(&calendar, 2, now);
            for back in 0..240 {
                let from = now - jiff::SignedDuration::from_hours(back);
                let due = working::after(&calendar, CivilDate::of(from), WorkingDays(2));
                assert_eq!(due.is_over(now), from < limit, "{from} at {now}");
            }
        }
    }
}
