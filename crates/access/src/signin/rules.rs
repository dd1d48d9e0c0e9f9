//! Pure decisions about failures to sign in.

/// Failures of something, as counted so far. Instants are Unix seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Since `since`.
    pub failures: i64,
    /// When the first of them happened.
    pub since: i64,
    /// When the last of them happened.
    pub last_at: i64,
    /// When somebody last signed in; 0 for never.
    pub succeeded_at: i64,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counted {
    /// A login from one source.
    Pair,
    /// A source, whatever the logins.
    Source,
    /// A login from anywhere.
    Login,
}

impl Counted {
    /// The name in records and indexes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pair => "login_and_source",
            Self::Source => "source",
            Self::Login => "login",
        }
    }

    /// At so many failures something happens.
    pub fn limit(self) -> i64 {
        match self {
            Self::Pair => 5,
            Self::Source => 30,
            Self::Login => 11,
        }
    }

    /// Failures are counted together for so long.
    fn window_seconds(self) -> i64 {
        match self {
            Self::Pair | Self::Source => 15 * MINUTE,
            Self::Login => DAY,
        }
    }

    /// How long nobody may try again after the last of so many failures.
    fn pause_seconds(self, failures: i64) -> i64 {
        let beyond = failures.saturating_sub(self.limit());
        match self {
            _ if beyond < 0 => 0,
            Self::Pair | Self::Source => 15 * MINUTE,
            // 2, 4, 8, 16, 32, 60, 60, …
            Self::Login => MINUTE.min(2 << beyond.min(5)),
        }
    }
}

const MINUTE: i64 = 60;
const DAY: i64 = 24 * 60 * MINUTE;
/// A source from which a login signed in is known for so long.
const KNOWN_SECONDS: i64 = 30 * DAY;
/// No tally means anything after this time.
pub const FORGET_SECONDS: i64 = KNOWN_SECONDS;

/// How many seconds the next attempt has to wait; 0 for none.
pub fn wait_seconds(counted: Counted, tally: Tally, now: i64) -> i64 {
    let pause = counted.pause_seconds(tally.failures);
    tally.last_at.saturating_add(pause).saturating_sub(now).clamp(0, pause)
}

/// The tally with one more failure. A window or a lock that is over starts anew.
pub fn with_failure(counted: Counted, tally: Tally, now: i64) -> Tally {
    let since_first = now.saturating_sub(tally.since);
    let was_locked = counted != Counted::Login && tally.failures >= counted.limit();
    if tally.failures == 0 || since_first >= counted.window_seconds() || was_locked {
        return Tally { failures: 1, since: now, last_at: now, ..tally };
    }
    Tally { failures: tally.failures.saturating_add(1), last_at: now, ..tally }
}

/// The tally after the attempt that was counted as a failure turned out to be none: a pair
/// starts anew and is known, the others take back this one. Failures of a login by others
/// stay counted: its owner's success is no excuse for them.
pub fn with_success(counted: Counted, tally: Tally, now: i64) -> Tally {
    match counted {
        Counted::Pair => Tally { failures: 0, succeeded_at: now, ..tally },
        Counted::Source | Counted::Login => {
            Tally { failures: tally.failures.saturating_sub(1).max(0), ..tally }
        }
    }
}

/// Whether a login signed in from this source not long ago.
pub fn is_known(pair: Tally, now: i64) -> bool {
    pair.succeeded_at > 0 && now.saturating_sub(pair.succeeded_at) < KNOWN_SECONDS
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn after(counted: Counted, failures: usize, every: i64) -> (Tally, i64) {
        let mut tally = Tally::default();
        let mut now = 1_000_000;
        for _ in 0..failures {
            tally = with_failure(counted, tally, now);
            now += every;
        }
        (tally, now - every)
    }

    #[test]
    fn the_fifth_failure_locks_a_pair_for_a_quarter_of_an_hour() {
        let (tally, now) = after(Counted::Pair, 4, 1);
        assert_eq!(wait_seconds(Counted::Pair, tally, now), 0);
        let (tally, now) = after(Counted::Pair, 5, 1);
        assert_eq!(wait_seconds(Counted::Pair, tally, now), 900);
        assert_eq!(wait_seconds(Counted::Pair, tally, now + 899), 1);
        assert_eq!(wait_seconds(Counted::Pair, tally, now + 900), 0);
        assert_eq!(with_failure(Counted::Pair, tally, now + 900).failures, 1);
    }

    #[test]
    fn failures_far_apart_lock_nothing() {
        let (tally, now) = after(Counted::Pair, 50, 400);
        assert_eq!(wait_seconds(Counted::Pair, tally, now), 0);
    }

    #[test]
    fn a_login_waits_longer_with_every_failure_but_never_more_than_a_minute() {
        let waits: Vec<i64> = (10..20)
            .map(|failures| {
                let (tally, now) = after(Counted::Login, failures, 61);
                wait_seconds(Counted::Login, tally, now)
            })
            .collect();
        assert_eq!(waits, [0, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
    }

    #[test]
    fn a_clock_that_went_back_locks_for_no_longer_than_a_lock() {
        let (tally, now) = after(Counted::Pair, 5, 1);
        assert_eq!(wait_seconds(Counted::Pair, tally, now - 1_000_000), 900);
    }

    proptest! {
        #[test]
        fn nothing_is_locked_for_ever(
            gaps in proptest::collection::vec(0_i64..2000, 0..60),
            which in 0_usize..3,
        ) {
            let counted = [Counted::Pair, Counted::Source, Counted::Login][which];
            let (mut tally, mut now) = (Tally::default(), 1_000_000);
            for gap in gaps {
                now += gap;
                tally = with_failure(counted, tally, now);
            }
            prop_assert_eq!(wait_seconds(counted, tally, now + 900), 0);
        }

        #[test]
        fn no_more_than_five_guesses_of_a_pair_in_a_quarter_of_an_hour(
            gaps in proptest::collection::vec(0_i64..400, 1..80),
        ) {
            let (mut tally, mut now) = (Tally::default(), 1_000_000);
            let mut guesses: Vec<i64> = Vec::new();
            for gap in gaps {
                now += gap;
                if wait_seconds(Counted::Pair, tally, now) == 0 {
                    tally = with_failure(Counted::Pair, tally, now);
                    guesses.push(now);
                }
            }
            // A window starts with its first failure: two windows may meet.
            for at in &guesses {
                let near = guesses.iter().filter(|other| (*at..at + 900).contains(other));
                prop_assert!(near.count() <= 9);
            }
        }
    }
}
