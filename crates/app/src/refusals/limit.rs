//! Pure: how often somebody may be refused, and what is told of it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// One refusal, in the unit that buckets are counted in: so that what drains in a second is a whole number.
const ONE: i64 = 60;

/// What somebody was refused, and when that was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bucket {
    spent: i64,
    at: i64,
}

/// What is left in a bucket that takes so many refusals a minute.
pub(super) fn spent(bucket: Option<Bucket>, most: u32, now: i64) -> i64 {
    let Some(bucket) = bucket else { return 0 };
    let passed = now.saturating_sub(bucket.at).max(0);
    bucket.spent.saturating_sub(passed.saturating_mul(most.into())).max(0)
}

/// After how many seconds somebody is listened to again; none who is now.
pub(super) fn wait(bucket: Option<Bucket>, most: u32, now: i64) -> Option<u32> {
    let most = i64::from(most.max(1));
    let over = spent(bucket, u32::try_from(most).unwrap_or(u32::MAX), now) + ONE - most * ONE;
    (over > 0).then(|| u32::try_from((over + most - 1) / most).unwrap_or(u32::MAX))
}

/// With one refusal more. It never holds more than a minute's: who stops is listened to soon.
pub(super) fn refused(bucket: Option<Bucket>, most: u32, now: i64) -> Bucket {
    let full = i64::from(most.max(1)) * ONE;
    Bucket { spent: (spent(bucket, most, now) + ONE).min(full), at: now }
}

/// Whether nothing is left in it.
pub(super) fn is_empty(bucket: Bucket, most: u32, now: i64) -> bool {
    spent(Some(bucket), most, now) == 0
}

/// One subscriber of IPv6 has a whole network of 64 bits.
pub(super) fn network(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V6(six) => IpAddr::V6(Ipv6Addr::from_bits(six.to_bits() >> 64 << 64)),
        four => four,
    }
}

/// Where somebody is, as the journal says it, that nothing is ever taken out of: enough to find a network by, and no
/// single machine (PIPL Art. 6).
pub(super) fn neighbourhood(source: IpAddr) -> String {
    match source.to_canonical() {
        IpAddr::V4(four) => format!("{}/24", Ipv4Addr::from_bits(four.to_bits() >> 8 << 8)),
        IpAddr::V6(six) => format!("{}/48", Ipv6Addr::from_bits(six.to_bits() >> 80 << 80)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_refusals_a_minute_are_answered_and_then_as_many_as_drain() {
        let (mut bucket, mut answered) = (None, 0);
        while wait(bucket, 60, 0).is_none() {
            bucket = Some(refused(bucket, 60, 0));
            answered += 1;
        }
        assert_eq!(answered, 60);
        assert_eq!((wait(bucket, 60, 0), wait(bucket, 60, 1)), (Some(1), None));
        // One that goes on is held at the edge, and never beyond a minute's.
        for _ in 0..1_000 {
            bucket = Some(refused(bucket, 60, 1));
        }
        assert_eq!((wait(bucket, 60, 1), wait(bucket, 60, 2)), (Some(1), None));
        assert!(is_empty(bucket.unwrap(), 60, 61) && !is_empty(bucket.unwrap(), 60, 60));
        let slow = Some(refused(None, 1, 0));
        assert_eq!(
            (wait(slow, 1, 0), wait(slow, 1, 59), wait(slow, 1, 60)),
            (Some(60), Some(1), None)
        );
        assert_eq!(wait(slow, 1, -100), Some(60), "a clock that was set back frees nobody");
    }

    #[test]
    fn the_journal_names_networks_and_no_machines() {
        let of = |text: &str| neighbourhood(text.parse().unwrap());
        assert_eq!(of("198.51.100.77"), "198.51.100.0/24");
        assert_eq!(of("::ffff:198.51.100.77"), "198.51.100.0/24");
        assert_eq!(of("2001:db8:1:2::7"), "2001:db8:1::/48");
        assert_eq!(network("2001:db8:1:2::7".parse().unwrap()).to_string(), "2001:db8:1:2::");
    }
}
