//! The clocks against days worked out by hand from the official tables.

#![allow(clippy::unwrap_used)]

use law::clock::fixed::DayOfYear;
use law::clock::{CalendarDays, WorkingDays, Years, before, calendar_days, working, years};
use law::{Calendar, CivilDate, DayKind};

fn day(text: &str) -> CivilDate {
    text.parse().unwrap()
}

fn calendar() -> Calendar {
    Calendar::published().unwrap()
}

#[test]
fn working_days_count_made_up_weekends_and_skip_holidays() {
    let vectors = [
        ("2025-01-24", 5, "2025-02-07"),
        ("2025-09-26", 5, "2025-10-10"),
        ("2025-09-15", 20, "2025-10-17"),
        ("2026-02-13", 5, "2026-02-27"),
        ("2026-02-09", 20, "2026-03-13"),
        ("2025-12-30", 5, "2026-01-07"),
    ];
    for (event, days, due) in vectors {
        let found = working::after(&calendar(), day(event), WorkingDays(days));
        assert_eq!((found.day, found.is_provisional()), (day(due), false), "{event} +{days}");
    }
}

#[test]
fn calendar_days_have_a_nominal_and_a_rolled_end() {
    let vectors = [
        ("2025-09-08", 30, "2025-10-08", "2025-10-09"),
        ("2026-02-02", 15, "2026-02-17", "2026-02-24"),
    ];
    for (event, days, nominal, rolled) in vectors {
        let term = calendar_days::after(&calendar(), day(event), CalendarDays(days));
        assert_eq!((term.nominal, term.rolled.day), (day(nominal), day(rolled)), "{event} +{days}");
        assert!(!term.rolled.is_provisional());
    }
}

#[test]
fn a_term_that_ends_on_a_working_weekend_does_not_roll() {
    let term = calendar_days::after(&calendar(), day("2026-02-04"), CalendarDays(10));
    assert_eq!((term.nominal, term.rolled.day), (day("2026-02-14"), day("2026-02-14")));
}

#[test]
fn a_backward_term_never_rolls_forward_and_names_the_safe_working_day() {
    let term = before::before(&calendar(), day("2026-04-18"), CalendarDays(60));
    assert_eq!(term.latest, day("2026-02-17"));
    assert_eq!((term.safe.day, term.safe.is_provisional()), (day("2026-02-14"), false));
}

/// Measures Art. 35: before 15 January.
#[test]
fn the_annual_report_is_safe_on_the_14th_and_a_breach_from_the_16th() {
    let term = DayOfYear::ANNUAL_REPORT.in_year(2027).unwrap();
    assert_eq!(
        (term.safe, term.last, term.breach),
        (day("2027-01-14"), day("2027-01-15"), day("2027-01-16"))
    );
    assert!(DayOfYear::new(2, 29).is_err());
}

#[test]
fn years_end_on_the_day_of_the_same_number() {
    assert_eq!(years::after(day("2026-11-22"), Years(5)), day("2031-11-22"));
    assert_eq!(years::after(day("2024-02-29"), Years(5)), day("2029-02-28"));
    assert_eq!(years::after(day("2024-02-29"), Years(4)), day("2028-02-29"));
}

/// Measures Art. 24: five years after the certificate lost its effect.
#[test]
fn a_dossier_is_kept_by_the_longer_reading() {
    let kept = years::retention(day("2027-06-30"), Some(day("2026-03-01")), Years(5));
    assert_eq!((kept.required_until, kept.kept_until), (day("2031-03-01"), day("2032-06-30")));
    let expired = years::retention(day("2027-06-30"), None, Years(5));
    assert_eq!(expired.required_until, expired.kept_until);
}

#[test]
fn days_have_their_kind() {
    let calendar = calendar();
    let kinds = [
        ("2026-02-14", DayKind::MadeUp("春节")),
        ("2026-02-16", DayKind::Holiday("春节")),
        ("2026-02-24", DayKind::Working),
        ("2026-03-01", DayKind::Weekend),
        // New Year's Eve of the lunar calendar was worked in 2024.
        ("2024-02-09", DayKind::Working),
    ];
    for (date, kind) in kinds {
        assert_eq!(calendar.kind(day(date)), kind, "{date}");
    }
}

/// The published tables hold 28, 28 and 33 days off, and 8, 5 and 6 made-up days.
#[test]
fn the_tables_have_as_many_days_as_the_notices() {
    let calendar = calendar();
    let count = |year: i16, wanted: fn(DayKind<'_>) -> bool| {
        let mut at = CivilDate::new(year, 1, 1).unwrap();
        let mut found = 0;
        while at.year() == year {
            found += usize::from(wanted(calendar.kind(at)));
            at = at.tomorrow();
        }
        found
    };
    let off = |kind: DayKind<'_>| matches!(kind, DayKind::Holiday(_));
    let made_up = |kind: DayKind<'_>| matches!(kind, DayKind::MadeUp(_));
    assert_eq!([2024, 2025, 2026].map(|year| count(year, off)), [28, 28, 33]);
    assert_eq!([2024, 2025, 2026].map(|year| count(year, made_up)), [8, 5, 6]);
}
