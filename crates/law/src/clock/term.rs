//! A term of working days that may stand still and be extended once.
//!
//! Technical review (Measures Art. 9), hearing, inspection and expert review (Licensing Law
//! Art. 45) do not count towards the term of a decision, if the applicant was told in
//! writing how long they take. Without such a served notice the clock runs on. The one
//! extension is that of Licensing Law Art. 42.

use super::{WorkingDays, working};
use crate::{Calendar, CivilDate, Due, Error};

/// A stretch of days that do not count, both ends included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    notice: String,
    from: CivilDate,
    until: Option<CivilDate>,
}

impl Pause {
    /// A pause that began on `from`, by the written notice `notice` (its number)
    /// that was served on `served`, not later than on the first day.
    pub fn begin(notice: &str, served: CivilDate, from: CivilDate) -> Result<Self, Error> {
        if notice.trim().is_empty() {
            return Err(Error::Pause("没有书面告知文书"));
        }
        if served > from {
            return Err(Error::Pause("书面告知在停止计算之后才送达"));
        }
        Ok(Self { notice: notice.trim().to_owned(), from, until: None })
    }

    /// Ends the pause; `until` is its last day.
    pub fn end(mut self, until: CivilDate) -> Result<Self, Error> {
        if self.until.is_some() {
            return Err(Error::Pause("该段时间已经结束"));
        }
        if until < self.from {
            return Err(Error::Pause("结束日期早于开始日期"));
        }
        self.until = Some(until);
        Ok(self)
    }

    /// The number of the notice by which the clock stands.
    pub fn notice(&self) -> &str {
        &self.notice
    }

    fn covers(&self, day: CivilDate) -> bool {
        day >= self.from && self.until.is_none_or(|until| day <= until)
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.covers(other.from) || other.covers(self.from)
    }
}

/// The one extension of a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extension {
    /// The days that were added.
    pub days: WorkingDays,
    /// The day on which it was granted.
    pub granted: CivilDate,
}

/// A term of working days with its pauses and its extension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    event: CivilDate,
    days: WorkingDays,
    extension: Option<Extension>,
    pauses: Vec<Pause>,
}

/// What the clock of a term shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// It runs, and ends then.
    Runs(Due),
    /// It stands since a day, with so many working days left.
    Stands {
        /// The first day of the open pause.
        since: CivilDate,
        /// What is left of the term when it runs again.
        left: WorkingDays,
    },
}

impl Term {
    /// A term that an event started; the day of the event is not counted.
    pub fn new(event: CivilDate, days: WorkingDays) -> Self {
        Self { event, days, extension: None, pauses: Vec::new() }
    }

    /// The extension, if one was granted.
    pub fn extension(&self) -> Option<Extension> {
        self.extension
    }

    /// Lengthens the term, once, and only before it is over.
    pub fn extend(mut self, calendar: &Calendar, extension: Extension) -> Result<Self, Error> {
        if self.extension.is_some() {
            return Err(Error::ExtendedBefore);
        }
        if let Reading::Runs(due) = self.reading(calendar)
            && extension.granted > due.day
        {
            return Err(Error::ExtendedTooLate { due: due.day, granted: extension.granted });
        }
        self.extension = Some(extension);
        Ok(self)
    }

    /// Adds a pause: after the event, before the term is over, apart from the others.
    pub fn pause(mut self, calendar: &Calendar, pause: Pause) -> Result<Self, Error> {
        if pause.from <= self.event {
            return Err(Error::Pause("早于期限开始"));
        }
        if self.pauses.iter().any(|other| other.overlaps(&pause)) {
            return Err(Error::Pause("与另一段停止计算的时间重叠"));
        }
        if let Reading::Runs(due) = self.reading(calendar)
            && pause.from > due.day
        {
            return Err(Error::Pause("期限已经届满"));
        }
        self.pauses.push(pause);
        Ok(self)
    }

    /// What the clock shows, given all that is known of the term.
    pub fn reading(&self, calendar: &Calendar) -> Reading {
        let open = self.pauses.iter().find(|pause| pause.until.is_none());
        match open {
            Some(pause) => {
                Reading::Stands { since: pause.from, left: self.left(calendar, pause.from) }
            }
            None => Reading::Runs(self.due(calendar)),
        }
    }

    fn due(&self, calendar: &Calendar) -> Due {
        working::after_skipping(calendar, self.event, self.length(), &|day| self.is_paused(day))
    }

    fn length(&self) -> WorkingDays {
        let added = self.extension.map_or(0, |extension| extension.days.0);
        WorkingDays(self.days.0.saturating_add(added))
    }

    /// The days of the term that were not used up before `day`.
    fn left(&self, calendar: &Calendar, day: CivilDate) -> WorkingDays {
        let mut left = self.length().0;
        let mut at = self.event.tomorrow();
        while at < day {
            if calendar.is_working_day(at) && !self.is_paused(at) {
                left = left.saturating_sub(1);
            }
            at = at.tomorrow();
        }
        WorkingDays(left)
    }

    fn is_paused(&self, day: CivilDate) -> bool {
        self.pauses.iter().any(|pause| pause.covers(day))
    }
}
