//! When a CRL is due, what belongs on it, and which shard a serial number falls into.

use gm::sm3;
use jiff::{SignedDuration, Timestamp};
use pki::Serial;

use crate::model::CrlPolicy;

/// What is known about the current CRL of a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Current {
    /// Its number.
    pub number: i64,
    /// When it was made.
    pub this_update: Timestamp,
    /// Until when it may be used.
    pub next_update: Timestamp,
    /// The last change of status that it covers.
    pub covers_seq: i64,
}

/// A list in force of the same series of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InForce {
    /// Its number.
    pub number: i64,
    /// The last change of status that it tells; it tells each one before.
    pub covers_seq: i64,
    /// When it was made, in seconds.
    pub this_update: i64,
    /// Whether it is of the same kind, and not the delta beside the full one.
    pub is_same_kind: bool,
}

/// A list that is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ready {
    /// Its number.
    pub number: i64,
    /// The last change of status that it tells.
    pub covers_seq: i64,
    /// When it was made, in seconds.
    pub this_update: i64,
}

/// Whether a list that is ready must not go out any more, because another node was faster: of two lists the one with
/// the higher number never lacks a revocation that the other one told (Invariant 7), and is not the older one: relying
/// parties choose by either (RFC 5280 §5.2.3; OpenSSL by thisUpdate).
#[must_use]
pub fn is_outrun(ready: Ready, in_force: &[InForce]) -> bool {
    in_force.iter().any(|one| match one.number < ready.number {
        true => {
            let is_older = one.is_same_kind && one.this_update > ready.this_update;
            is_older || one.covers_seq > ready.covers_seq
        }
        // Under its own kind it would never be the current one.
        false => one.is_same_kind || one.covers_seq < ready.covers_seq,
    })
}

/// How the current CRL stands in its window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Freshness {
    /// In the first half of its window.
    Fresh,
    /// Past the middle: alarm, and use the spare if the device is gone (T-11).
    HalfSpent,
    /// Past nextUpdate, or there is none: relying parties are without a CRL.
    Expired,
}

/// Where `now` stands in the window of the current CRL.
#[must_use]
pub fn freshness(current: Option<&Current>, now: Timestamp) -> Freshness {
    let Some(current) = current else {
        return Freshness::Expired;
    };
    let window = current.next_update.duration_since(current.this_update);
    let age = now.duration_since(current.this_update);
    if now >= current.next_update {
        Freshness::Expired
    } else if age * 2 >= window {
        Freshness::HalfSpent
    } else {
        Freshness::Fresh
    }
}

/// Whether a new CRL has to be made: none yet, the interval is over, the middle of the window
/// is passed (also after a jump of the clock), or a status changed and the policy publishes at
/// once (no more often than every `gap`).
#[must_use]
pub fn due(
    current: Option<&Current>,
    last_change: i64,
    (every, gap): (SignedDuration, SignedDuration),
    policy: &CrlPolicy,
    now: Timestamp,
) -> bool {
    let Some(current) = current else {
        return true;
    };
    // A list of a clock that was set back since, or of another node's that is ahead, is of now: what needs no gap isn't
    // told later for that.
    let age = now.duration_since(current.this_update).max(SignedDuration::ZERO);
    let changed = policy.on_change && last_change > current.covers_seq && age >= gap;
    age >= every || changed || freshness(Some(current), now) != Freshness::Fresh
}

/// The shortest time between two lists of a kind that are made because of changes: a short delta list
/// costs next to nothing and goes out at once; a long one, as after a mass revocation, waits like a full
/// list. `delta` is how many entries the current delta list has; none for other kinds.
#[must_use]
pub fn gap(delta: Option<u64>, policy: &CrlPolicy) -> SignedDuration {
    match delta {
        Some(entries) if entries < SHORT_DELTA => SignedDuration::ZERO,
        _ => policy.min_gap,
    }
}

/// Entries below which a delta list is short: it is made in a few milliseconds.
const SHORT_DELTA: u64 = 1_000;

/// Whether a barred certificate belongs on a CRL, given when the previous one of the same
/// scope was made: until it has appeared on one CRL made after its expiry (RFC 5280 §3.3).
/// A compromise recorded after expiry appears once as well. `sql` asks the same question.
#[must_use]
pub fn listed(not_after: Timestamp, changed_at: Timestamp, previous: Option<Timestamp>) -> bool {
    previous.is_none_or(|previous| not_after >= previous || changed_at >= previous)
}

/// The shard of a serial number among `shards`; 0 when the issuer has none.
#[must_use]
pub fn shard_of(serial: &Serial, shards: u16) -> u16 {
    let [a, b, c, d, ..] = sm3::hash(serial.as_bytes()).0;
    let bucket = u32::from_be_bytes([a, b, c, d]).checked_rem(u32::from(shards));
    bucket.and_then(|bucket| u16::try_from(bucket).ok()).unwrap_or(0)
}

