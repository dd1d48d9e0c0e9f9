//! What was decided and fails each time it is carried out rests between two tries: tried every few seconds for ever, one
//! that can't be done, or a list of ten thousand that is not as it was signed, would hold up what can, and fill the log
//! with what the doctor tells anyway. Calls, which wait for a hold, never rest (Measures Art. 18).

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// Tries in a row before it rests.
const TRIES: u32 = 12;
/// For how long.
const REST: SignedDuration = SignedDuration::from_mins(1);
/// What was not tried for so long is no longer wanted.
const FORGOTTEN: SignedDuration = SignedDuration::from_hours(1);

/// What failed the last time, how often in a row, and when.
#[derive(Debug, Default)]
pub(crate) struct Failing(Mutex<BTreeMap<String, (u32, Timestamp)>>);

impl Failing {
    /// Whether it is not tried just now. A clock that was set back makes nobody wait.
    pub fn rests(&self, name: &str, now: Timestamp) -> bool {
        let failed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        failed.get(name).is_some_and(|(times, last)| {
            let passed = now.duration_since(*last);
            *times >= TRIES && SignedDuration::ZERO <= passed && passed < REST
        })
    }

    /// How a try ended.
    pub fn note(&self, name: &str, is_well: bool, now: Timestamp) {
        let mut failed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        failed.retain(|_, (_, last)| now.duration_since(*last) < FORGOTTEN);
        match is_well {
            true => drop(failed.remove(name)),
            false => {
                let entry = failed.entry(name.to_owned()).or_insert((0, now));
                *entry = (entry.0.saturating_add(1), now);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_each_time_rests_for_a_minute_and_what_goes_well_starts_anew() {
        let at = |seconds: i64| Timestamp::from_second(1_796_000_000 + seconds).unwrap();
        let failing = Failing::default();
        for round in 0..11 {
            failing.note("a", false, at(round * 5));
        }
        assert!(!failing.rests("a", at(55)), "it may have been a short trouble");
        failing.note("a", false, at(55));
        assert!(failing.rests("a", at(55)) && failing.rests("a", at(114)));
        assert!(!failing.rests("b", at(60)), "others go on");
        assert!(!failing.rests("a", at(115)) && !failing.rests("a", at(54)));
        failing.note("a", false, at(115));
        assert!(failing.rests("a", at(120)), "one try in a minute");
        failing.note("a", true, at(175));
        failing.note("a", false, at(180));
        assert!(!failing.rests("a", at(181)));
    }
}
