//! A holiday notice: what is accepted never makes a clock run backwards.
#![no_main]

use law::clock::{WorkingDays, working};
use law::{Calendar, CivilDate};

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let (Ok(calendar), Ok(event)) = (
        Calendar::default().with_notice(text),
        CivilDate::new(2026, 12, 1),
    ) {
        let due = working::after(&calendar, event, WorkingDays(30));
        assert!(due.day > event && calendar.is_working_day(due.day));
    }
});
