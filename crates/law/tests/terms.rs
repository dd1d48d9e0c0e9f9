//! Terms that stand still and are extended, as a licence case has them.

#![allow(clippy::unwrap_used, clippy::panic)]

use law::clock::{Extension, Pause, Reading, Term, WorkingDays};
use law::{Calendar, CivilDate, Error};

fn day(text: &str) -> CivilDate {
    text.parse().unwrap()
}

fn calendar() -> Calendar {
    Calendar::published().unwrap()
}

fn due(term: &Term) -> CivilDate {
    match term.reading(&calendar()) {
        Reading::Runs(due) => due.day,
        Reading::Stands { .. } => panic!("the clock stands"),
    }
}

/// Measures Art. 9: decided within 20 working days, the technical review not counted.
#[test]
fn a_review_stops_the_clock_and_it_goes_on_where_it_stood() {
    let calendar = calendar();
    let term = Term::new(day("2026-03-02"), WorkingDays(20));
    assert_eq!(due(&term), day("2026-03-30"));

    let pause = Pause::begin("告知〔2026〕3号", day("2026-03-09"), day("2026-03-10")).unwrap();
    let standing = term.clone().pause(&calendar, pause.clone()).unwrap();
    // 3, 4, 5, 6 and 9 March are used up.
    let reading = standing.reading(&calendar);
    assert_eq!(reading, Reading::Stands { since: day("2026-03-10"), left: WorkingDays(15) });

    let ended = pause.end(day("2026-03-16")).unwrap();
    let running = term.pause(&calendar, ended).unwrap();
    // Five working days, from 10 to 16 March, did not count.
    assert_eq!(due(&running), day("2026-04-07"));
}

#[test]
fn a_clock_stands_only_by_a_notice_served_in_time() {
    let missing = Pause::begin(" ", day("2026-03-09"), day("2026-03-10"));
    let late = Pause::begin("告知〔2026〕3号", day("2026-03-11"), day("2026-03-10"));
    assert!(matches!(missing, Err(Error::Pause(_))) && matches!(late, Err(Error::Pause(_))));
}

#[test]
fn pauses_lie_within_the_term_and_apart() {
    let calendar = calendar();
    let pause = |from: &str, until: &str| {
        Pause::begin("告知", day(from), day(from)).unwrap().end(day(until)).unwrap()
    };
    let term = Term::new(day("2026-03-02"), WorkingDays(20));
    let once = term.clone().pause(&calendar, pause("2026-03-10", "2026-03-16")).unwrap();
    assert!(once.clone().pause(&calendar, pause("2026-03-16", "2026-03-18")).is_err());
    assert!(once.pause(&calendar, pause("2026-03-17", "2026-03-18")).is_ok());
    assert!(term.clone().pause(&calendar, pause("2026-03-02", "2026-03-04")).is_err());
    assert!(term.pause(&calendar, pause("2026-04-01", "2026-04-02")).is_err());
    let ended = pause("2026-03-10", "2026-03-16");
    assert!(ended.end(day("2026-03-20")).is_err(), "a pause ends once");
}

/// Licensing Law Art. 42: extended by 10 working days, once.
#[test]
fn a_term_is_extended_once_and_in_time() {
    let calendar = calendar();
    let ten = |granted: &str| Extension { days: WorkingDays(10), granted: day(granted) };
    let term = Term::new(day("2026-03-02"), WorkingDays(20));
    let longer = term.clone().extend(&calendar, ten("2026-03-30")).unwrap();
    assert_eq!(due(&longer), day("2026-04-14"));
    assert_eq!(longer.extend(&calendar, ten("2026-03-30")), Err(Error::ExtendedBefore));
    let late = term.extend(&calendar, ten("2026-03-31"));
    assert!(matches!(late, Err(Error::ExtendedTooLate { .. })));
}
