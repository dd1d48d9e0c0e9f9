//! Pure decisions: which chain, which status, whether a signature covers what it should, and what all
//! of it comes to.

mod answer;
mod asked;
mod chain;
pub(super) mod cross;
mod rows;
mod signature;
mod stamp;
mod status;

pub use asked::{Heard, by_responder, is_to_be_asked};
pub use chain::{Asked, Chain, chain, is_same_authority};
pub use rows::{facts, path_checks, readable, unreadable};
pub use signature::{
    cover_checks, message_checks, no_certificate, readable_signature, signature_check,
    signed_value, unjudged, unreadable_signature, unsigned, unsupported,
};
pub use stamp::{
    imprint_check, moment_check, proven, readable_stamp, refused_stamp, stamp_over, stamp_signer,
    unproven, unreadable_stamp,
};
pub use status::{Own, StatusOf, by_others, by_own, status_check, unreached};

use jiff::{SignedDuration, Timestamp};

use super::model::{Check, Outcome, Wrong};

/// How far the clock of an asker may be ahead of ours.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// What checks come to: the worst of those that weigh. No check at all is no pass (Invariant 11).
pub fn verdict<'a>(checks: impl IntoIterator<Item = &'a Check>) -> Outcome {
    let outcomes = checks.into_iter().filter(|check| check.weighs).map(|check| check.outcome);
    outcomes.max().unwrap_or(Outcome::Unknown)
}

/// The instant that is judged: the one asked for, never one to come, since nobody knows the status of
/// tomorrow.
///
/// # Errors
/// [`Wrong::Future`].
pub fn instant(asked: Option<Timestamp>, now: Timestamp) -> Result<Timestamp, Wrong> {
    match asked {
        Some(at) if at > now.saturating_add(SKEW).unwrap_or(now) => Err(Wrong::Future),
        Some(at) => Ok(at.min(now)),
        None => Ok(now),
    }
}

/// A row that weighs.
fn row(
    (check, title): (&'static str, &'static str),
    outcome: Outcome,
    code: impl Into<String>,
    reason: impl Into<String>,
) -> Check {
    let (code, reason) = (code.into(), reason.into());
    Check { check, title, outcome, code, reason, about: None, weighs: true, basis: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(outcome: Outcome, weighs: bool) -> Check {
        Check { weighs, ..row(("x", "某项"), outcome, "x", "") }
    }

    #[test]
    fn only_all_that_weighs_makes_a_pass() {
        use Outcome::{Failed, Passed, Unknown};
        for (checks, expected) in [
            (&[][..], Unknown),
            (&[(Passed, true)], Passed),
            (&[(Passed, true), (Unknown, true)], Unknown),
            (&[(Unknown, true), (Failed, true), (Passed, true)], Failed),
            (&[(Passed, true), (Failed, false)], Passed),
            (&[(Passed, false)], Unknown),
        ] {
            let checks: Vec<_> = checks.iter().map(|(o, w)| check(*o, *w)).collect();
            assert_eq!(verdict(&checks), expected, "{checks:?}");
        }
    }

    #[test]
    fn nobody_is_told_about_a_time_to_come() {
        let now: Timestamp = "2026-11-22T04:00:00Z".parse().unwrap();
        let later = |seconds| Some(now + SignedDuration::from_secs(seconds));
        assert_eq!(instant(None, now), Ok(now));
        assert_eq!(instant(later(-10), now), Ok(now - SignedDuration::from_secs(10)));
        assert_eq!(instant(later(299), now), Ok(now), "a clock a little ahead");
        assert_eq!(instant(later(301), now), Err(Wrong::Future));
        assert_eq!(instant(Some(Timestamp::MAX), now), Err(Wrong::Future));
        assert_eq!(instant(None, Timestamp::MAX), Ok(Timestamp::MAX));
    }
}
