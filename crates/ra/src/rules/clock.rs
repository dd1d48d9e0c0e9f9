//! The clocks of an application.

use jiff::{SignedDuration, Timestamp};
use law::clock::{WorkingDays, working};
use law::{Calendar, CivilDate};

use crate::catalogue::{Service, Services};
use crate::model::{Application, ReviewClock, State};

const REVIEW_BASIS: &str =
    "国密局字〔2018〕571号：申请的批准或者拒绝不超过两个工作日（承诺时限见办事指南）";

/// The clock of the review, while nobody has decided (check C21-6).
pub(crate) fn review(
    calendar: &Calendar,
    service: &Service,
    application: &Application,
    now: Timestamp,
) -> Option<ReviewClock> {
    let waiting = matches!(
        application.state,
        State::Submitted { .. } | State::Acknowledged { .. } | State::Proofed { .. }
    );
    let from = application.clock_from.filter(|_| waiting)?;
    let days = WorkingDays(service.promised_working_days);
    let due = working::after(calendar, CivilDate::of(from), days);
    Some(ReviewClock {
        from,
        due,
        overdue: due.is_over(now),
        provisional: due.is_provisional(),
        basis: REVIEW_BASIS,
    })
}

/// Whether nobody has gone on for longer than is waited for.
pub(crate) fn is_idle(services: &Services, application: &Application, now: Timestamp) -> bool {
    let days = match application.state {
        State::Draft => services.draft_days,
        State::Returned { .. } => services.supplement_days,
        State::Reviewed { .. } | State::Agreed { .. } => services.idle_days,
        _ => return false,
    };
    now >= application.since + days_long(days)
}

/// The instant from which a delivered certificate counts as received.
pub(crate) fn confirm_by(services: &Services, delivered: Timestamp) -> Timestamp {
    delivered + days_long(services.confirm_days)
}

fn days_long(days: u16) -> SignedDuration {
    SignedDuration::from_hours(24 * i64::from(days))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;
    use crate::model::{ApplicationId, Number, Receipt, Serials};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// Friday, 20 November 2026, 10:00 in Shanghai.
    const FRIDAY: &str = "2026-11-20T02:00:00Z";

    fn application(state: State) -> Application {
        Application {
            id: ApplicationId::from_random([1; 16]),
            number: Number::of(CivilDate::new(2026, 11, 20).unwrap(), 1),
            service: "new".into(),
            kind: "person".into(),
            office: None,
            concerns: None,
            state,
            since: at(FRIDAY),
            version: 1,
            form: 1,
            round: 1,
            created_at: at(FRIDAY),
            clock_from: Some(at(FRIDAY)),
        }
    }

    fn text() -> String {
        "x".to_owned()
    }

    #[test]
    fn the_clock_of_the_review_runs_while_nobody_has_decided() {
        let catalogue = Catalogue::embedded().unwrap();
        let service = catalogue.service("new").unwrap();
        let calendar = Calendar::published().unwrap();
        let clock = |state, now: &str| review(&calendar, service, &application(state), at(now));
        let now = at(FRIDAY);
        for waiting in [
            State::Submitted { at: now },
            State::Acknowledged { at: now },
            State::Proofed { method: text(), level: 3, person: text() },
        ] {
            let clock = clock(waiting, FRIDAY).unwrap();
            assert_eq!(clock.from, now);
            assert!(!clock.overdue && !clock.provisional);
        }
        let days = service.promised_working_days;
        let due = working::after(&calendar, CivilDate::of(now), WorkingDays(days)).day;
        let late = review(
            &calendar,
            service,
            &application(State::Acknowledged { at: now }),
            due.end() + SignedDuration::from_secs(1),
        );
        assert!(late.unwrap().overdue);
        for decided in
            [State::Draft, State::Returned { list: 1 }, State::Reviewed { person: text() }]
        {
            assert_eq!(clock(decided, FRIDAY), None);
        }
        let mut not_begun = application(State::Submitted { at: now });
        not_begun.clock_from = None;
        assert_eq!(review(&calendar, service, &not_begun, now), None);
    }

    #[test]
    fn nobody_is_waited_for_longer_than_is_said_and_nobody_less() {
        let catalogue = Catalogue::embedded().unwrap();
        let services = catalogue.services();
        let serials = Serials { sign: text(), enc: None };
        for (state, days) in [
            (State::Draft, Some(services.draft_days)),
            (State::Returned { list: 1 }, Some(services.supplement_days)),
            (State::Reviewed { person: text() }, Some(services.idle_days)),
            (State::Agreed { agreement: text() }, Some(services.idle_days)),
            (State::Submitted { at: at(FRIDAY) }, None),
            (State::Confirmed { serials, receipt: Receipt::Code }, None),
        ] {
            let application = application(state);
            let idle = |seconds| {
                let now = application.since + SignedDuration::from_secs(seconds);
                is_idle(services, &application, now)
            };
            let Some(days) = days else {
                assert!(!idle(i64::from(u32::MAX)));
                continue;
            };
            let term = 86_400 * i64::from(days);
            assert!(!idle(term - 1) && idle(term) && idle(term + 1), "{days}");
        }
        let by = confirm_by(services, at(FRIDAY));
        let days = by.duration_since(at(FRIDAY)).as_secs() / 86_400;
        assert_eq!(days, i64::from(services.confirm_days));
    }
}
