//! Lists held against the lists before them.

use jiff::Timestamp;
use pki::crl::{Comparison, Crl, Difference, Kind, Mismatch, Params, Reason, RevokedEntry, Scope};
use pki::crl::{compare, compose};

use crate::crl::{entry, list, params};
use crate::world::{self, Person, hours, now, serial};

const KEY: Reason = Reason::KeyCompromise;

struct Case {
    authority: Person,
}

impl Case {
    fn new() -> Self {
        Self { authority: world::authority("列表机构") }
    }

    fn list(&self, number: u64, at: i64, entries: &[RevokedEntry]) -> Crl {
        let params = Params {
            number,
            this_update: hours(at),
            next_update: hours(at + 24),
            ..params(&self.authority)
        };
        list(&self.authority, &params, entries.iter().copied())
    }
}

/// Certificate `n` ends `n` hours from now; numbers from 1000 on were never issued.
fn known(wanted: &pki::Serial) -> Option<Timestamp> {
    (1..1000).find(|n| serial(*n) == *wanted).map(|n| hours(i64::try_from(n).unwrap()))
}

fn of(previous: &Crl, next: &Crl, at: i64) -> Comparison {
    compare(previous, next, known, hours(at))
}

#[test]
fn a_list_that_only_grew_is_sound() {
    let case = Case::new();
    let old = case.list(1, -1, &[entry(5, KEY)]);
    let new = case.list(2, 0, &[entry(4, KEY), entry(5, KEY), entry(6, KEY)]);
    let found = of(&old, &new, 0);
    assert!(found.is_sound(), "{found:?}");
    assert_eq!((found.added, found.expired, found.released), (2, 0, 0));
}

/// T-12: an entry leaves only after it stood on a list issued after the certificate's end.
#[test]
fn an_entry_stays_until_it_stood_once_on_a_list_after_expiry() {
    let case = Case::new();
    // The certificate ends at hour 5; the previous list is of hour 4, then of hour 6.
    let before_the_end = case.list(1, 4, &[entry(5, KEY)]);
    let after_the_end = case.list(2, 6, &[entry(5, KEY)]);
    let dropped = of(&before_the_end, &case.list(2, 6, &[]), 6);
    assert_eq!(dropped.differences, [Difference::DroppedEarly(serial(5))]);
    let rightly = of(&after_the_end, &case.list(3, 7, &[]), 7);
    assert!(rightly.is_sound(), "{rightly:?}");
    assert_eq!(rightly.expired, 1);
    // Issued in the very second of the end: the certificate was still valid then.
    let at_the_end = case.list(2, 5, &[entry(5, KEY)]);
    assert!(!of(&at_the_end, &case.list(3, 7, &[]), 7).is_sound());
}

/// T-12: the only other way out is the release of a suspension.
#[test]
fn only_a_suspension_may_be_lifted() {
    let case = Case::new();
    let held = case.list(1, -1, &[entry(5, Reason::CertificateHold), entry(6, KEY)]);
    let released = of(&held, &case.list(2, 0, &[entry(6, KEY)]), 0);
    assert!(released.is_sound(), "{released:?}");
    assert_eq!(released.released_serials, [serial(5)]);
    let lost = of(&held, &case.list(2, 0, &[entry(5, KEY)]), 0);
    assert_eq!(lost.differences, [Difference::DroppedEarly(serial(6))]);
    let weakened = case.list(2, 0, &[entry(5, KEY), entry(6, Reason::CertificateHold)]);
    assert_eq!(of(&held, &weakened, 0).differences, [Difference::Weakened(serial(6))]);
}

#[test]
fn an_entry_that_the_records_do_not_know_may_not_vanish() {
    let case = Case::new();
    let old = case.list(1, -1, &[entry(1001, Reason::CertificateHold)]);
    let found = of(&old, &case.list(2, 0, &[]), 0);
    assert_eq!(found.differences, [Difference::DroppedUnknown(serial(1001))]);
}

#[test]
fn numbers_grow_and_time_does_not_run_back() {
    let case = Case::new();
    let old = case.list(2, 0, &[]);
    let next = |number, at| case.list(number, at, &[]);
    assert_eq!(of(&old, &next(2, 1), 1).differences, [Difference::NumberNotGrown]);
    assert_eq!(of(&old, &next(3, -1), 0).differences, [Difference::TimeRunsBack]);
    assert_eq!(of(&old, &next(3, 1), 0).differences, [Difference::FromTheFuture]);
    assert_eq!(of(&old, &next(3, 1), 25).differences, [Difference::Expired]);
    assert!(of(&old, &next(3, 0), 0).is_sound());
}

