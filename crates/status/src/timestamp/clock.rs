//! Whether it is sure what time it is. Pure: both clocks and what outside sources said are
//! arguments.
//!
//! Two clocks run side by side: the wall clock, which may be set, and a steady one, which only
//! goes on. A baseline holds both of one moment; as long as they advance alike, the wall clock
//! was not stepped. A comparison with an outside source makes a new baseline.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

/// Both clocks at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// What time it is said to be.
    pub wall: Timestamp,
    /// Since some moment before, of a clock that is never set.
    pub steady: SignedDuration,
}

/// What an outside source said of our clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// True time less our time, as far as the source can tell.
    pub offset: SignedDuration,
    /// How far the source may be wrong about it, in either direction.
    pub error: SignedDuration,
    /// Who said so, for people.
    pub with: String,
}

/// What is demanded of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockPolicy {
    /// The accuracy that tokens claim; with it an outside source must vouch for the clock. `None`:
    /// there is no such source, and tokens claim nothing.
    pub accuracy: Option<SignedDuration>,
    /// How long a comparison counts.
    pub term: SignedDuration,
    /// How far the clocks may come apart before it counts as a step.
    pub step: SignedDuration,
    /// Without an outside source: how long the clocks must have run alike after a step.
    pub settle: SignedDuration,
    /// How far a clock that is left alone may drift, in millionths.
    pub drift: i32,
}

impl Default for ClockPolicy {
    /// No outside source; fifteen minutes, 200 ms, one minute, 100 ppm.
    fn default() -> Self {
        Self {
            accuracy: None,
            term: SignedDuration::from_mins(15),
            step: SignedDuration::from_millis(200),
            settle: SignedDuration::from_mins(1),
            drift: 100,
        }
    }
}

/// Why the time is not sure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// No outside source has said anything yet.
    NotCompared,
    /// The last comparison is too old.
    OldComparison {
        /// Its age.
        age: SignedDuration,
    },
    /// The clock may be further off than tokens would claim.
    Inexact {
        /// How far, at most.
        bound: SignedDuration,
    },
    /// The clock was set.
    Stepped {
        /// By how much.
        by: SignedDuration,
    },
    /// A token was issued at a later time than it is now.
    WentBack {
        /// That time.
        last: Timestamp,
    },
}

impl Doubt {
    /// The word of the journal and of figures.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotCompared => "not_compared",
            Self::OldComparison { .. } => "old_comparison",
            Self::Inexact { .. } => "inexact",
            Self::Stepped { .. } => "stepped",
            Self::WentBack { .. } => "went_back",
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotCompared => f.write_str("尚未与外部时间源比对成功；请检查时间源地址和网络"),
            Self::OldComparison { age } => {
                write!(f, "已有 {} 秒没有与外部时间源比对成功；请检查时间源和网络", age.as_secs())
            }
            Self::Inexact { bound } => write!(
                f,
                "与外部时间源相差可能达 {} 毫秒，超过所声明的精度；请校准系统时钟",
                bound.as_millis()
            ),
            Self::Stepped { by } => write!(
                f,
                "系统时钟被拨动了 {} 毫秒；与时间源比对成功或稳定运行后自动恢复",
                by.as_millis()
            ),
            Self::WentBack { last } => {
                write!(f, "系统时钟早于最后一个时间戳（{last}）；请校准系统时钟")
            }
        }
    }
}

/// What is known of the clock so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockState {
    baseline: Moment,
    /// The last look.
    seen: Moment,
    /// Since when, by the steady clock, no step was seen between two looks.
    even_since: SignedDuration,
    compared: Option<(SignedDuration, Comparison)>,
    last: Timestamp,
    steps: u32,
}

impl ClockState {
    /// From here on. `last` is the time of the last token that was ever issued.
    pub fn begun(at: Moment, last: Timestamp) -> Self {
        Self { baseline: at, seen: at, even_since: at.steady, compared: None, last, steps: 0 }
    }

