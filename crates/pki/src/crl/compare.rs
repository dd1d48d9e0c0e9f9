//! Holding a new list against the one before it (incidents T-12 and T-13).
//!
//! Two public CAs lost entries of certificates that were still valid, because the generator
//! forgot them and nothing else looked. This checker reads the two signed lists and asks the
//! records one question only, the end of a certificate's validity. It shares no code with
//! the writer.
//!
//! The rules, for two complete lists of the same scope (RFC 5280 §3.3, §5.2.3):
//! the number grows; time does not run back; no serial twice; an entry leaves only after the
//! certificate expired *and* stood once on a list issued after that, or because a suspension
//! was lifted; a revocation never weakens into a suspension.

use jiff::Timestamp;

use super::{Crl, Reason, RevokedEntry};
use crate::Serial;

/// At most this many serials of one kind are named in a [`Comparison`]; all are counted.
const NAMED: usize = 100;

/// One way in which the new list is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// The issuers differ: the lists are not comparable.
    OtherIssuer,
    /// The scopes differ, or one is a delta: the lists are not comparable.
    OtherScope,
    /// One of the lists has no number, or the number did not grow.
    NumberNotGrown,
    /// `thisUpdate` lies before that of the previous list.
    TimeRunsBack,
    /// `thisUpdate` lies in the future.
    FromTheFuture,
    /// `nextUpdate` is missing or already past.
    Expired,
    /// The new list names a certificate twice.
    Duplicate(Serial),
    /// An entry is gone although the certificate had not expired, or had not yet stood on a
    /// list issued after its end.
    DroppedEarly(Serial),
    /// An entry is gone and the records know no such certificate.
    DroppedUnknown(Serial),
    /// A final revocation became a suspension.
    Weakened(Serial),
}

/// What the comparison found. Sound means: nothing in `differences`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// What is wrong, at most a hundred serials of each kind.
    pub differences: Vec<Difference>,
    /// How many differences there are in all.
    pub count: usize,
    /// Entries that only the new list has.
    pub added: usize,
    /// Entries that left because their certificates expired.
    pub expired: usize,
    /// How many entries left because a suspension was lifted.
    pub released: usize,
    /// The first hundred of the released: the caller holds them against the records.
    pub released_serials: Vec<Serial>,
}

impl Comparison {
    /// Whether the new list may replace the old one.
    pub fn is_sound(&self) -> bool {
        self.count == 0
    }

    fn find(&mut self, difference: Difference) {
        self.count += 1;
        let kind = std::mem::discriminant(&difference);
        let same = |known: &&Difference| std::mem::discriminant(*known) == kind;
        if self.differences.iter().filter(same).count() < NAMED {
            self.differences.push(difference);
        }
    }
}

/// Compares two complete CRLs of one scope, whose signatures the caller has verified.
///
/// `known` answers with the `notAfter` of an issued certificate, or `None` for a serial that
/// was never issued. Sorted lists, as ours are, are walked in place; of a list that is not
/// sorted the entries are copied.
pub fn compare(
    previous: &Crl,
    next: &Crl,
    known: impl Fn(&Serial) -> Option<Timestamp>,
    now: Timestamp,
) -> Comparison {
    let mut found = Comparison::default();
    heads(previous, next, now, &mut found);
    if !comparable(previous, next, &mut found) {
        return found;
    }
    let (mut old, mut new) = (ascending(previous), ascending(next));
    let (mut was, mut is) = (old.next(), new.next());
    while was.is_some() || is.is_some() {
        match (was, is) {
            (Some(a), b) if b.is_none_or(|b| a.serial < b.serial) => {
                gone(&a, previous.this_update(), &known, &mut found);
                was = past(&mut old, a.serial, |_| ());
            }
            (a, Some(b)) => {
                let kept = a.filter(|a| a.serial == b.serial);
                match kept {
                    Some(a) => stayed(&a, &b, &mut found),
                    None => found.added += 1,
                }
                let mut twice = |serial| found.find(Difference::Duplicate(serial));
                is = past(&mut new, b.serial, &mut twice);
                if kept.is_some() {
                    was = past(&mut old, b.serial, |_| ());
                }
            }
            _ => break,
        }
    }
    found
}

/// The next entry with another serial; repetitions are reported.
fn past(
    entries: &mut impl Iterator<Item = RevokedEntry>,
    serial: Serial,
    mut repeated: impl FnMut(Serial),
) -> Option<RevokedEntry> {
    loop {
        let entry = entries.next()?;
        if entry.serial != serial {
            return Some(entry);
        }
        repeated(serial);
    }
}

/// The entries in ascending order of their serials.
pub(super) fn ascending(crl: &Crl) -> Box<dyn Iterator<Item = RevokedEntry> + '_> {
    let entries = crl.entries().map(|entry| entry.revoked);
    if crl.is_sorted() {
        return Box::new(entries);
    }
    let mut copied: Vec<RevokedEntry> = entries.collect();
    copied.sort_by_key(|entry| entry.serial);
    Box::new(copied.into_iter())
}

fn comparable(previous: &Crl, next: &Crl, found: &mut Comparison) -> bool {
    if previous.issuer() != next.issuer() {
        found.find(Difference::OtherIssuer);
        return false;
    }
    let delta = previous.base().is_some() || next.base().is_some();
    if delta || previous.scope() != next.scope() {
        found.find(Difference::OtherScope);
        return false;
    }
    true
}

fn heads(previous: &Crl, next: &Crl, now: Timestamp, found: &mut Comparison) {
    if !matches!((previous.number(), next.number()), (Some(old), Some(new)) if old < new) {
        found.find(Difference::NumberNotGrown);
    }
    if next.this_update() < previous.this_update() {
        found.find(Difference::TimeRunsBack);
    }
    if next.this_update() > now {
        found.find(Difference::FromTheFuture);
    }
    if next.next_update().is_none_or(|end| end <= now) {
        found.find(Difference::Expired);
    }
}

/// An entry of the previous list is not in the new one.
fn gone(
    entry: &RevokedEntry,
    previous_update: Timestamp,
    known: &impl Fn(&Serial) -> Option<Timestamp>,
    found: &mut Comparison,
) {
    match known(&entry.serial) {
        // RFC 5280 §3.3: on one list issued after the end of validity, which the previous was.
        Some(end) if end < previous_update => found.expired += 1,
        Some(_) if entry.reason == Reason::CertificateHold => {
            found.released += 1;
            if found.released_serials.len() < NAMED {
                found.released_serials.push(entry.serial);
            }
        }
        Some(_) => found.find(Difference::DroppedEarly(entry.serial)),
        None => found.find(Difference::DroppedUnknown(entry.serial)),
    }
}

fn stayed(was: &RevokedEntry, is: &RevokedEntry, found: &mut Comparison) {
    let suspended = |entry: &RevokedEntry| entry.reason == Reason::CertificateHold;
    if !suspended(was) && suspended(is) {
        found.find(Difference::Weakened(is.serial));
    }
}
