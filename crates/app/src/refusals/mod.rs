//! Requests of API clients that are refused: a wrong signature, a right that isn't there, a rule, a quota that is used up.
//! Each costs a verification and often a unit of the store, so whoever is refused again and again is told to wait (429
//! with Retry-After) before anything is done for them.
//!
//! | counted to | what | so that |
//! | --- | --- | --- |
//! | the address | who asks didn't prove to be a client | guessing is slow |
//! | a client at its address | the same, in the name of a client that is known there | one broken program behind a shared address stops no other |
//! | a client at an address | refused although it proved who it is | the client's other machines go on |
//!
//! Nobody is slowed by what somebody else sends from elsewhere in their name: only who signs with the client's key is
//! counted to the client, and only at the address that it came from.
//!
//! The journal tells of it in sum: one record in ten minutes at most, of those who were refused often, by client and
//! network; with its figures the doctor tells of the last day. What was counted since the last record goes with the
//! process.

mod limit;
mod summary;

use std::cmp::Ordering;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use limit::Bucket;
use summary::Tallies;

/// Most buckets, and most clients at addresses that are known. Beyond them those that are empty go first, and then the
/// half with the fewest refusals, or whose client was not there for the longest time.
const MOST_KEPT: usize = 65_536;
/// For so many seconds a client is known at an address after it proved who it is.
const KNOWN_FOR: i64 = 3_600;

/// Why somebody was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Who asked didn't prove who they are.
    Unproven,
    /// The client has no such right.
    Denied,
    /// A rule says no.
    Refused,
    /// A quota is used up.
    Quota,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Address(IpAddr),
    Claimed(String, IpAddr),
    Client(String, IpAddr),
}

#[derive(Debug, Default)]
struct State {
    buckets: HashMap<Key, Bucket>,
    /// When clients proved last who they are, by address.
    known: HashMap<(String, IpAddr), i64>,
    tallies: Tallies,
}

/// Who is refused how often.
#[derive(Debug)]
pub struct Refusals {
    most: u32,
    state: Mutex<State>,
}

