//! Instants and serial numbers as letters print them; in Asia/Shanghai.

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use law::CivilDate;

/// `2026年11月29日 17时05分`.
pub(super) fn minute(at: Timestamp) -> String {
    let civil = at.to_zoned(TimeZone::fixed(Offset::constant(8))).datetime();
    format!("{} {}时{:02}分", CivilDate::of(at), civil.hour(), civil.minute())
}

/// Hexadecimal in groups of four.
pub(super) fn groups(hex: &str) -> String {
    let signs: Vec<char> = hex.to_uppercase().chars().collect();
    signs.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_tell_the_time_of_shanghai() {
        let at: Timestamp = "2026-12-31T16:05:00Z".parse().unwrap();
        assert_eq!(minute(at), "2027年1月1日 0时05分");
        assert_eq!(groups("0a1b2c"), "0A1B 2C");
    }
}
