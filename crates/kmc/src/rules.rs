//! The decisions of the key centre: pure, over what was loaded and the instant given.

use gm::PublicKey;
use jiff::{SignedDuration, Timestamp, ToSpan, tz::TimeZone};

use crate::error::{Error, ProtocolError};
use crate::model::{
    ApplyOrder, AssignedPair, EndReason, Ending, IssuedTo, Place, RefillPolicy, Retention,
};

/// GM/T 0034 §5 (KMC): "keep keys > 10 years"; the floor that no configuration goes below.
pub const RETENTION_YEARS_MIN: u8 = 10;

/// A GM/T 0014 request is accepted this long before or after its requestTime.
pub const REQUEST_WINDOW: SignedDuration = SignedDuration::from_mins(5);

/// Requests in one GM/T 0014 message.
pub const REQUESTS_MAX: usize = 64;

/// What an application comes to.
#[derive(Debug, PartialEq, Eq)]
pub enum Applying {
    /// Take a pair from the standby store.
    Take,
    /// The same order came before: the same pair again.
    Again,
}

/// An application for a serial, seen against the pair that the serial has already, if any.
/// The same serial with the same signing key is a repetition (a lost answer); with another
/// signing key it is refused, for it would hand a subscriber's key to somebody else.
pub fn decide_apply(
    existing: Option<&AssignedPair>,
    order: &ApplyOrder,
    now: Timestamp,
) -> Result<Applying, Error> {
    let Some(pair) = existing else {
        let valid = order.not_before < order.not_after && order.not_after > now;
        return if valid { Ok(Applying::Take) } else { Err(Error::Validity) };
    };
    if pair.assignment.signing_key != order.signing_key {
        return Err(Error::SerialTaken);
    }
    match pair.place {
        Place::InUse => Ok(Applying::Again),
        Place::History(_) => Err(Error::KeyEnded),
    }
}

/// What a restoration comes to.
#[derive(Debug, PartialEq, Eq)]
pub enum Restoring {
    /// Release to the new signing key.
    Release,
    /// The same order came before.
    Again,
}

/// GM/T 0034 §12.1: the subscriber first gets a new signing pair; the old encryption key is
/// enveloped to it. A signing key that had the key before is refused, except the last one when
/// it came by restoration: that is a repetition. Keys in history are restored too, for the
/// papers encrypted to them remain.
pub fn decide_restore(
    pair: &AssignedPair,
    released: &[IssuedTo],
    new_key: &PublicKey,
) -> Result<Restoring, Error> {
    let current = pair.assignment.signing_key == *new_key;
    match released.iter().find(|to| to.key == *new_key) {
        None if !current => Ok(Restoring::Release),
        Some(to) if current && to.restored => Ok(Restoring::Again),
        _ => Err(Error::RestoreNeedsNewKey),
    }
}

/// What a revocation or an expiry comes to: a move to history, or nothing because it was made.
pub fn decide_end(
    pair: &AssignedPair,
    reason: EndReason,
    now: Timestamp,
    retention: Retention,
) -> Result<Option<Ending>, Error> {
    match pair.place {
        Place::History(_) => Ok(None),
        Place::InUse => {
            Ok(Some(Ending { at: now, reason, retain_until: retain_until(now, retention)? }))
        }
    }
}

/// The first instant at which a key may be removed: so many years after its end and one day
/// more, in China's civil time.
pub fn retain_until(ended_at: Timestamp, retention: Retention) -> Result<Timestamp, Error> {
    let span = i64::from(retention.years()).years().days(1);
    ended_at
        .to_zoned(china())
        .checked_add(span)
        .map(|later| later.timestamp())
        .map_err(|_| Error::StoredData("retain_until"))
}

/// UTC+8 without transitions: the civil time of the law.
fn china() -> TimeZone {
    TimeZone::fixed(jiff::tz::offset(8))
}

/// How many pairs the next batch makes: none above the low-water mark, else up to the level.
/// `filling` says that an earlier batch of the same refill has begun below the mark.
pub fn refill_need(standby: u64, policy: RefillPolicy, filling: bool) -> u32 {
    if standby >= u64::from(policy.low) && !filling {
        return 0;
    }
    let missing = u64::from(policy.level).saturating_sub(standby);
    u32::try_from(missing).unwrap_or(u32::MAX).min(policy.batch)
}

/// Refuses a GM/T 0014 request whose time is too far from ours, either way.
pub fn check_request_time(requested: Timestamp, now: Timestamp) -> Result<(), ProtocolError> {
    if now.duration_since(requested).abs() <= REQUEST_WINDOW {
        Ok(())
    } else {
        Err(ProtocolError::StaleRequest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn keys_are_kept_ten_years_and_a_day_in_chinas_calendar() {
        let table = [
            // 2026-11-22 in China
            ("2026-11-22T02:00:00Z", 10, "2036-11-23T02:00:00Z"),
            // 16:30 UTC is the next day in China: 29 February
            ("2028-02-28T16:30:00Z", 10, "2038-02-28T16:30:00Z"),
            ("2028-02-29T15:59:59Z", 20, "2048-03-01T15:59:59Z"),
        ];
        for (ended, years, expected) in table {
            let retention = Retention::years_at_least(years);
            assert_eq!(retain_until(at(ended), retention).unwrap(), at(expected), "{ended}");
        }
    }

    #[test]
    fn no_configuration_goes_below_the_legal_retention() {
        assert_eq!(Retention::years_at_least(3), Retention::default());
        assert_eq!(Retention::years_at_least(30).years(), 30);
    }

    #[test]
    fn refilling_has_a_mark_a_level_and_a_batch() {
        let policy = RefillPolicy { low: 4, level: 8, batch: 3 };
        let table = [
            // standby, filling, expected
            (0, false, 3),
            (3, false, 3),
            (4, false, 0),
            (6, false, 0),
            (6, true, 2),
            (8, true, 0),
            (9, true, 0),
        ];
        for (standby, filling, expected) in table {
            assert_eq!(refill_need(standby, policy, filling), expected, "{standby} {filling}");
        }
    }

    #[test]
    fn a_request_may_be_five_minutes_off_either_way() {
        let now = at("2026-11-22T02:00:00Z");
        for (seconds, fits) in [(-301, false), (-300, true), (0, true), (300, true), (301, false)] {
            let requested = now + SignedDuration::from_secs(seconds);
            assert_eq!(check_request_time(requested, now).is_ok(), fits, "{seconds}");
        }
    }
}
