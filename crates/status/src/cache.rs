//! Signed answers that may be sent again.
//!
//! Two generations: what is asked for moves to the young one; when that is full it becomes
//! the old one, and what was old and not asked for again is gone. So memory is bounded and
//! every step takes constant time. An answer is in one of them only. What may never be sent again
//! goes with [`Cache::retain`], so that its place is free for another.
//!
//! A change of status must win over an answer that is being signed at the same moment from
//! the row before the change. Therefore an answer is kept only if no change to its serial was
//! told between [`Cache::stamp`], taken before the row is read, and [`Cache::keep`].

use std::collections::HashMap;

use pki::Serial;

/// Answers to different CertIDs (digests) of one certificate that are kept.
const FORMS: usize = 8;
/// Changes are remembered by this many classes of serials.
const CLASSES: usize = 1024;

/// Which changes were told so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp(u64);

/// Which changes were told so far, of all serials.
#[derive(Debug)]
pub struct Stamps(Vec<u64>);

impl Stamps {
    /// The stamp of one.
    pub fn of(&self, serial: &Serial) -> Stamp {
        Stamp(self.0.get(class(serial)).copied().unwrap_or_default())
    }
}

type Generation<T> = HashMap<Serial, Vec<(Box<[u8]>, T)>>;

/// The answers that are kept; `T` is what is kept of one.
#[derive(Debug)]
pub struct Cache<T> {
    /// Most answers of one generation.
    half: usize,
    young: Generation<T>,
    young_count: usize,
    old: Generation<T>,
    old_count: usize,
    changes: Vec<u64>,
}

impl<T: Clone> Cache<T> {
    /// Keeps at most `capacity` answers.
    pub fn new(capacity: usize) -> Self {
        Self {
            half: capacity / 2,
            young: HashMap::new(),
            young_count: 0,
            old: HashMap::new(),
            old_count: 0,
            changes: vec![0; CLASSES],
        }
    }

    /// How many answers are kept.
    pub fn len(&self) -> usize {
        self.young_count + self.old_count
    }

    /// The answer to this CertID (its octets).
    pub fn find(&mut self, serial: &Serial, id: &[u8]) -> Option<T> {
        if let Some(kept) = look(&self.young, serial, id) {
            return Some(kept.clone());
        }
        let kept = take(&mut self.old, serial, id)?;
        self.old_count -= 1;
        self.insert(serial, id, kept.clone());
        Some(kept)
    }

    /// Lets go of what is dead. Goes through everything once.
    pub fn retain(&mut self, is_live: impl Fn(&T) -> bool) {
        for (generation, count) in
            [(&mut self.young, &mut self.young_count), (&mut self.old, &mut self.old_count)]
        {
            generation.retain(|_, forms| {
                let before = forms.len();
                forms.retain(|(_, kept)| is_live(kept));
                *count -= before - forms.len();
                !forms.is_empty()
            });
        }
    }

    /// To be taken before the status is read.
    pub fn stamp(&self, serial: &Serial) -> Stamp {
        Stamp(self.changes.get(class(serial)).copied().unwrap_or_default())
    }

    /// The same for all, before many are read.
    pub fn stamps(&self) -> Stamps {
        Stamps(self.changes.clone())
    }

    /// Whether there is a free place for an answer made ahead of time.
    pub fn has_room(&self) -> bool {
        self.len() < self.half
    }

    /// The answer to this CertID, without counting as a question for it.
    pub fn peek(&self, serial: &Serial, id: &[u8]) -> Option<&T> {
        look(&self.young, serial, id).or_else(|| look(&self.old, serial, id))
    }

    /// Keeps an answer that was made ahead of time, unless its certificate changed since the stamp:
    /// in the place of the one before it, or in a free one. What was asked for is never driven
    /// out by it. Whether it has a place.
    pub fn prepare(&mut self, serial: &Serial, id: &[u8], stamp: Stamp, kept: T) -> bool {
        if self.stamp(serial) != stamp {
            return true;
        }
        for generation in [&mut self.young, &mut self.old] {
            let forms = generation.get_mut(serial).into_iter().flatten();
            if let Some((_, place)) = forms.into_iter().find(|(known, _)| **known == *id) {
                *place = kept;
                return true;
            }
        }
        let is_free = self.has_room();
        if is_free {
            self.insert(serial, id, kept);
        }
        is_free
    }

    /// Keeps an answer, unless its certificate changed since the stamp.
    pub fn keep(&mut self, serial: &Serial, id: &[u8], stamp: Stamp, kept: T) {
        if self.stamp(serial) == stamp {
            self.old_count -= usize::from(take(&mut self.old, serial, id).is_some());
            self.insert(serial, id, kept);
        }
    }