/// The name of a CRL's number series: full and delta share theirs (RFC 5280 §5.2.3).
#[must_use]
pub fn scope(shard: Option<u16>) -> String {
    shard.map_or_else(|| "main".to_owned(), |shard| format!("shard-{shard}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(second: i64) -> Timestamp {
        Timestamp::constant(second, 0)
    }
    const DAY: SignedDuration = SignedDuration::from_hours(24);
    const GAP: SignedDuration = SignedDuration::from_secs(10);

    fn current() -> Current {
        Current { number: 7, this_update: at(1_000), next_update: at(2_000), covers_seq: 40 }
    }

    fn policy(on_change: bool) -> CrlPolicy {
        CrlPolicy { on_change, min_gap: SignedDuration::from_secs(10), ..CrlPolicy::default() }
    }

    #[test]
    fn window_has_a_fresh_half_a_spent_half_and_an_end() {
        assert_eq!(freshness(Some(&current()), at(1_499)), Freshness::Fresh);
        assert_eq!(freshness(Some(&current()), at(1_500)), Freshness::HalfSpent);
        assert_eq!(freshness(Some(&current()), at(2_000)), Freshness::Expired);
        assert_eq!(freshness(None, at(0)), Freshness::Expired);
    }

    #[test]
    fn crl_is_due_when_there_is_none_or_half_its_window_is_over() {
        assert!(due(None, 0, (DAY, GAP), &policy(false), at(0)));
        assert!(!due(Some(&current()), 99, (DAY, GAP), &policy(false), at(1_100)));
        assert!(due(Some(&current()), 0, (DAY, GAP), &policy(false), at(1_500)));
    }

    #[test]
    fn crl_is_due_after_a_change_but_not_within_the_gap() {
        assert!(!due(Some(&current()), 41, (DAY, GAP), &policy(true), at(1_009)));
        assert!(due(Some(&current()), 41, (DAY, GAP), &policy(true), at(1_010)));
        assert!(!due(Some(&current()), 40, (DAY, GAP), &policy(true), at(1_010)));
    }

    #[test]
    fn short_delta_goes_out_at_once_and_a_long_one_waits() {
        let changed = |gap| due(Some(&current()), 41, (DAY, gap), &policy(true), at(1_000));
        assert!(changed(gap(Some(SHORT_DELTA - 1), &policy(true))));
        assert!(!changed(gap(Some(SHORT_DELTA), &policy(true))));
        assert!(!changed(gap(None, &policy(true))));
    }

    #[test]
    fn clock_that_was_set_back_holds_up_no_short_delta() {
        for back in [1, 59] {
            let due = |change, gap| {
                due(Some(&current()), change, (DAY, gap), &policy(true), at(1_000 - back))
            };
            assert!(due(41, SignedDuration::ZERO), "{back}");
            assert!(!due(40, SignedDuration::ZERO), "{back}: nothing changed");
            assert!(!due(41, GAP), "{back}: the gap is kept");
        }
    }

    #[test]
    fn expired_certificate_stays_until_it_was_listed_once_after_expiry() {
        assert!(listed(at(500), at(100), None));
        assert!(listed(at(500), at(100), Some(at(500))));
        assert!(!listed(at(500), at(100), Some(at(501))));
        assert!(listed(at(500), at(600), Some(at(501))));
    }

    #[test]
    fn higher_number_never_goes_out_with_less_than_a_lower_one_told() {
        let is_outrun = |(number, covers_seq), in_force: &[InForce]| {
            is_outrun(Ready { number, covers_seq, this_update: 50 }, in_force)
        };
        let made = |number, covers_seq, is_same_kind, this_update| InForce {
            number,
            covers_seq,
            this_update,
            is_same_kind,
        };
        let list = |number, covers_seq, is_same_kind| made(number, covers_seq, is_same_kind, 50);
        for kind in [true, false] {
            assert!(!is_outrun((11, 100), &[list(10, 100, kind)]));
            assert!(!is_outrun((11, 101), &[list(10, 100, kind)]));
            assert!(is_outrun((11, 100), &[list(10, 101, kind)]), "lacks what 10 told");
            assert!(is_outrun((10, 101), &[list(11, 100, kind)]), "11 would lack what it tells");
        }
        assert!(is_outrun((10, 100), &[list(11, 100, true)]));
        assert!(is_outrun((10, 100), &[list(10, 100, true)]), "the same list twice");
        assert!(!is_outrun((10, 100), &[list(11, 101, false)]), "a delta beside a newer full list");
        assert!(is_outrun((12, 100), &[made(11, 100, true, 51)]), "older than what is out");
        assert!(!is_outrun((12, 100), &[made(11, 100, false, 51)]), "of another kind");
        assert!(!is_outrun((1, -1), &[]));
        assert!(is_outrun((12, 100), &[list(10, 100, true), list(11, 105, false)]));
    }

    #[test]
    fn shards_share_the_serials_evenly() {
        let mut counts = [0u32; 8];
        for n in 0u32..8_000 {
            let mut octets = [1u8; 16];
            octets[..4].copy_from_slice(&n.to_be_bytes());
            let shard = shard_of(&Serial::from_random(octets).unwrap(), 8);
            counts[usize::from(shard)] += 1;
        }
        assert!(counts.iter().all(|count| (850..1_150).contains(count)), "{counts:?}");
        assert_eq!(shard_of(&Serial::from_random([9; 16]).unwrap(), 0), 0);
    }
}
