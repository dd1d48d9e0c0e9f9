//! The days from which the sources hold.

use jiff::civil::{Date, date};

/// The Measures for E-government Electronic Certification (Order No. 4); Art. 19 and 20 stand in the draft of
/// their revision under the same numbers.
pub const MEASURES: Date = date(2024, 11, 1);
/// GM/T 0043-2015, issued and in force on the same day.
pub const GMT_0043: Date = date(2015, 4, 1);
/// GM/T 0015-2012 (later GB/T 20518-2018).
pub const GMT_0015: Date = date(2012, 11, 22);
/// RFC 5280.
pub const RFC_5280: Date = date(2008, 5, 1);
/// RFC 3161, RFC 6960 and their predecessors.
pub const SERVICES: Date = date(2008, 5, 1);
/// Personal Information Protection Law.
pub const PERSONAL_INFORMATION: Date = date(2021, 11, 1);
/// Serial numbers of less than 64 random bits, 2019.
pub const ENTROPY: Date = date(2019, 3, 1);
/// Validity periods of one second too many, 2021.
pub const EXTRA_SECOND: Date = date(2021, 6, 10);
