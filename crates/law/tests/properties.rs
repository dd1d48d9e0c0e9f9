//! What holds for every day and every number, tables or not.

#![allow(clippy::unwrap_used)]

use law::clock::{
    CalendarDays, Pause, Reading, Term, WorkingDays, Years, before, calendar_days, working, years,
};
use law::{Calendar, CivilDate};
use proptest::prelude::*;

fn calendar() -> Calendar {
    Calendar::published().unwrap()
}

fn any_day() -> impl Strategy<Value = CivilDate> {
    (0..1500_i32).prop_map(|days| CivilDate::new(2023, 12, 1).unwrap().plus_days(days))
}

proptest! {
    #[test]
    fn a_working_term_ends_on_a_working_day_and_holds_exactly_its_days(event in any_day(), n in 1..80_u16) {
        let calendar = calendar();
        let due = working::after(&calendar, event, WorkingDays(n));
        prop_assert!(calendar.is_working_day(due.day));
        let mut counted = 0;
        let mut day = event.tomorrow();
        while day <= due.day {
            counted += u16::from(calendar.is_working_day(day));
            day = day.tomorrow();
        }
        prop_assert_eq!(counted, n);
    }

    #[test]
    fn more_days_end_later_and_a_later_event_never_earlier(event in any_day(), n in 0..80_u16) {
        let calendar = calendar();
        let due = |event, n| working::after(&calendar, event, WorkingDays(n)).day;
        prop_assert!(due(event, n) < due(event, n + 1));
        prop_assert!(n == 0 || due(event, n) <= due(event.tomorrow(), n));
    }

    #[test]
    fn rolling_goes_forward_only_and_backward_terms_backward_only(event in any_day(), n in 0..400_u16) {
        let calendar = calendar();
        let forward = calendar_days::after(&calendar, event, CalendarDays(n));
        prop_assert!(forward.rolled.day >= forward.nominal);
        prop_assert!(calendar.is_working_day(forward.rolled.day));
        let backward = before::before(&calendar, event, CalendarDays(n));
        prop_assert!(backward.safe.day <= backward.latest && backward.latest <= event);
        prop_assert!(calendar.is_working_day(backward.safe.day));
    }

    #[test]
    fn a_result_within_the_tables_never_moves_when_a_notice_is_added(event in any_day(), n in 0..60_u16) {
        let notice = "year = 2027\nsource = \"test\"\n[[holiday]]\nname = \"元旦\"\nfrom = \"2026-12-31\"\nto = \"2027-01-03\"\nworking = [\"2026-12-26\"]\n";
        let later = calendar().with_notice(notice).unwrap();
        let before = working::after(&calendar(), event, WorkingDays(n));
        if !before.is_provisional() {
            prop_assert_eq!(before, working::after(&later, event, WorkingDays(n)));
        }
    }

    #[test]
    fn a_pause_never_shortens_a_term(event in any_day(), n in 5..30_u16, at in 1..5_i32, long in 0..30_i32) {
        let calendar = calendar();
        let term = Term::new(event, WorkingDays(n));
        let from = event.plus_days(at);
        let pause = Pause::begin("告知", from, from).unwrap().end(from.plus_days(long)).unwrap();
        let paused = term.clone().pause(&calendar, pause).unwrap();
        let (Reading::Runs(plain), Reading::Runs(later)) = (term.reading(&calendar), paused.reading(&calendar)) else {
            return Err(TestCaseError::fail("the clock stands"));
        };
        prop_assert!(later.day >= plain.day);
    }

    #[test]
    fn years_keep_month_and_day_but_for_the_leap_day(event in any_day(), n in 0..60_u8) {
        let end = years::after(event, Years(n));
        prop_assert_eq!(end.month(), event.month());
        prop_assert!(end.day() == event.day() || (event.month(), event.day(), end.day()) == (2, 29, 28));
    }

    #[test]
    fn an_instant_lies_between_the_begin_and_the_end_of_its_day(seconds in 0..4_000_000_000_i64) {
        let instant = jiff::Timestamp::from_second(seconds).unwrap();
        let day = CivilDate::of(instant);
        prop_assert!(day.begin() <= instant && instant < day.end());
        prop_assert_eq!(CivilDate::of(day.begin()), day);
    }

    #[test]
    fn texts_of_days_come_back(event in any_day()) {
        let text: String = event.into();
        prop_assert_eq!(text.parse::<CivilDate>(), Ok(event));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in ".{0,14}") {
        let _ = text.parse::<CivilDate>();
    }
}

#[test]
fn a_day_in_china_begins_at_16_utc_of_the_day_before() {
    let day: CivilDate = "2026-02-17".parse().unwrap();
    assert_eq!(day.begin().to_string(), "2026-02-16T16:00:00Z");
    assert_eq!(CivilDate::of("2026-02-17T15:59:59Z".parse().unwrap()), day);
    assert_eq!(CivilDate::of("2026-02-17T16:00:00Z".parse().unwrap()), day.tomorrow());
}

#[test]
fn only_one_form_of_a_date_is_read() {
    for text in [
        "2026-2-17",
        "20260217",
        "2026-02-30",
        "2026-02-17T00:00",
        "+026-02-17",
        "1899-12-31",
        "3000-01-01",
        "",
        "二〇二六年",
    ] {
        assert!(text.parse::<CivilDate>().is_err(), "{text}");
    }
}
