//! A week of the reports: Monday 00:00 to Monday 00:00 in Asia/Shanghai.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use law::CivilDate;
use serde::{Deserialize, Serialize};

const DAY_SECONDS: i64 = 86_400;
const DAYS: i32 = 7;
/// 1970-01-01 was a Thursday.
const FIRST_DAY: i64 = 3;

/// A week, by its Monday. `Display` gives ISO 8601.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Week(CivilDate);

impl Week {
    /// The week of an instant.
    #[must_use]
    pub fn of(instant: Timestamp) -> Self {
        Self::with(CivilDate::of(instant))
    }

    /// The week that has this day.
    #[must_use]
    pub fn with(day: CivilDate) -> Self {
        Self(day.plus_days(-weekday(day)))
    }

    /// The Monday.
    #[must_use]
    pub const fn monday(self) -> CivilDate {
        self.0
    }

    /// The Sunday.
    #[must_use]
    pub fn sunday(self) -> CivilDate {
        self.next().0.yesterday()
    }

    /// Its first instant.
    #[must_use]
    pub fn begin(self) -> Timestamp {
        self.0.begin()
    }

    /// The first instant behind it.
    #[must_use]
    pub fn end(self) -> Timestamp {
        self.next().begin()
    }

    /// The week behind it.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.plus_days(DAYS))
    }

    /// The week before it.
    #[must_use]
    pub fn before(self) -> Self {
        Self(self.0.plus_days(-DAYS))
    }
}

/// Days since Monday.
fn weekday(day: CivilDate) -> i32 {
    // The noon of a day in China is the same day everywhere that counts from midnight in UTC.
    let days = day.begin().as_second().saturating_add(DAY_SECONDS / 2).div_euclid(DAY_SECONDS);
    i32::try_from((days + FIRST_DAY).rem_euclid(i64::from(DAYS))).unwrap_or_default()
}

impl fmt::Display for Week {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl FromStr for Week {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let day: CivilDate = text.parse().map_err(|_| "not a day")?;
        if Self::with(day).0 == day { Ok(Self(day)) } else { Err("not a Monday") }
    }
}

impl TryFrom<String> for Week {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Week> for String {
    fn from(week: Week) -> Self {
        week.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_goes_from_monday_to_monday_in_shanghai() {
        let instant = |text: &str| text.parse::<Timestamp>().unwrap();
        // 2026-11-30 is a Monday; its midnight in Shanghai is 16:00 of Sunday in UTC.
        let sunday = Week::of(instant("2026-11-29T15:59:59Z"));
        let monday = Week::of(instant("2026-11-29T16:00:00Z"));
        assert_eq!(
            (sunday.to_string(), monday.to_string()),
            ("2026-11-23".into(), "2026-11-30".into())
        );
        assert_eq!(sunday.next(), monday);
        assert_eq!(monday.before(), sunday);
        assert_eq!(sunday.end(), instant("2026-11-29T16:00:00Z"));
        assert_eq!(sunday.begin(), instant("2026-11-22T16:00:00Z"));
        assert_eq!(format!("{:?}", sunday.sunday()), "2026-11-29");
        // Over the end of a year and the 29 February of a leap year.
        assert_eq!(Week::of(instant("2027-01-01T00:00:00Z")).to_string(), "2026-12-28");
        assert_eq!(Week::of(instant("2028-02-29T00:00:00Z")).to_string(), "2028-02-28");
    }

    #[test]
    fn only_a_monday_names_a_week() {
        assert_eq!("2026-11-30".parse::<Week>().unwrap().to_string(), "2026-11-30");
        for wrong in ["2026-12-01", "2026-11-31", "", "x"] {
            assert!(wrong.parse::<Week>().is_err(), "{wrong}");
        }
    }
}