    /// A certificate changed: its answers go, under whatever issuer.
    pub fn forget(&mut self, serial: &Serial) {
        if let Some(changes) = self.changes.get_mut(class(serial)) {
            *changes += 1;
        }
        let forget = |generation: &mut Generation<T>, count: &mut usize| {
            *count -= generation.remove(serial).map_or(0, |forms| forms.len());
        };
        forget(&mut self.young, &mut self.young_count);
        forget(&mut self.old, &mut self.old_count);
    }

    /// Everything goes.
    pub fn clear(&mut self) {
        self.changes.iter_mut().for_each(|changes| *changes += 1);
        (self.young, self.young_count) = (HashMap::new(), 0);
        (self.old, self.old_count) = (HashMap::new(), 0);
    }

    /// Into the young generation. The old one has no answer to it.
    fn insert(&mut self, serial: &Serial, id: &[u8], kept: T) {
        if self.half == 0 {
            return;
        }
        if self.young_count >= self.half {
            self.old = std::mem::take(&mut self.young);
            self.old_count = std::mem::take(&mut self.young_count);
        }
        // Most certificates have one form: no room is taken for more.
        let forms = self.young.entry(*serial).or_insert_with(|| Vec::with_capacity(1));
        if let Some((_, place)) = forms.iter_mut().find(|(known, _)| **known == *id) {
            *place = kept;
        } else if forms.len() < FORMS {
            forms.push((id.into(), kept));
            self.young_count += 1;
        }
    }
}

fn look<'a, T>(generation: &'a Generation<T>, serial: &Serial, id: &[u8]) -> Option<&'a T> {
    let forms = generation.get(serial)?;
    forms.iter().find(|(known, _)| **known == *id).map(|(_, kept)| kept)
}

fn take<T>(generation: &mut Generation<T>, serial: &Serial, id: &[u8]) -> Option<T> {
    let forms = generation.get_mut(serial)?;
    let at = forms.iter().position(|(known, _)| **known == *id)?;
    let (_, kept) = forms.swap_remove(at);
    if forms.is_empty() {
        generation.remove(serial);
    }
    Some(kept)
}

/// Serials are random, so their last octets spread well.
fn class(serial: &Serial) -> usize {
    let low = serial.as_bytes().iter().rev().take(2);
    low.fold(0, |sum, octet| sum << 8 | usize::from(*octet)) % CLASSES
}

#[cfg(test)]
mod tests {
    use super::*;

    fn serial(number: u64) -> Serial {
        Serial::from_magnitude(&number.to_be_bytes()).unwrap()
    }

    fn put(cache: &mut Cache<&'static str>, number: u64, id: &[u8], text: &'static str) {
        let stamp = cache.stamp(&serial(number));
        cache.keep(&serial(number), id, stamp, text);
    }

    #[test]
    fn answers_are_found_by_the_octets_of_the_question() {
        let mut cache = Cache::new(10);
        put(&mut cache, 1, b"sha1", "a");
        put(&mut cache, 1, b"sm3", "b");
        assert_eq!(cache.find(&serial(1), b"sha1"), Some("a"));
        assert_eq!(cache.find(&serial(1), b"sm3"), Some("b"));
        assert_eq!(cache.find(&serial(1), b"sha256"), None);
        assert_eq!(cache.find(&serial(2), b"sha1"), None);
    }

    #[test]
    fn a_change_takes_all_forms_out_of_both_generations() {
        let mut cache = Cache::new(4);
        put(&mut cache, 1, b"sha1", "a");
        put(&mut cache, 2, b"sha1", "b");
        put(&mut cache, 1, b"sm3", "c");
        cache.forget(&serial(1));
        assert_eq!(cache.find(&serial(1), b"sha1"), None);
        assert_eq!(cache.find(&serial(1), b"sm3"), None);
        assert_eq!(cache.find(&serial(2), b"sha1"), Some("b"));
    }

    #[test]
    fn an_answer_signed_across_a_change_is_not_kept() {
        let mut cache = Cache::new(10);
        let stamp = cache.stamp(&serial(1));
        cache.forget(&serial(1));
        cache.keep(&serial(1), b"sha1", stamp, "from before the change");
        assert_eq!(cache.find(&serial(1), b"sha1"), None);
        let stamp = cache.stamp(&serial(1));
        cache.clear();
        cache.keep(&serial(1), b"sha1", stamp, "from before the change");
        assert_eq!(cache.len(), 0);
    }

