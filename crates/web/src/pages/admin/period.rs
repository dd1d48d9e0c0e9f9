//! A period of days, as forms ask for it. All days are those of Asia/Shanghai.

use jiff::Timestamp;
use law::CivilDate;

use crate::pages::form::Mistakes;

/// From one day to another, both counted; either may be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Period {
    /// The first day.
    pub from: Option<CivilDate>,
    /// The last day.
    pub to: Option<CivilDate>,
}

impl Period {
    /// Reads `from` and `to`; what is no day is a mistake of its field.
    pub fn of((from, to): (&str, &str), mistakes: &mut Mistakes) -> Self {
        let mut day = |field: &str, text: &str| match (text.trim(), text.trim().parse()) {
            ("", _) => None,
            (_, Ok(day)) => Some(day),
            (..) => {
                mistakes.add(field, "日期请写作 2026-11-29 的形式");
                None
            }
        };
        let period = Self { from: day("from", from), to: day("to", to) };
        if period.from.zip(period.to).is_some_and(|(from, to)| from > to) {
            mistakes.add("to", "截止日期不能早于起始日期");
        }
        period
    }

    /// The first instant.
    pub fn begin(self) -> Option<Timestamp> {
        self.from.map(CivilDate::begin)
    }

    /// The first instant that is over.
    pub fn end(self) -> Option<Timestamp> {
        self.to.map(CivilDate::end)
    }
}

/// A day as a form holds it.
pub fn iso(day: CivilDate) -> String {
    format!("{:04}-{:02}-{:02}", day.year(), day.month(), day.day())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_and_what_is_no_day_is_told_beside_its_field() {
        let mut mistakes = Mistakes::none();
        let period = Period::of(("2026-11-29", " "), &mut mistakes);
        assert!(mistakes.is_empty() && period.to.is_none());
        assert_eq!(period.from.map(iso).as_deref(), Some("2026-11-29"));
        assert_eq!(period.begin().unwrap().to_string(), "2026-11-28T16:00:00Z");
        let wrong = Period::of(("2026-02-30", "昨天"), &mut mistakes);
        assert_eq!(wrong, Period::default());
        assert!(mistakes.of("from").is_some() && mistakes.of("to").is_some());
        let mut mistakes = Mistakes::none();
        Period::of(("2026-11-30", "2026-11-29"), &mut mistakes);
        assert!(mistakes.of("to").is_some());
    }
}
