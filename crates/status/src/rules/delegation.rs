//! Which responder certificate signs, when the next one is due, and when it is late.
//!
//! Certificates overlap: the next one is made while the one before still has a third of its life,
//! and rests for a day before it signs, so that clients whose clocks are slow believe it too.

use jiff::{SignedDuration, Timestamp};
use pki::{Certificate, oid};

/// How long a new certificate rests before it signs.
pub const REST: SignedDuration = SignedDuration::from_hours(24);
/// Days after the end of its certificates when a key is destroyed.
const KEEP_KEY_DAYS: i64 = 7;

/// Whether a certificate makes its key a responder of this issuer now (RFC 6960 §4.2.2.2).
pub fn is_responder(certificate: &Certificate, issuer: &Certificate, now: Timestamp) -> bool {
    is_for_responses(certificate)
        && certificate.issuer() == issuer.subject()
        && certificate.is_valid_at(now)
}

/// Whether a certificate is for signing status answers.
pub fn is_for_responses(certificate: &Certificate) -> bool {
    certificate.eku().is_some_and(|eku| eku.contains(&oid::OCSP_SIGNING))
}

/// What to sign with, of certificates that are valid: the newest that has rested; while none
/// has, the oldest of them. Of two that began together, the one that lasts longer.
pub fn signer<T>(
    usable: impl Iterator<Item = T>,
    period: impl Fn(&T) -> (Timestamp, Timestamp),
    now: Timestamp,
) -> Option<T> {
    let rank = |item: &T| {
        let (begin, end) = period(item);
        let age = now.duration_since(begin);
        let has_rested = age >= REST;
        (has_rested, if has_rested { -age } else { age }, end)
    };
    usable.max_by_key(rank)
}

/// Whether a new key and certificate are due: in the last third of the life of the newest one,
/// unless it lasts as long as the CA itself, whose answers it gives to the end.
pub fn is_renewal_due(
    (begin, end): (Timestamp, Timestamp),
    ca_end: Timestamp,
    now: Timestamp,
) -> bool {
    let third = end.duration_since(begin) / 3;
    end.duration_since(now) <= third && end < ca_end
}

/// Whether a renewal that is due has failed for half of the time there is for it: an alarm.
pub fn is_renewal_late(period: (Timestamp, Timestamp), ca_end: Timestamp, now: Timestamp) -> bool {
    let (begin, end) = period;
    let sixth = end.duration_since(begin) / 6;
    is_renewal_due(period, ca_end, now) && end.duration_since(now) <= sixth
}

/// Whether a key has done its work: the last of its certificates ended a week ago, so that no
/// answer of it counts anywhere.
pub fn is_key_spent(ends: impl Iterator<Item = Timestamp>, now: Timestamp) -> bool {
    ends.max().is_some_and(|end| now.duration_since(end) > days(KEEP_KEY_DAYS))
}

const fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(count: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + count * 86_400).unwrap()
    }

    #[test]
    fn a_new_certificate_rests_for_a_day_unless_it_is_the_only_one() {
        let (old, new) = ((day(0), day(30)), (day(20), day(50)));
        let signs = |all: &[(Timestamp, Timestamp)], now| {
            signer(all.iter().copied(), |period| *period, now)
        };
        let hour = SignedDuration::from_hours(1);
        assert_eq!(signs(&[old, new], day(20)), Some(old));
        assert_eq!(signs(&[new, old], day(21) - hour), Some(old));
        assert_eq!(signs(&[old, new], day(21)), Some(new));
        assert_eq!(signs(&[new], day(20)), Some(new), "nothing else is left");
        let newer = (day(20) + hour, day(51));
        assert_eq!(signs(&[newer, new], day(20) + hour * 2), Some(new), "both are young");
        assert_eq!(signs(&[], day(20)), None);
        let longer = (day(0), day(40));
        assert_eq!(signs(&[old, longer], day(5)), Some(longer));
    }

    #[test]
    fn renewal_is_due_in_the_last_third_and_late_in_the_last_sixth() {
        let period = (day(0), day(30));
        let due = |now| is_renewal_due(period, day(900), day(now));
        assert!(!due(19) && due(20) && due(29) && due(31), "and once it is over");
        let late = |now| is_renewal_late(period, day(900), day(now));
        assert!(!late(24) && late(25) && late(31));
    }

    #[test]
    fn there_is_a_responder_until_the_very_end_of_the_ca_and_no_renewal_without_gain() {
        let period = (day(0), day(30));
        assert!(is_renewal_due(period, day(31), day(25)), "the last day needs one too");
        assert!(
            !is_renewal_due(period, day(30), day(25)) && !is_renewal_late(period, day(30), day(29))
        );
    }

    #[test]
    fn a_key_is_spent_a_week_after_its_last_certificate() {
        let spent = |ends: &[i64], now| is_key_spent(ends.iter().map(|end| day(*end)), day(now));
        assert!(!spent(&[30], 37) && spent(&[30], 38));
        assert!(!spent(&[30, 60], 40), "another certificate of it still counts");
        assert!(!spent(&[], 1_000), "a key without certificate waits for one");
    }
}
