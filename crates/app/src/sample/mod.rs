//! The weekly sample report 签发抽查报告: once a week some of the week's certificates are drawn at random, and of each it
//! is said what stood behind it when it was issued: for each element of its subject the row of evidence, who entered,
//! who proofed, who reviewed, at which office (T-20; Measures Art. 21 ¶3). What has no evidence, or stands under a policy
//! that is only an example, is named; so is what API clients ordered, who bring no evidence.
//!
//! Nobody chooses what is drawn: the seed is made of the journal's root at the end of the week, and an auditor who has
//! the journal repeats the draw with any program for SM3 (`docs/integrate/weekly-sample.md`). The report is canonical
//! JSON, signed by the institution's key as letters are, kept as a sealed blob, and in the journal
//! (`sample.reported`). Personal data are masked.
//!
//! One row for each week: two nodes make one report, and after an outage every week is made up for. An auditor goes
//! through each of them and signs what was found (`sample.reviewed`); the doctor names those that wait for too long.

mod check;
mod draw;
mod file;
mod judge;
mod list;
mod look;
mod make;
pub mod model;
mod rules;
mod settings;
mod sql;
mod week;

pub use file::SignedReport;
pub use list::SampleFilter;
pub use look::{Looked, MOST_FINDING, SampleReview};
pub use model::{FORMAT, Fault, Origin, Report, SampleSummary, Verdict};
pub use settings::SampleSettings;
pub use week::Week;

/// Kind of the record of a report.
pub const REPORTED: &str = "sample.reported";
/// Kind of the record that somebody went through a report.
pub const REVIEWED: &str = "sample.reviewed";