impl Refusals {
    /// So many a minute are answered; 0: as many as come.
    pub(crate) fn new(most: u32) -> Self {
        Self { most, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Programs on this machine are not limited.
    fn is_exempt(&self, source: IpAddr) -> bool {
        self.most == 0 || source.to_canonical().is_loopback()
    }

    /// Whether a request is looked at, that comes in the name of this client, if of any; else the seconds to wait.
    ///
    /// # Errors
    /// The seconds to wait.
    pub fn may_ask(
        &self,
        (claimed, source): (Option<&str>, IpAddr),
        now: Timestamp,
    ) -> Result<(), u32> {
        if self.is_exempt(source) {
            return Ok(());
        }
        let (network, now) = (limit::network(source), now.as_second());
        let mut state = self.state();
        let key = match claimed.filter(|client| state.is_known((client, network), now)) {
            Some(client) => Key::Claimed(client.to_owned(), network),
            None => Key::Address(network),
        };
        match limit::wait(state.buckets.get(&key).copied(), self.most, now) {
            None => Ok(()),
            Some(seconds) => {
                state.tallies.slowed("", source);
                Err(seconds)
            }
        }
    }

    /// Whether a client that proved who it is is served at this address.
    ///
    /// # Errors
    /// The seconds to wait.
    pub fn may_use(&self, (client, source): (&str, IpAddr), now: Timestamp) -> Result<(), u32> {
        if self.is_exempt(source) {
            return Ok(());
        }
        let (network, now) = (limit::network(source), now.as_second());
        let mut state = self.state();
        state.note_known((client, network), now);
        let key = Key::Client(client.to_owned(), network);
        match limit::wait(state.buckets.get(&key).copied(), self.most, now) {
            None => Ok(()),
            Some(seconds) => {
                state.tallies.slowed(client, source);
                Err(seconds)
            }
        }
    }

    /// Counts that somebody didn't prove to be the client in whose name they asked, if in any.
    pub fn note_unproven(&self, (claimed, source): (Option<&str>, IpAddr), now: Timestamp) {
        if self.is_exempt(source) {
            return;
        }
        let (network, now) = (limit::network(source), now.as_second());
        let mut state = self.state();
        state.take(Key::Address(network), (self.most, now));
        if let Some(client) = claimed.filter(|client| state.is_known((client, network), now)) {
            state.take(Key::Claimed(client.to_owned(), network), (self.most, now));
        }
        state.tallies.refused(("", source), Why::Unproven);
    }

    /// Counts that a client was refused that proved who it is.
    pub fn note(&self, (client, source): (&str, IpAddr), why: Why, now: Timestamp) {
        if self.is_exempt(source) {
            return;
        }
        let mut state = self.state();
        let key = Key::Client(client.to_owned(), limit::network(source));
        state.take(key, (self.most, now.as_second()));
        state.tallies.refused((client, source), why);
    }
}

impl State {
    fn is_known(&self, (client, network): (&str, IpAddr), now: i64) -> bool {
        let known = self.known.get(&(client.to_owned(), network));
        known.is_some_and(|at| now.saturating_sub(*at) < KNOWN_FOR)
    }

    fn note_known(&mut self, (client, network): (&str, IpAddr), now: i64) {
        let key = (client.to_owned(), network);
        if self.known.len() >= MOST_KEPT && !self.known.contains_key(&key) {
            self.known.retain(|_, at| now.saturating_sub(*at) < KNOWN_FOR);
            if self.known.len() >= MOST_KEPT {
                forget_half(&mut self.known, |at| *at);
            }
        }
        self.known.insert(key, now);
    }

    fn take(&mut self, key: Key, (most, now): (u32, i64)) {
        if self.buckets.len() >= MOST_KEPT && !self.buckets.contains_key(&key) {
            self.buckets.retain(|_, bucket| !limit::is_empty(*bucket, most, now));
            if self.buckets.len() >= MOST_KEPT {
                forget_half(&mut self.buckets, |bucket| limit::spent(Some(*bucket), most, now));
            }
        }
        let before = self.buckets.get(&key).copied();
        self.buckets.insert(key, limit::refused(before, most, now));
    }
}

/// Takes out the half that weighs least. Whoever comes from ever new addresses, with a refusal at each, pushes out what
/// came before in the same way, and nobody who is slowed.
fn forget_half<K, V>(all: &mut HashMap<K, V>, weight: impl Fn(&V) -> i64) {
    let mut weights: Vec<i64> = all.values().map(&weight).collect();
    let half = weights.len() / 2;
    if half == 0 {
        return;
    }
    let (below, middle, _) = weights.select_nth_unstable(half);
    let middle = *middle;
    let mut even = half - below.iter().filter(|one| **one < middle).count();
    all.retain(|_, value| match weight(value).cmp(&middle) {
        Ordering::Less => false,
        Ordering::Equal if even > 0 => {
            even -= 1;
            false
        }
        Ordering::Equal | Ordering::Greater => true,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "198.51.100.1";
    const THERE: &str = "203.0.113.9";

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_796_000_000 + seconds).unwrap()
    }

    fn from(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn who_does_not_prove_anything_is_slowed_and_others_are_not() {
        let refusals = Refusals::new(3);
        for _ in 0..3 {
            assert_eq!(refusals.may_ask((None, from(HERE)), at(0)), Ok(()));
            refusals.note_unproven((None, from(HERE)), at(0));
        }
        assert_eq!(refusals.may_ask((None, from(HERE)), at(0)), Err(20));
        assert_eq!(refusals.may_ask((None, from(HERE)), at(20)), Ok(()), "and after that is heard");
        assert_eq!(refusals.may_ask((None, from(THERE)), at(0)), Ok(()));
        assert_eq!(refusals.may_ask((None, from("127.0.0.1")), at(0)), Ok(()));
    }

    /// A stranger who sends in a client's name slows nobody but the own address.
    #[test]
    fn a_stranger_locks_no_client_out() {
        let refusals = Refusals::new(3);
        assert_eq!(refusals.may_use(("c1", from(HERE)), at(0)), Ok(()));
        for _ in 0..100 {
            refusals.note_unproven((Some("c1"), from(THERE)), at(0));
        }
        assert!(refusals.may_ask((Some("c1"), from(THERE)), at(0)).is_err());
        assert_eq!(refusals.may_ask((Some("c1"), from(HERE)), at(0)), Ok(()));
        assert_eq!(refusals.may_use(("c1", from(HERE)), at(0)), Ok(()));
        // Also behind one address: a client that is known there goes on beside a program that is broken.
        assert_eq!(refusals.may_use(("c2", from(THERE)), at(0)), Ok(()));
        assert_eq!(refusals.may_ask((Some("c2"), from(THERE)), at(0)), Ok(()));
        assert!(
            refusals.may_ask((Some("c3"), from(THERE)), at(0)).is_err(),
            "that one isn't known"
        );
        for _ in 0..3 {
            refusals.note_unproven((Some("c2"), from(THERE)), at(0));
        }
        assert!(refusals.may_ask((Some("c2"), from(THERE)), at(0)).is_err(), "now it is guessed");
    }

    #[test]
    fn a_client_that_is_refused_is_slowed_where_it_is_and_nowhere_else() {
        let refusals = Refusals::new(3);
        for _ in 0..3 {
            assert_eq!(refusals.may_use(("c1", from(HERE)), at(0)), Ok(()));
            refusals.note(("c1", from(HERE)), Why::Quota, at(0));
        }
        assert_eq!(refusals.may_use(("c1", from(HERE)), at(0)), Err(20));
        assert_eq!(refusals.may_use(("c1", from(THERE)), at(0)), Ok(()));
        assert_eq!(refusals.may_use(("c2", from(HERE)), at(0)), Ok(()));
        assert_eq!(refusals.may_use(("c1", from(HERE)), at(20)), Ok(()));
        let open = Refusals::new(0);
        for _ in 0..1_000 {
            open.note(("c1", from(HERE)), Why::Denied, at(0));
        }
        assert_eq!(open.may_use(("c1", from(HERE)), at(0)), Ok(()));
    }

    /// One subscriber of IPv6 with many networks, a refusal from each, makes nobody be forgotten who is slowed.
    #[test]
    fn a_flood_of_addresses_frees_nobody() {
        let refusals = Refusals::new(3);
        for _ in 0..3 {
            refusals.note_unproven((None, from(HERE)), at(0));
            refusals.note(("c1", from(THERE)), Why::Denied, at(0));
        }
        for number in 0..u128::try_from(MOST_KEPT).unwrap() * 2 {
            let source = (0x2001_0db8_0000 << 80) + (number << 64);
            refusals.note_unproven((None, IpAddr::V6(source.into())), at(0));
        }
        assert!(refusals.state().buckets.len() <= MOST_KEPT);
        assert!(refusals.may_ask((None, from(HERE)), at(0)).is_err());
        assert!(refusals.may_use(("c1", from(THERE)), at(0)).is_err());
    }

    #[test]
    fn the_half_that_weighs_least_is_forgotten_and_no_more() {
        for (weights, left) in [
            (vec![], vec![]),
            (vec![7], vec![7]),
            (vec![5, 5], vec![5]),
            (vec![1, 9, 5, 5, 5], vec![5, 5, 9]),
            (vec![4, 3, 2, 1], vec![3, 4]),
        ] {
            let mut all: HashMap<usize, i64> = weights.into_iter().enumerate().collect();
            forget_half(&mut all, |weight| *weight);
            let mut found: Vec<_> = all.into_values().collect();
            found.sort_unstable();
            assert_eq!(found, left);
        }
    }

    #[test]
    fn memory_stays_bounded() {
        let refusals = Refusals::new(60);
        for number in 0..=u32::try_from(MOST_KEPT).unwrap() {
            let source = IpAddr::V4((0x0a00_0000 + number).into());
            refusals.note_unproven((None, source), at(0));
            assert_eq!(refusals.may_use(("c", source), at(0)), Ok(()));
        }
        let state = refusals.state();
        assert!(state.buckets.len() <= MOST_KEPT && state.known.len() <= MOST_KEPT);
    }
}
