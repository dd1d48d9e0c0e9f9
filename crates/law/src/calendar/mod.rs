//! Which days are working days.

mod notice;

use crate::{Certainty, CivilDate, Error};
use notice::Notice;
use std::collections::{BTreeMap, BTreeSet};

/// The notices that were published when this version was made.
const PUBLISHED: [&str; 3] = [
    include_str!("../../../../law/calendar/2024.toml"),
    include_str!("../../../../law/calendar/2025.toml"),
    include_str!("../../../../law/calendar/2026.toml"),
];

/// From this day of December on the notice of the next year may change a day: New
/// Year's holiday has begun on 30 December and was worked for on 28 December.
const NEXT_NOTICE_FROM: i8 = 22;

/// The working-day calendar: the yearly notices laid over the five-day week.
#[derive(Debug, Clone, Default)]
pub struct Calendar {
    years: BTreeSet<i16>,
    days: BTreeMap<CivilDate, Special>,
}

#[derive(Debug, Clone)]
enum Special {
    Off(String),
    Worked(String),
}

/// What a day is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayKind<'a> {
    /// Monday to Friday.
    Working,
    /// A weekend day that is worked for a holiday (调休上班), with its name.
    MadeUp(&'a str),
    /// Saturday or Sunday.
    Weekend,
    /// A day off by the notice, with the holiday's name.
    Holiday(&'a str),
}

impl Calendar {
    /// The calendar that this version brings along.
    pub fn published() -> Result<Self, Error> {
        PUBLISHED.iter().try_fold(Self::default(), |calendar, text| calendar.with_notice(text))
    }

    /// Adds the notice of one more year, in the form of `law/calendar/YYYY.toml`.
    pub fn with_notice(mut self, text: &str) -> Result<Self, Error> {
        let notice = Notice::parse(text)?;
        if !self.years.insert(notice.year) {
            return Err(Error::Notice(format!("{}年的安排重复", notice.year)));
        }
        for holiday in &notice.holiday {
            let mut day = holiday.from;
            while day <= holiday.to {
                self.mark(day, Special::Off(holiday.name.clone()))?;
                day = day.tomorrow();
            }
            for day in &holiday.working {
                self.mark(*day, Special::Worked(holiday.name.clone()))?;
            }
        }
        Ok(self)
    }

    fn mark(&mut self, day: CivilDate, special: Special) -> Result<(), Error> {
        match self.days.insert(day, special) {
            None => Ok(()),
            Some(_) => Err(Error::Notice(format!("{day}出现两次"))),
        }
    }

    /// What a day is; for days not yet announced what the week alone says.
    pub fn kind(&self, day: CivilDate) -> DayKind<'_> {
        match self.days.get(&day) {
            Some(Special::Off(name)) => DayKind::Holiday(name),
            Some(Special::Worked(name)) => DayKind::MadeUp(name),
            None if day.is_weekend() => DayKind::Weekend,
            None => DayKind::Working,
        }
    }

    /// Whether the administration works on this day; weekends made up for count.
    pub fn is_working_day(&self, day: CivilDate) -> bool {
        matches!(self.kind(day), DayKind::Working | DayKind::MadeUp(_))
    }

    /// This day if it is a working day, else the next one.
    pub fn working_day_from(&self, mut day: CivilDate) -> CivilDate {
        while !self.is_working_day(day) {
            day = day.tomorrow();
        }
        day
    }

    /// This day if it is a working day, else the last one before.
    pub fn working_day_until(&self, mut day: CivilDate) -> CivilDate {
        while !self.is_working_day(day) {
            day = day.yesterday();
        }
        day
    }

    /// Whether no notice to come can change this day.
    pub fn is_settled(&self, day: CivilDate) -> bool {
        self.awaits(day).is_none()
    }

    /// The year whose notice is missing for this day.
    fn awaits(&self, day: CivilDate) -> Option<i16> {
        let late = day.month() == 12 && day.day() >= NEXT_NOTICE_FROM;
        let mut needed = [day.year(), day.year() + i16::from(late)].into_iter();
        needed.find(|year| !self.years.contains(year))
    }

    /// The certainty of a result that looked at all days from `first` to `last`.
    pub fn certainty(&self, first: CivilDate, last: CivilDate) -> Certainty {
        let mut day = first;
        while day <= last {
            if let Some(awaits) = self.awaits(day) {
                return Certainty::Provisional { from: day, awaits };
            }
            day = day.tomorrow();
        }
        Certainty::Settled
    }
}
