//! A fixed day of the year: `每年1月15日前`.

use crate::{CivilDate, Error};

/// A day that stands in a statute, without a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DayOfYear {
    month: i8,
    day: i8,
}

/// The three readings of "before such a day": the wording leaves open whether the
/// day itself is in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FixedTerm {
    /// In time by every reading until 24:00 of this day.
    pub safe: CivilDate,
    /// In time by the wider reading until 24:00 of this day.
    pub last: CivilDate,
    /// Late by every reading from 00:00 of this day.
    pub breach: CivilDate,
}

impl DayOfYear {
    /// The annual report is due before 15 January (Measures Art. 35).
    pub const ANNUAL_REPORT: Self = Self { month: 1, day: 15 };

    /// A day that every year has; 29 February is none.
    pub fn new(month: i8, day: i8) -> Result<Self, Error> {
        CivilDate::new(2025, month, day).map(|_| Self { month, day })
    }

    /// The term in one year.
    pub fn in_year(self, year: i16) -> Result<FixedTerm, Error> {
        let last = CivilDate::new(year, self.month, self.day)?;
        Ok(FixedTerm { safe: last.yesterday(), last, breach: last.tomorrow() })
    }
}
