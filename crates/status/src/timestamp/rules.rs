//! Pure decisions: which policy, which serial number, whose certificate.

use gm::sm3;
use jiff::{SignedDuration, Timestamp};
use pki::tsp::is_time_stamping;
use pki::{Certificate, Oid, Serial};

/// Octets of a serial number that are random.
pub const PREFIX: usize = 12;
/// Bits of the counter behind them.
const COUNTER_BITS: u32 = 48;
/// Days before its end when a certificate is renewed, if its life is long enough.
const RENEW_DAYS: i64 = 365;
/// A renewal that gains less than these days is none.
const GAIN_DAYS: i64 = 30;

/// The policy to issue under: the one asked for if it is ours, the first if none is asked for.
pub fn policy(ours: &[Oid], asked: Option<&Oid>) -> Option<Oid> {
    match asked {
        Some(asked) => ours.contains(asked).then_some(*asked),
        None => ours.first().copied(),
    }
}

/// The serial number of a process's token: random octets, then a counter. Always 18 octets, so
/// that nothing can be read from the length. `None` when the counter has run out.
pub fn serial(prefix: [u8; PREFIX], number: u64) -> Option<Serial> {
    if number >> COUNTER_BITS != 0 {
        return None;
    }
    let mut octets = prefix;
    if let Some(first) = octets.first_mut() {
        *first = *first & 0x3f | 0x40;
    }
    let [_, _, counter @ ..] = number.to_be_bytes();
    Serial::from_magnitude(&[&octets[..], &counter[..]].concat()).ok()
}

/// What to sign with: its certificate is for timestamps and valid now, and of those it began last.
pub fn current<T>(
    all: &[T],
    certificate: impl Fn(&T) -> &Certificate,
    now: Timestamp,
) -> Option<&T> {
    let usable = |item: &&T| {
        let candidate = certificate(item);
        is_time_stamping(candidate) && candidate.is_valid_at(now)
    };
    let period = |item: &&T| {
        let candidate = certificate(item);
        (candidate.not_before(), candidate.not_after())
    };
    all.iter().filter(usable).max_by_key(period)
}

/// What a batch's journal record has of its rows: the SM3 over their lines, in the order of their
/// serial numbers.
pub fn digest(lines: impl Iterator<Item = String>) -> String {
    sm3::hash(lines.collect::<String>().as_bytes()).to_hex()
}

/// Whether a new key and certificate are due: a year before the end, or after three quarters of
/// a shorter life, as long as a new one could last noticeably longer. A certificate of
/// timestamps ends long before what it stamped is forgotten; so keys overlap.
pub fn is_renewal_due(period: (Timestamp, Timestamp), possible: Timestamp, now: Timestamp) -> bool {
    let (begin, end) = period;
    let day = |days: i64| SignedDuration::from_hours(24 * days);
    let before = (end.duration_since(begin) / 4).min(day(RENEW_DAYS));
    let gains = possible.duration_since(end) >= day(GAIN_DAYS);
    end.duration_since(now) <= before && gains
}

#[cfg(test)]
mod tests {
    use super::*;

    fn oid(text: &str) -> Oid {
        Oid::parse(text).unwrap()
    }

    #[test]
    fn the_first_policy_is_the_usual_one_and_strange_ones_are_refused() {
        let ours = [oid("1.2.156.1"), oid("1.2.156.2")];
        assert_eq!(policy(&ours, None), Some(ours[0]));
        assert_eq!(policy(&ours, Some(&ours[1])), Some(ours[1]));
        assert_eq!(policy(&ours, Some(&oid("1.2.156.3"))), None);
        assert_eq!(policy(&[], None), None);
    }

    #[test]
    fn serials_differ_by_counter_and_by_process_and_keep_within_160_bits() {
        let all: Vec<_> = [[0; PREFIX], [0xff; PREFIX], [0x80; PREFIX]]
            .into_iter()
            .flat_map(|prefix| [0, 1, 255, 256, (1 << 48) - 1].map(|n| serial(prefix, n).unwrap()))
            .collect();
        assert!(all.iter().all(|serial| serial.as_bytes().len() == 18));
        assert!(all.iter().all(|serial| serial.as_bytes()[0] & 0x80 == 0));
        let mut distinct = all.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), all.len());
        assert_eq!(serial([0; PREFIX], 1 << 48), None);
    }

    #[test]
    fn a_certificate_is_renewed_in_time_and_only_when_that_gains_something() {
        let day = |days: i64| Timestamp::from_second(1_800_000_000 + days * 86_400).unwrap();
        let due = |end, possible, now| is_renewal_due((day(0), day(end)), day(possible), day(now));
        assert!(!due(1826, 5000, 1826 - 366) && due(1826, 5000, 1826 - 365));
        assert!(!due(400, 5000, 299) && due(400, 5000, 300), "a quarter of a short life");
        assert!(due(400, 430, 399) && !due(400, 429, 399), "the CA itself ends");
        assert!(due(400, 5000, 500), "over");
    }
}
