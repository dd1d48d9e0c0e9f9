//! A civil date in China, where all clocks of the law run.

use crate::Error;
use jiff::civil::{Date, Weekday};
use jiff::tz::{self, TimeZone};
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Asia/Shanghai has kept this offset since 1991; being fixed it needs no zone files.
const SHANGHAI: tz::Offset = tz::offset(8);

/// A day in Asia/Shanghai. `Display` gives `2026年2月17日`, `{:?}` and serde ISO 8601.
///
/// A [`Timestamp`] is an instant and never compares with it: [`CivilDate::of`] asks
/// in which day an instant lies.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CivilDate(Date);

impl CivilDate {
    /// A day by its numbers, from 1900 to 2999.
    pub fn new(year: i16, month: i8, day: i8) -> Result<Self, Error> {
        let refused = || Error::Date(format!("{year:04}-{month:02}-{day:02}"));
        let date = Date::new(year, month, day).map_err(|_| refused())?;
        if (1900..=2999).contains(&year) { Ok(Self(date)) } else { Err(refused()) }
    }

    /// The day of an instant.
    pub fn of(instant: Timestamp) -> Self {
        Self(SHANGHAI.to_datetime(instant).date())
    }

    /// 00:00 of this day.
    pub fn begin(self) -> Timestamp {
        let midnight = self.0.to_datetime(jiff::civil::Time::midnight());
        let zone = TimeZone::fixed(SHANGHAI);
        // Only the first and the last day that jiff knows have no instant; years
        // 1900 to 2999 and what the clocks add to them are far from both.
        zone.to_timestamp(midnight).unwrap_or(if self.0.year() < 0 {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        })
    }

    /// 24:00 of this day: the first instant that is over.
    pub fn end(self) -> Timestamp {
        self.tomorrow().begin()
    }

    /// The year, for looking up its notice.
    pub fn year(self) -> i16 {
        self.0.year()
    }

    /// From 1 to 12.
    pub fn month(self) -> i8 {
        self.0.month()
    }

    /// From 1 to 31.
    pub fn day(self) -> i8 {
        self.0.day()
    }

    /// Saturday or Sunday.
    pub fn is_weekend(self) -> bool {
        matches!(self.0.weekday(), Weekday::Saturday | Weekday::Sunday)
    }

    /// The next day.
    #[must_use]
    pub fn tomorrow(self) -> Self {
        self.plus_days(1)
    }

    /// The day before.
    #[must_use]
    pub fn yesterday(self) -> Self {
        self.plus_days(-1)
    }

    /// So many days later, or earlier if negative.
    #[must_use]
    pub fn plus_days(self, days: i32) -> Self {
        Self(self.0.saturating_add(Span::new().days(days)))
    }

    /// The day of the same number so many years later; where there is none (29
    /// February) the last day of the month, as Civil Code §202 has it.
    #[must_use]
    pub fn plus_years(self, years: u8) -> Self {
        Self(self.0.saturating_add(Span::new().years(i16::from(years))))
    }
}

impl fmt::Display for CivilDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}年{}月{}日", self.year(), self.month(), self.day())
    }
}

impl fmt::Debug for CivilDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for CivilDate {
    type Err = Error;

    /// Only `2026-02-17`: what follows a date in ISO 8601 has no place in a day.
    fn from_str(text: &str) -> Result<Self, Error> {
        let refused = || Error::Date(text.chars().take(40).collect());
        let digits = |from: usize, to: usize| -> Option<i16> {
            let part = text.get(from..to)?;
            part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok())?
        };
        let dashes = text.len() == 10 && text.get(4..5) == Some("-") && text.get(7..8) == Some("-");
        let numbers = (digits(0, 4), digits(5, 7), digits(8, 10));
        let (Some(year), Some(month), Some(day), true) = (numbers.0, numbers.1, numbers.2, dashes)
        else {
            return Err(refused());
        };
        let small = |number: i16| i8::try_from(number).map_err(|_| refused());
        Self::new(year, small(month)?, small(day)?)
    }
}

impl TryFrom<String> for CivilDate {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<CivilDate> for String {
    fn from(date: CivilDate) -> Self {
        format!("{date:?}")
    }
}