    /// Whether a token may say that it is `at.wall`.
    ///
    /// # Errors
    /// Why it may not.
    pub fn judge(&self, policy: &ClockPolicy, at: Moment) -> Result<(), Doubt> {
        if self.last.duration_since(at.wall) > policy.step {
            return Err(Doubt::WentBack { last: self.last });
        }
        let by = apart(self.baseline, at);
        if by.abs() > policy.step {
            return Err(Doubt::Stepped { by });
        }
        match policy.accuracy {
            Some(accuracy) => self.is_vouched_for(policy, accuracy, at),
            None => Ok(()),
        }
    }

    fn is_vouched_for(
        &self,
        policy: &ClockPolicy,
        accuracy: SignedDuration,
        at: Moment,
    ) -> Result<(), Doubt> {
        let (when, comparison) = self.compared.as_ref().ok_or(Doubt::NotCompared)?;
        let age = at.steady.saturating_sub(*when);
        if age > policy.term {
            return Err(Doubt::OldComparison { age });
        }
        let drift = age.saturating_mul(policy.drift) / 1_000_000;
        let bound = comparison.offset.abs().saturating_add(comparison.error).saturating_add(drift);
        if bound > accuracy { Err(Doubt::Inexact { bound }) } else { Ok(()) }
    }

    /// A look at both clocks, now and then. Without an outside source, clocks that ran alike for
    /// long enough after a step are believed again: nobody else could say which time is right.
    #[must_use]
    pub fn seen(mut self, policy: &ClockPolicy, at: Moment) -> Self {
        if apart(self.seen, at).abs() > policy.step {
            self.even_since = at.steady;
            self.steps = self.steps.saturating_add(1);
        }
        self.seen = at;
        let is_stepped = apart(self.baseline, at).abs() > policy.step;
        let is_settled = at.steady.saturating_sub(self.even_since) >= policy.settle;
        if policy.accuracy.is_none() && is_stepped && is_settled {
            self.baseline = at;
        }
        self
    }

    /// An outside source was asked at `at`.
    #[must_use]
    pub fn compared(mut self, at: Moment, comparison: Comparison) -> Self {
        self.baseline = at;
        self.seen = at;
        self.compared = Some((at.steady, comparison));
        self
    }

    /// A token of this time was issued, here or elsewhere.
    #[must_use]
    pub fn issued(mut self, at: Timestamp) -> Self {
        self.last = self.last.max(at);
        self
    }

    /// The last comparison and its age.
    pub fn comparison(&self, at: Moment) -> Option<(&Comparison, SignedDuration)> {
        let (when, comparison) = self.compared.as_ref()?;
        Some((comparison, at.steady.saturating_sub(*when)))
    }

    /// The time of the last token that was ever issued.
    pub const fn last(&self) -> Timestamp {
        self.last
    }

    /// How often the wall clock was seen to be set.
    pub const fn steps(&self) -> u32 {
        self.steps
    }
}