    #[test]
    fn never_more_than_the_capacity_is_kept_and_what_is_asked_for_stays() {
        let mut cache = Cache::new(100);
        for number in 1..=10_000 {
            put(&mut cache, number, b"sha1", "a");
            assert!(cache.len() <= 100);
            assert!(cache.find(&serial(1), b"sha1").is_some(), "{number}");
        }
        assert_eq!(cache.find(&serial(2), b"sha1"), None);
    }

    /// How many answers the two generations hold, counted one by one.
    fn counted(cache: &Cache<&'static str>) -> usize {
        [&cache.young, &cache.old].iter().flat_map(|all| all.values()).map(Vec::len).sum()
    }

    #[test]
    fn whatever_is_done_the_bound_holds_and_the_count_is_right() {
        let (mut cache, mut state) = (Cache::new(64), 1_u64);
        for step in 0..20_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let (number, form) =
                (1 + (state >> 33) % 90, [u8::try_from((state >> 40) % 3).unwrap()]);
            let (serial, text) = (serial(number), if step % 3 == 0 { "dead" } else { "live" });
            match (state >> 50) % 40 {
                0 => cache.forget(&serial),
                1 => cache.retain(|text| *text == "live"),
                2..=12 => drop(cache.find(&serial, &form)),
                13..=25 => {
                    let stamp = cache.stamp(&serial);
                    cache.prepare(&serial, &form, stamp, text);
                }
                _ => put(&mut cache, number, &form, text),
            }
            assert!(cache.young_count <= 32 && cache.old_count <= 32, "{step}");
            assert_eq!(cache.len(), counted(&cache), "{step}");
        }
    }

    #[test]
    fn what_is_asked_for_again_takes_one_place_and_not_two() {
        let mut cache = Cache::new(8);
        for number in 1..=5 {
            put(&mut cache, number, b"sha1", "a");
        }
        assert_eq!((cache.young_count, cache.old_count), (1, 4));
        assert_eq!(cache.find(&serial(1), b"sha1"), Some("a"), "out of the old generation");
        put(&mut cache, 2, b"sha1", "anew");
        assert_eq!((cache.young_count, cache.old_count), (3, 2));
    }

    #[test]
    fn what_is_dead_makes_room_for_answers_made_ahead() {
        let mut cache = Cache::new(8);
        let stamps = cache.stamps();
        for (number, text) in [(1, "dead"), (2, "live"), (3, "dead"), (4, "dead")] {
            assert!(cache.prepare(&serial(number), b"sha1", stamps.of(&serial(number)), text));
        }
        assert!(!cache.prepare(&serial(5), b"sha1", stamps.of(&serial(5)), "live"));
        cache.retain(|text| *text == "live");
        assert_eq!((cache.len(), cache.peek(&serial(2), b"sha1")), (1, Some(&"live")));
        assert!(cache.prepare(&serial(5), b"sha1", stamps.of(&serial(5)), "live"));
    }

    #[test]
    fn answers_made_ahead_fill_free_places_and_drive_nothing_out() {
        let mut cache = Cache::new(8);
        put(&mut cache, 100, b"sha1", "asked for");
        let stamps = cache.stamps();
        let prepare = |cache: &mut Cache<_>, number: u64, text| {
            cache.prepare(&serial(number), b"sha1", stamps.of(&serial(number)), text)
        };
        let placed = (1..=10).filter(|number| prepare(&mut cache, *number, "ahead")).count();
        assert_eq!((placed, cache.len()), (3, 4), "half of the places, less one");
        assert!(prepare(&mut cache, 100, "anew") && prepare(&mut cache, 1, "anew"));
        assert_eq!(cache.peek(&serial(100), b"sha1"), Some(&"anew"));
        assert_eq!(cache.find(&serial(1), b"sha1"), Some("anew"));
        assert_eq!(cache.peek(&serial(9), b"sha1"), None);
    }

    #[test]
    fn an_answer_made_ahead_across_a_change_is_not_kept() {
        let mut cache = Cache::new(10);
        let stamps = cache.stamps();
        cache.forget(&serial(1));
        cache.prepare(&serial(1), b"sha1", stamps.of(&serial(1)), "from before the change");
        assert_eq!(cache.len(), 0);
    }

    #[test]
    fn one_certificate_has_a_bounded_number_of_forms() {
        let mut cache = Cache::new(1000);
        for form in 0..100_u8 {
            put(&mut cache, 1, &[form], "a");
        }
        assert_eq!(cache.len(), FORMS);
        let mut none = Cache::new(0);
        put(&mut none, 1, b"sha1", "a");
        assert_eq!(none.len(), 0);
    }
}
