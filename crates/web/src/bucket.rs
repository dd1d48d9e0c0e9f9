//! How often one source may ask at a public door: a bucket of tokens for each source, in bounded
//! memory. Whoever has none left is told after how many seconds the next one is there, before any work
//! was done for the question.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Most sources that are remembered. Beyond that those with a full bucket are forgotten, which
/// changes nothing for them; if that isn't enough, all are.
const MOST_SOURCES: usize = 65_536;
/// A bucket holds what flows into it in so many seconds.
const BURST: f64 = 10.0;

/// One bucket for each source.
#[derive(Debug)]
pub(crate) struct Buckets {
    per_second: f64,
    begin: Instant,
    left: Mutex<HashMap<IpAddr, Bucket>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    /// When they were counted, in seconds since the beginning.
    at: f64,
}

impl Buckets {
    /// So many questions a second, ten times as many at once; 0: as many as come.
    pub fn new(per_second: u32) -> Self {
        Self { per_second: f64::from(per_second), begin: Instant::now(), left: Mutex::default() }
    }

    /// Takes a token of a source; the seconds to wait when there is none.
    pub fn take(&self, source: IpAddr) -> Result<(), u32> {
        self.take_at(source, self.begin.elapsed())
    }

    /// Whether a source has a token, which it keeps; the seconds to wait when there is none.
    pub fn ask(&self, source: IpAddr) -> Result<(), u32> {
        self.ask_at(source, self.begin.elapsed())
    }

    fn ask_at(&self, source: IpAddr, since: Duration) -> Result<(), u32> {
        let left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        match left.get(&network(source)) {
            Some(bucket) => {
                let passed = (since.as_secs_f64() - bucket.at).max(0.0);
                let tokens = bucket.tokens + passed * self.per_second;
                if tokens < 1.0 { Err(whole((1.0 - tokens) / self.per_second)) } else { Ok(()) }
            }
            // Nothing was taken yet, or ever will be.
            None => Ok(()),
        }
    }

    fn take_at(&self, source: IpAddr, since: Duration) -> Result<(), u32> {
        if self.per_second <= 0.0 || source.to_canonical().is_loopback() {
            return Ok(());
        }
        let (most, now) = (self.per_second * BURST, since.as_secs_f64());
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let filled = |bucket: &Bucket| {
            (bucket.tokens + (now - bucket.at).max(0.0) * self.per_second).min(most)
        };
        let source = network(source);
        if left.len() >= MOST_SOURCES && !left.contains_key(&source) {
            left.retain(|_, bucket| filled(bucket) < most);
            if left.len() >= MOST_SOURCES {
                left.clear();
            }
        }
        let bucket = left.entry(source).or_insert(Bucket { tokens: most, at: now });
        *bucket = Bucket { tokens: filled(bucket), at: now };
        if bucket.tokens < 1.0 {
            return Err(whole((1.0 - bucket.tokens) / self.per_second));
        }
        bucket.tokens -= 1.0;
        Ok(())
    }
}

/// Seconds, rounded up, at least one.
fn whole(seconds: f64) -> u32 {
    u32::try_from(Duration::from_secs_f64(seconds.clamp(0.0, 3600.0)).as_secs() + 1).unwrap_or(1)
}

/// One subscriber of IPv6 has a whole network of 64 bits.
pub(crate) fn network(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V6(six) => IpAddr::V6(Ipv6Addr::from_bits(six.to_bits() >> 64 << 64)),
        four => four,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn a_source_has_its_burst_and_then_its_rate_and_others_have_theirs() {
        let buckets = Buckets::new(2);
        let (one, other) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let taken = |source, seconds| buckets.take_at(source, at(seconds)).is_ok();
        assert_eq!((0..30).filter(|_| taken(one, 0.0)).count(), 20);
        assert_eq!(buckets.take_at(one, at(0.0)), Err(1));
        assert!(taken(other, 0.0));
        assert_eq!((0..30).filter(|_| taken(one, 3.0)).count(), 6);
        assert_eq!((0..30).filter(|_| taken(one, 1_000.0)).count(), 20, "never more than full");
    }

    #[test]
    fn asking_takes_nothing_and_says_when_there_is_something_again() {
        let buckets = Buckets::new(1);
        let source = "192.0.2.1".parse().unwrap();
        assert!((0..30).all(|_| buckets.ask_at(source, at(0.0)).is_ok()));
        while buckets.take_at(source, at(0.0)).is_ok() {}
        assert_eq!(buckets.ask_at(source, at(0.0)), Err(2));
        assert_eq!(buckets.ask_at(source, at(1.0)), Ok(()));
        assert_eq!(buckets.take_at(source, at(1.0)), Ok(()));
    }

    #[test]
    fn addresses_of_one_subscriber_share_a_bucket() {
        let buckets = Buckets::new(1);
        let taken = |text: &str| buckets.take_at(text.parse().unwrap(), at(0.0)).is_ok();
        assert_eq!((0..20).filter(|n| taken(&format!("2001:db8::{n}"))).count(), 10);
        assert!(taken("2001:db8:0:1::1"));
        assert_eq!((0..20).filter(|_| taken("198.51.100.1")).count(), 10);
        assert!(!taken("::ffff:198.51.100.1"));
    }

    #[test]
    fn this_machine_and_a_rate_of_none_are_not_limited() {
        let buckets = Buckets::new(1);
        assert!((0..100).all(|_| buckets.take_at("127.0.0.1".parse().unwrap(), at(0.0)).is_ok()));
        let open = Buckets::new(0);
        assert!((0..100).all(|_| open.take_at("192.0.2.1".parse().unwrap(), at(0.0)).is_ok()));
    }

    #[test]
    fn memory_stays_bounded_and_a_flood_of_sources_frees_nobody_who_is_empty() {
        let buckets = Buckets::new(1);
        let hungry = "203.0.113.9".parse().unwrap();
        while buckets.take_at(hungry, at(0.0)).is_ok() {}
        for number in 0..u32::try_from(MOST_SOURCES).unwrap() - 1 {
            let source = IpAddr::V4((0x0a00_0000 + number).into());
            assert!(buckets.take_at(source, at(0.0)).is_ok());
        }
        // Two seconds later the others are full again and forgotten; this one isn't.
        assert!(buckets.take_at("198.51.100.7".parse().unwrap(), at(2.0)).is_ok());
        assert!(buckets.left.lock().unwrap().len() < 10);
        assert_eq!((0..10).filter(|_| buckets.take_at(hungry, at(2.0)).is_ok()).count(), 2);
    }
}