/// How far the wall clock went ahead of the steady one between two moments.
fn apart(from: Moment, to: Moment) -> SignedDuration {
    let wall = to.wall.duration_since(from.wall);
    wall.saturating_sub(to.steady.saturating_sub(from.steady))
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: ClockPolicy = ClockPolicy {
        accuracy: Some(SignedDuration::from_secs(1)),
        term: SignedDuration::from_secs(900),
        step: SignedDuration::from_millis(200),
        settle: SignedDuration::from_secs(60),
        drift: 100,
    };
    const ALONE: ClockPolicy = ClockPolicy { accuracy: None, ..POLICY };

    /// Wall and steady clock, milliseconds after the beginning.
    fn at(wall: i64, steady: i64) -> Moment {
        let begin: Timestamp = "2026-11-22T04:00:00Z".parse().unwrap();
        Moment {
            wall: begin.checked_add(SignedDuration::from_millis(wall)).unwrap(),
            steady: SignedDuration::from_millis(steady),
        }
    }

    fn begun() -> ClockState {
        ClockState::begun(at(0, 0), Timestamp::UNIX_EPOCH)
    }

    fn says(offset: i64, error: i64) -> Comparison {
        Comparison {
            offset: SignedDuration::from_millis(offset),
            error: SignedDuration::from_millis(error),
            with: "源".to_owned(),
        }
    }

    #[test]
    fn a_claimed_accuracy_needs_a_comparison_within_its_term() {
        assert_eq!(begun().judge(&POLICY, at(0, 0)), Err(Doubt::NotCompared));
        assert_eq!(begun().judge(&ALONE, at(0, 0)), Ok(()));
        let state = begun().compared(at(0, 0), says(10, 20));
        assert_eq!(state.judge(&POLICY, at(900_000, 900_000)), Ok(()));
        let late = state.judge(&POLICY, at(900_001, 900_001));
        assert!(matches!(late, Err(Doubt::OldComparison { .. })), "{late:?}");
    }

    #[test]
    fn offset_error_and_drift_together_stay_within_the_accuracy() {
        let judged = |offset, error, age: i64| {
            begun().compared(at(0, 0), says(offset, error)).judge(&POLICY, at(age, age))
        };
        assert_eq!(judged(500, 500, 0), Ok(()));
        assert_eq!(judged(-500, 500, 0), Ok(()), "the direction is no matter");
        assert!(matches!(judged(-501, 500, 0), Err(Doubt::Inexact { .. })));
        // 100 ppm of 100 s are 10 ms.
        assert_eq!(judged(490, 500, 100_000), Ok(()));
        assert!(matches!(judged(491, 500, 100_000), Err(Doubt::Inexact { .. })));
    }

    #[test]
    fn a_step_of_the_wall_clock_is_doubted_until_the_next_comparison() {
        let state = begun().compared(at(0, 0), says(0, 5));
        assert_eq!(state.judge(&POLICY, at(10_200, 10_000)), Ok(()));
        for wall in [10_201, 9_799, 3_600_000] {
            let judged = state.judge(&POLICY, at(wall, 10_000));
            assert!(matches!(judged, Err(Doubt::Stepped { .. })), "{wall} {judged:?}");
        }
        let waited = state.seen(&POLICY, at(20_000, 10_000)).seen(&POLICY, at(200_000, 190_000));
        assert!(
            waited.judge(&POLICY, at(200_000, 190_000)).is_err(),
            "waiting alone helps nothing"
        );
        let again = waited.compared(at(200_000, 190_000), says(0, 5));
        assert_eq!(again.judge(&POLICY, at(201_000, 191_000)), Ok(()));
    }

    #[test]
    fn without_a_source_a_stepped_clock_is_believed_after_running_evenly() {
        let mut state = begun().seen(&ALONE, at(5_000, 0));
        assert!(state.judge(&ALONE, at(5_000, 0)).is_err());
        assert_eq!(state.steps(), 1);
        for second in 1..60 {
            let now = at(5_000 + second * 1_000, second * 1_000);
            state = state.seen(&ALONE, now);
            assert!(state.judge(&ALONE, now).is_err(), "{second}");
        }
        let now = at(65_000, 60_000);
        state = state.seen(&ALONE, now);
        assert_eq!(state.judge(&ALONE, now), Ok(()));
    }

    #[test]
    fn many_small_steps_are_a_step() {
        let mut state = begun();
        for second in 1..=3 {
            state = state.seen(&ALONE, at(second * 1_100, second * 1_000));
        }
        assert!(matches!(state.judge(&ALONE, at(3_300, 3_000)), Err(Doubt::Stepped { .. })));
    }

    #[test]
    fn no_token_is_older_than_one_that_was_issued_before() {
        let last = at(60_000, 0).wall;
        let restarted = ClockState::begun(at(0, 0), last);
        let judged = restarted.judge(&ALONE, at(0, 0));
        assert_eq!(judged, Err(Doubt::WentBack { last }), "after a restart too");
        assert_eq!(restarted.judge(&ALONE, at(59_800, 59_800)), Ok(()), "within a step");
        let state = begun().issued(at(70_000, 0).wall).issued(at(60_000, 0).wall);
        let last = at(70_000, 0).wall;
        assert_eq!(state.judge(&ALONE, at(0, 0)), Err(Doubt::WentBack { last }));
    }
}
