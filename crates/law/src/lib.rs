//! The law as data: the working-day calendar and the clocks of the law.
//!
//! Statutes count time in five ways, and each is a function of its own in [`clock`]:
//! working days forward, calendar days forward, days before an event, a fixed day of
//! the year, and years after an event. All run in the civil time of Asia/Shanghai, and
//! all are pure: the [`Calendar`] is an argument, the present moment too.
//!
//! What was not yet announced is not guessed silently: a day reckoned past the last
//! published notice bears [`Certainty::Provisional`] and is shown as 暂定.
//!
//! Not here: cases, and what happens when a term is over. Rule packs (articles,
//! duties, letters) will stand beside the calendar.
//!
//! Sources: Civil Code §201, §202 and §203 (how periods are counted); the yearly notices of
//! the State Council on public holidays, under `law/calendar/`.

mod calendar;
mod certainty;
pub mod clock;
mod date;
mod error;

pub use calendar::{Calendar, DayKind};
pub use certainty::{Certainty, Due};
pub use date::CivilDate;
pub use error::Error;
