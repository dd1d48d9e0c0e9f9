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
