//! The five clocks of the law, one file each.
//!
//! | clock | used for | file |
//! | --- | --- | --- |
//! | working days forward | acceptance 5, decision 20 (+10), delivery 10 | [`working`] |
//! | calendar days forward | 30 for changes, 15 for major events | [`calendar_days`] |
//! | days before an event | renewal 60 before the licence ends | [`before`] |
//! | a fixed day of the year | the annual report by 15 January | [`fixed`] |
//! | years after | retention, 5 years and more | [`years`] |
//!
//! The working-day clock can stand still while a review or a hearing goes on, and be
//! extended once: [`Term`].

pub mod before;
pub mod calendar_days;
pub mod fixed;
mod term;
pub mod working;
pub mod years;

pub use term::{Extension, Pause, Reading, Term};

/// A number of working days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkingDays(pub u16);

/// A number of calendar days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CalendarDays(pub u16);

/// A number of years.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Years(pub u8);
