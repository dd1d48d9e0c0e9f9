//! How often one source may send forms that anybody may send: beginning an application, asking by
//! number, complaining. What needs a sign-in has limits of its own in `access`.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

/// The span in which forms are counted, in seconds.
const SPAN: i64 = 60;
/// Octets that count as one form more.
const OCTETS_OF_ONE: usize = 256 << 10;
/// Most sources that are kept; when there are more, those of past spans are forgotten first, then
/// all: memory stays bounded.
const MOST_SOURCES: usize = 100_000;

/// Counts forms by source.
#[derive(Debug, Clone)]
pub struct Rate {
    most: u32,
    counts: Arc<Mutex<HashMap<IpAddr, (i64, u32)>>>,
}

impl Rate {
    /// At most so many in a minute.
    pub fn new(most: u32) -> Self {
        Self { most, counts: Arc::default() }
    }

    /// Counts one form of a source; if it was one too many, the seconds after which the next is
    /// taken.
    pub fn count(&self, source: IpAddr, now: Timestamp) -> Result<(), i64> {
        self.count_several(source, now, 1)
    }

    /// Counts what a form that was counted already brought along, by its size: whoever sends much sends less often. One
    /// form alone in its minute is always taken, whatever its size.
    pub fn count_octets(&self, source: IpAddr, now: Timestamp, octets: usize) -> Result<(), i64> {
        let several = u32::try_from(octets / OCTETS_OF_ONE).unwrap_or(u32::MAX);
        self.count_several(source, now, several.min(self.most.saturating_sub(1)))
    }

    /// Counts several at once.
    pub fn count_several(&self, source: IpAddr, now: Timestamp, several: u32) -> Result<(), i64> {
        let (span, rest) = (now.as_second().div_euclid(SPAN), now.as_second().rem_euclid(SPAN));
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= MOST_SOURCES && !counts.contains_key(&network(source)) {
            counts.retain(|_, (of, _)| *of == span);
            if counts.len() >= MOST_SOURCES {
                counts.clear();
            }
        }
        let entry = counts.entry(network(source)).or_insert((span, 0));
        if entry.0 != span {
            *entry = (span, 0);
        }
        entry.1 = entry.1.saturating_add(several);
        if entry.1 > self.most { Err(SPAN - rest) } else { Ok(()) }
    }
}

/// One subscriber of IPv6 has a /64 to choose addresses from.
fn network(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) & !u128::from(u64::MAX)).into()),
        four => four,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_796_000_040 + second).unwrap()
    }

    #[test]
    fn a_source_is_held_to_its_number_and_others_are_not() {
        let rate = Rate::new(3);
        let (one, other) = ("203.0.113.1".parse().unwrap(), "203.0.113.2".parse().unwrap());
        for _ in 0..3 {
            assert_eq!(rate.count(one, at(0)), Ok(()));
        }
        assert_eq!(rate.count(one, at(10)), Err(50));
        assert_eq!(rate.count(other, at(10)), Ok(()));
        assert_eq!(rate.count(one, at(60)), Ok(()), "a new minute");
    }

    #[test]
    fn what_is_large_counts_as_several_and_one_alone_is_always_taken() {
        let source = "203.0.113.1".parse().unwrap();
        for most in [1, 5, 60] {
            let rate = Rate::new(most);
            assert_eq!(rate.count(source, at(0)), Ok(()));
            assert_eq!(rate.count_octets(source, at(0), 10 << 20), Ok(()), "{most}");
            let again =
                rate.count(source, at(1)).and_then(|()| rate.count_octets(source, at(1), 10 << 20));
            assert_eq!(again, Err(59), "{most}");
        }
        let rate = Rate::new(60);
        for _ in 0..60 {
            assert_eq!(rate.count_octets(source, at(0), 9_000), Ok(()), "small ones are free");
        }
    }

    #[test]
    fn addresses_of_one_subscriber_count_together() {
        let rate = Rate::new(1);
        assert_eq!(rate.count("2001:db8::1".parse().unwrap(), at(0)), Ok(()));
        assert!(rate.count("2001:db8::ffff".parse().unwrap(), at(0)).is_err());
        assert_eq!(rate.count("2001:db8:0:1::1".parse().unwrap(), at(0)), Ok(()));
    }

    #[test]
    fn memory_stays_bounded() {
        let rate = Rate::new(1);
        for at_source in 0..=MOST_SOURCES {
            let source = IpAddr::V4(u32::try_from(at_source).unwrap().into());
            assert_eq!(rate.count(source, at(0)), Ok(()));
        }
        assert!(rate.counts.lock().unwrap().len() <= MOST_SOURCES);
    }
}
