//! Instants and figures as people read them. All clocks of the law run in Asia/Shanghai, which
//! has no summer time: a fixed offset says the same and needs no zone files.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

fn civil(instant: Timestamp) -> DateTime {
    instant.to_zoned(TimeZone::fixed(Offset::constant(8))).datetime()
}

/// `2026年11月29日`.
pub fn day(instant: Timestamp) -> String {
    let at = civil(instant);
    format!("{}年{}月{}日", at.year(), at.month(), at.day())
}

/// `2026年11月29日 17:05`.
pub fn minute(instant: Timestamp) -> String {
    let at = civil(instant);
    format!("{} {:02}:{:02}", day(instant), at.hour(), at.minute())
}

/// `2026年11月29日 17:05:09`.
pub fn second(instant: Timestamp) -> String {
    format!("{}:{:02}", minute(instant), civil(instant).second())
}

/// `12.3 KB`, by thousands as file managers count.
pub fn size(octets: usize) -> String {
    match octets {
        0..1_000 => format!("{octets} 字节"),
        1_000..1_000_000 => format!("{}.{} KB", octets / 1_000, octets % 1_000 / 100),
        _ => format!("{}.{} MB", octets / 1_000_000, octets % 1_000_000 / 100_000),
    }
}

/// Hexadecimal in groups of four, for people who compare.
pub fn groups(hex: &str) -> String {
    let letters: Vec<char> = hex.to_uppercase().chars().collect();
    letters.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_shown_in_the_time_of_shanghai() {
        let instant: Timestamp = "2026-12-31T16:00:09Z".parse().unwrap();
        assert_eq!(second(instant), "2027年1月1日 00:00:09");
        assert_eq!(minute(instant), "2027年1月1日 00:00");
    }

    #[test]
    fn sizes_and_groups_are_read_at_a_glance() {
        assert_eq!(size(999), "999 字节");
        assert_eq!(size(12_345), "12.3 KB");
        assert_eq!(size(49_000_000), "49.0 MB");
        assert_eq!(groups("0a1b2c3d5e"), "0A1B 2C3D 5E");
    }
}
