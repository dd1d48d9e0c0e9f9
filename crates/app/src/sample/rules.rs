//! The draw and what comes of a certificate. Pure: whoever has the journal gets the same (T-20).

use std::collections::BinaryHeap;

use gm::sm3;

use super::model::{Entry, Fault, Origin, Verdict};
use super::settings::SampleSettings;

/// The seed of a draw: SM3 of what nobody could know before the week was over.
pub(super) fn seed((origin, week): (&str, &str), (size, root): (u64, &str)) -> [u8; 32] {
    let text = format!("{}\n{origin}\n{week}\n{size}\n{root}\n", super::FORMAT);
    sm3::hash(text.as_bytes()).0
}

/// The score of a certificate: the lowest ones are drawn.
pub(super) fn score(seed: &[u8; 32], leaf: &[u8; 32]) -> [u8; 32] {
    let mut octets = [0; 64];
    let (first, second) = octets.split_at_mut(32);
    first.copy_from_slice(seed);
    second.copy_from_slice(leaf);
    sm3::hash(&octets).0
}

/// How many are drawn out of so many.
pub(super) fn size(settings: SampleSettings, population: u64) -> u64 {
    let share = population.saturating_mul(settings.per_mille).div_ceil(1_000);
    share.max(settings.least).min(settings.most).min(population)
}

/// A record that was drawn: its score first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Drawn {
    pub score: [u8; 32],
    pub seq: u64,
}

/// Keeps the lowest scores of as many certificates as pass by.
#[derive(Debug)]
pub(super) struct Urn {
    most: usize,
    population: u64,
    lowest: BinaryHeap<Drawn>,
}

impl Urn {
    pub fn new(settings: SampleSettings) -> Self {
        let most = usize::try_from(settings.most).unwrap_or(usize::MAX);
        Self { most, population: 0, lowest: BinaryHeap::new() }
    }

    pub fn put(&mut self, one: Drawn) {
        self.population = self.population.saturating_add(1);
        self.lowest.push(one);
        if self.lowest.len() > self.most {
            self.lowest.pop();
        }
    }

    /// How many passed by, and those that are drawn, the lowest score first.
    pub fn drawn(self, settings: SampleSettings) -> (u64, Vec<Drawn>) {
        let count = usize::try_from(size(settings, self.population)).unwrap_or(usize::MAX);
        let mut drawn = self.lowest.into_sorted_vec();
        drawn.truncate(count);
        (self.population, drawn)
    }
}

/// From whom an order came, by its record and by what led to it. A client names its request as it likes, so the name
/// says nothing of what a client ordered.
pub(super) fn origin(
    role: &str,
    request: &str,
    ordered_by: Option<&str>,
    is_applied: bool,
) -> Origin {
    let is_of_client = ordered_by.is_some_and(|actor| actor.starts_with("client:"));
    match role {
        _ if is_of_client => Origin::Client,
        "ca" | "service" => Origin::Institution,
        _ if request.starts_with("signing:") && ordered_by == Some("system") => Origin::Signing,
        _ if is_applied || request.starts_with("ra-") => Origin::Application,
        _ => Origin::Unknown,
    }
}

/// What an entry comes to: the worst goes first.
pub(super) fn verdict(entry: &Entry) -> Verdict {
    let is_example = |fault: &Fault| fault.code == super::model::EXAMPLE_POLICY;
    match entry.origin {
        _ if entry.faults.iter().any(|fault| !is_example(fault)) => Verdict::Faulty,
        _ if !entry.unjudged.is_empty() => Verdict::Unjudged,
        _ if !entry.faults.is_empty() => Verdict::ExamplePolicy,
        Origin::Client => Verdict::NoEvidence,
        Origin::Institution | Origin::Signing => Verdict::Own,
        Origin::Application => Verdict::Backed,
        // Nobody knows where it came from: `judge` names that as a fault.
        Origin::Unknown => Verdict::Faulty,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_all_of_few_a_share_of_many_and_has_an_end() {
        let usual = SampleSettings::default();
        for (population, drawn) in [
            (0, 0),
            (1, 1),
            (20, 20),
            (21, 20),
            (2_000, 20),
            (2_001, 21),
            (50_000, 500),
            (1_000_000, 1_000),
            (u64::MAX, 1_000),
        ] {
            assert_eq!(size(usual, population), drawn, "{population}");
        }
    }

    fn urn(order: &[u64], settings: SampleSettings, seed: &[u8; 32]) -> (u64, Vec<Drawn>) {
        let mut urn = Urn::new(settings);
        for seq in order {
            let leaf = sm3::hash(&seq.to_be_bytes()).0;
            urn.put(Drawn { score: score(seed, &leaf), seq: *seq });
        }
        urn.drawn(settings)
    }

    #[test]
    fn the_same_seed_draws_the_same_in_any_order_and_another_seed_draws_others() {
        let settings = SampleSettings::default();
        let all: Vec<u64> = (0..1_500).collect();
        let back: Vec<u64> = all.iter().rev().copied().collect();
        let (one, other) = (seed(("a", "w"), (9, "00")), seed(("a", "w"), (9, "01")));
        let (population, drawn) = urn(&all, settings, &one);
        assert_eq!((population, drawn.len()), (1_500, 20));
        assert_eq!(urn(&back, settings, &one).1, drawn);
        assert_ne!(urn(&all, settings, &other).1, drawn);
        // Those and no others have the lowest scores of all.
        let mut scores: Vec<_> =
            all.iter().map(|seq| score(&one, &sm3::hash(&seq.to_be_bytes()).0)).collect();
        scores.sort_unstable();
        let lowest: Vec<_> = drawn.iter().map(|drawn| drawn.score).collect();
        assert_eq!(lowest, scores[..20]);
    }

    #[test]
    fn every_certificate_is_drawn_as_often_as_any_other() {
        let settings = SampleSettings::default();
        let all: Vec<u64> = (0..100).collect();
        let mut times = [0_u32; 100];
        for week in 0..500_u64 {
            let seed = seed(("a", "w"), (week, ""));
            for drawn in urn(&all, settings, &seed).1 {
                times[usize::try_from(drawn.seq).unwrap()] += 1;
            }
        }
        // 500 draws of 20 of 100: each 100 times, with a deviation of nine.
        assert!(times.iter().all(|times| (55..=145).contains(times)), "{times:?}");
    }

    #[test]
    fn what_a_client_ordered_is_the_clients_whatever_it_called_it() {
        let client = Some("client:0a");
        for request in ["r-1", "ra-0a-1", "signing:1", "ceremony:x:ocsp"] {
            assert_eq!(origin("sign", request, client, false), Origin::Client, "{request}");
            assert_eq!(origin("service", request, client, true), Origin::Client, "{request}");
        }
        let person = Some("applicant:0b");
        assert_eq!(origin("enc", "ra-0a-1", person, true), Origin::Application);
        assert_eq!(origin("enc", "ra-0a-1", None, false), Origin::Application);
        assert_eq!(origin("service", "ocsp:ocsp-2:2026-01-01", None, false), Origin::Institution);
        assert_eq!(origin("sign", "signing:4", Some("system"), false), Origin::Signing);
        assert_eq!(origin("sign", "signing:4", None, false), Origin::Unknown);
        assert_eq!(origin("sign", "x", Some("system"), false), Origin::Unknown);
    }
}
