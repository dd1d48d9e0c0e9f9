//! When a certificate may start: never before what the journal already saw.
//!
//! A clock that was set back must stop issuing instead of back-dating (T-04), and a start
//! date chosen by an operator is bound to the same limit. The store refuses units under a
//! clock that is behind its last record; here the same holds for the moment of signing, which
//! is outside of any unit.

use jiff::{SignedDuration, Timestamp};

use crate::error::Refusal;

/// Start dates further ahead than this are refused; the lint `incident/backdated` has the same
/// limit for both directions, and this refusal is the plainer one.
pub const LEAD_HOURS: i64 = 48;

/// The clock must not be behind a recorded act by more than `skew`.
pub fn clock(now: Timestamp, recorded: Timestamp, skew: SignedDuration) -> Result<(), Refusal> {
    if recorded.duration_since(now) > skew { Err(Refusal::ClockBackwards) } else { Ok(()) }
}

/// `not_before` must not be earlier than the unit that records it by more than `skew`, nor
/// further ahead than [`LEAD_HOURS`].
pub fn start(not_before: Timestamp, now: Timestamp, skew: SignedDuration) -> Result<(), Refusal> {
    if now.duration_since(not_before) > skew {
        return Err(Refusal::Backdated);
    }
    let lead = SignedDuration::from_hours(LEAD_HOURS);
    if not_before.duration_since(now) > lead {
        return Err(Refusal::TooEarly);
    }
    Ok(())
}

/// Whether an intent is still young enough to be finished after a crash. Its start date was
/// recorded when it was due, so finishing it is no back-dating.
#[must_use]
pub fn resumable(intended: Timestamp, now: Timestamp, age: SignedDuration) -> bool {
    now.duration_since(intended) <= age
}

#[cfg(test)]
mod tests {
    use super::*;

    const SKEW: SignedDuration = SignedDuration::from_secs(300);
    const fn at(second: i64) -> Timestamp {
        Timestamp::constant(second, 0)
    }
    const NOW: Timestamp = at(1_000_000);

    #[test]
    fn clock_behind_a_record_stops() {
        assert_eq!(clock(NOW, at(1_000_300), SKEW), Ok(()));
        assert_eq!(clock(NOW, at(1_000_301), SKEW), Err(Refusal::ClockBackwards));
    }

    #[test]
    fn start_before_its_own_record_is_back_dating() {
        assert_eq!(start(NOW, NOW, SKEW), Ok(()));
        assert_eq!(start(at(999_700), NOW, SKEW), Ok(()));
        assert_eq!(start(at(999_699), NOW, SKEW), Err(Refusal::Backdated));
    }

    #[test]
    fn start_may_lie_ahead_but_not_far() {
        let lead = LEAD_HOURS * 3_600;
        assert_eq!(start(at(1_000_000 + lead), NOW, SKEW), Ok(()));
        assert_eq!(start(at(1_000_001 + lead), NOW, SKEW), Err(Refusal::TooEarly));
    }

    #[test]
    fn intent_of_yesterday_is_finished_and_older_ones_are_not() {
        let day = SignedDuration::from_hours(24);
        assert!(resumable(NOW, at(1_086_400), day));
        assert!(!resumable(NOW, at(1_086_401), day));
    }
}