#[test]
fn lists_of_different_issuers_and_scopes_are_not_comparable() {
    let case = Case::new();
    let old = case.list(1, -1, &[entry(5, KEY)]);
    let other = Case::new();
    let foreign = other.list(2, 0, &[]);
    // Same name, so comparable as lists; whose key signed is for `verify`.
    assert_eq!(of(&old, &foreign, 0).differences, [Difference::DroppedEarly(serial(5))]);
    let renamed = Case { authority: world::authority("另一机构") };
    let renamed = renamed.list(2, 0, &[]);
    assert_eq!(of(&old, &renamed, 0).differences, [Difference::OtherIssuer]);
    let base = params(&case.authority);
    let shard = Params { scope: Some(Scope::shard("http://a.cn/1")), number: 8, ..base.clone() };
    let shard = list(&case.authority, &shard, []);
    assert_eq!(of(&old, &shard, 0).differences, [Difference::OtherScope]);
    let delta = Params { kind: Kind::Delta { base: 1 }, ..base };
    let delta = list(&case.authority, &delta, []);
    assert_eq!(of(&old, &delta, 0).differences, [Difference::OtherScope]);
}

/// T-13: found in lists of others too, in whatever order they stand.
#[test]
fn a_doubled_entry_of_a_foreign_list_is_found() {
    let case = Case::new();
    let old = case.list(1, -1, &[]);
    let new = case.list(2, 0, &[entry(5, KEY), entry(6, KEY), entry(7, KEY)]);
    let mut der = new.der().to_vec();
    let at = der.windows(3).position(|window| window == [2, 1, 7]).unwrap();
    der[at + 2] = 5;
    let doubled = Crl::from_der(der).unwrap();
    assert!(!doubled.is_sorted());
    assert_eq!(of(&old, &doubled, 0).differences, [Difference::Duplicate(serial(5))]);
    // In the previous list a doubled entry is no new fault.
    let next = case.list(3, 0, &[entry(5, KEY), entry(6, KEY)]);
    assert!(of(&doubled, &next, 0).is_sound());
}

#[test]
fn differences_are_counted_beyond_those_that_are_named() {
    let case = Case::new();
    let many: Vec<_> = (1..=300).map(|n| entry(n, KEY)).collect();
    let found = of(&case.list(1, -1, &many), &case.list(2, 0, &[]), 0);
    assert_eq!((found.count, found.differences.len()), (300, 100));
}

#[test]
fn base_and_delta_together_are_the_full_list() {
    let case = Case::new();
    let base_entries = [entry(1, KEY), entry(2, Reason::CertificateHold), entry(4, KEY)];
    let base = case.list(1, -2, &base_entries);
    let full_entries = [entry(1, KEY), entry(3, KEY), entry(4, KEY)];
    let full = case.list(2, 0, &full_entries);
    let delta = |entries: &[RevokedEntry]| {
        let params = Params {
            kind: Kind::Delta { base: 1 },
            number: 2,
            this_update: now(),
            ..params(&case.authority)
        };
        list(&case.authority, &params, entries.iter().copied())
    };
    let nothing_expired = |_: &pki::Serial| false;
    let right = delta(&[entry(2, Reason::RemoveFromCrl), entry(3, KEY)]);
    assert_eq!(compose(&base, &right, &full, nothing_expired), Ok(()));
    let check = |entries: &[RevokedEntry]| compose(&base, &delta(entries), &full, nothing_expired);
    assert_eq!(check(&[entry(3, KEY)]), Err(Mismatch::Excess(serial(2))));
    let removed = entry(2, Reason::RemoveFromCrl);
    assert_eq!(check(&[removed]), Err(Mismatch::Missing(serial(3))));
    let other_reason = entry(3, Reason::Superseded);
    assert_eq!(check(&[removed, other_reason]), Err(Mismatch::Different(serial(3))));
    assert_eq!(compose(&base, &full, &full, nothing_expired), Err(Mismatch::Unrelated));
    // A certificate that expired may leave the full list without a word in the delta.
    let only_two = |wanted: &pki::Serial| *wanted == serial(2);
    assert_eq!(compose(&base, &delta(&[entry(3, KEY)]), &full, only_two), Ok(()));
}
