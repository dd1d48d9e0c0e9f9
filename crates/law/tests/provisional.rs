//! What is not announced yet is said, not guessed (invariant 10), and bad notices are refused.

#![allow(clippy::unwrap_used)]

use law::clock::{CalendarDays, WorkingDays, before, calendar_days, working};
use law::{Calendar, Certainty, CivilDate, Error};

fn day(text: &str) -> CivilDate {
    text.parse().unwrap()
}

fn calendar() -> Calendar {
    Calendar::published().unwrap()
}

/// Invariant 10: a deadline past the last published holiday notice is provisional.
#[test]
fn a_term_past_the_last_table_is_provisional() {
    let due = working::after(&calendar(), day("2026-12-18"), WorkingDays(5));
    assert_eq!(due.day, day("2026-12-25"));
    let from = day("2026-12-22");
    assert_eq!(due.certainty, Certainty::Provisional { from, awaits: 2027 });
    assert_eq!(due.to_string(), "2026年12月25日（暂定：尚无2027年节假日安排）");
    let settled = working::after(&calendar(), day("2026-12-14"), WorkingDays(5));
    assert_eq!(settled.to_string(), "2026年12月21日");
}

#[test]
fn the_end_of_december_waits_for_the_next_notice() {
    assert!(calendar().is_settled(day("2025-12-31")));
    assert!(calendar().is_settled(day("2026-12-21")));
    assert!(!calendar().is_settled(day("2026-12-22")));
    assert!(!calendar().is_settled(day("2023-06-01")), "before the first table nothing is known");
}

#[test]
fn the_other_clocks_say_it_too() {
    assert!(
        calendar_days::after(&calendar(), day("2026-12-20"), CalendarDays(30))
            .rolled
            .is_provisional()
    );
    assert!(before::before(&calendar(), day("2027-04-18"), CalendarDays(60)).safe.is_provisional());
    assert!(
        !before::before(&calendar(), day("2027-01-18"), CalendarDays(60)).safe.is_provisional()
    );
}

#[test]
fn the_notice_of_a_new_year_settles_its_days() {
    let notice = "year = 2027\nsource = \"test\"\n[[holiday]]\nname = \"元旦\"\nfrom = \"2026-12-31\"\nto = \"2027-01-02\"\nworking = [\"2026-12-27\"]\n";
    let calendar = calendar().with_notice(notice).unwrap();
    assert!(calendar.is_settled(day("2026-12-31")) && calendar.is_settled(day("2027-06-01")));
    let due = working::after(&calendar, day("2026-12-25"), WorkingDays(6));
    // 27 (a worked Sunday), 28, 29, 30 December, then 4 and 5 January.
    assert_eq!((due.day, due.is_provisional()), (day("2027-01-05"), false));
}

#[test]
fn notices_that_contradict_themselves_are_refused() {
    let notice = |from: &str, to: &str, working: &str| {
        format!(
            "year = 2027\nsource = \"x\"\n[[holiday]]\nname = \"春节\"\nfrom = \"{from}\"\nto = \"{to}\"\nworking = [{working}]\n"
        )
    };
    let bad = [
        notice("2027-02-10", "2027-02-05", ""),
        notice("2027-02-10", "2027-05-05", ""),
        notice("2028-02-10", "2028-02-12", ""),
        // A Monday cannot be made up, nor a day that is off.
        notice("2027-02-10", "2027-02-12", "\"2027-02-08\""),
        notice("2027-02-12", "2027-02-14", "\"2027-02-13\""),
        notice("2027-02-12", "2027-02-14", "\"2027-02-30\""),
        "year = 2027\nsource = \"\"\nholiday = []\n".into(),
        "year = 2027\nsource = \"x\"\nunknown = 1\nholiday = []\n".into(),
    ];
    for text in bad {
        let refused = calendar().with_notice(&text);
        assert!(matches!(refused, Err(Error::Notice(_))), "{text}");
    }
    let doubled = notice("2026-06-01", "2026-06-02", "").replace("2027", "2026");
    assert!(calendar().with_notice(&doubled).is_err(), "2026 is there already");
}
