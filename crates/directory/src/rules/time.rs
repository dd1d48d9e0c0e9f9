//! GeneralizedTime (RFC 4517 §3.3.13).

use jiff::civil::DateTime;
use jiff::tz::Offset;
use jiff::{Timestamp, tz::TimeZone};

/// How we write an instant: `20261130040000Z`.
#[must_use]
pub fn write(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y%m%d%H%M%SZ").to_string()
}

/// Reads an instant; fractions are left out, minutes and seconds may be.
#[must_use]
pub fn read(text: &str) -> Option<Timestamp> {
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let (digits, rest) = text.split_at_checked(end)?;
    let rest = match rest.strip_prefix(['.', ',']) {
        Some(fraction) => {
            let zone = fraction.find(|c: char| !c.is_ascii_digit()).filter(|at| *at > 0)?;
            fraction.get(zone..)?
        }
        None => rest,
    };
    if !matches!(digits.len(), 10 | 12 | 14) {
        return None;
    }
    let number = |from: usize, to: usize| match digits.get(from..to) {
        Some(part) => part.parse::<i8>().ok(),
        None => Some(0),
    };
    let year = digits.get(..4)?.parse::<i16>().ok()?;
    let (month, day) = (number(4, 6)?, number(6, 8)?);
    let (hour, minute, second) = (number(8, 10)?, number(10, 12)?, number(12, 14)?);
    let civil = DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
    offset(rest)?.to_timestamp(civil).ok()
}

/// `Z`, `+08`, `+0800`.
fn offset(text: &str) -> Option<Offset> {
    if text == "Z" {
        return Some(Offset::UTC);
    }
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    if !matches!(digits.len(), 2 | 4) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let hours: i32 = digits.get(..2)?.parse().ok()?;
    let minutes: i32 =
        digits.get(2..).filter(|rest| !rest.is_empty()).map_or(Some(0), |m| m.parse().ok())?;
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_instant_has_many_forms() {
        let at: Timestamp = "2026-11-30T04:00:00Z".parse().unwrap();
        assert_eq!(write(at), "20261130040000Z");
        for same in [
            "20261130040000Z",
            "202611300400Z",
            "2026113004Z",
            "20261130120000+0800",
            "20261130120000+08",
            "20261130040000.5Z",
            "20261130020000,25-0200",
        ] {
            assert_eq!(read(same), Some(at), "{same}");
        }
    }

    #[test]
    fn what_is_no_instant_is_none() {
        for wrong in [
            "",
            "Z",
            "20261130",
            "20261130040000",
            "20261330040000Z",
            "20261131040000Z",
            "20261130040060Z",
            "2026113004000Z",
            "20261130040000.Z",
            "20261130040000+8",
            "20261130040000+9900",
            "20261130040000Z ",
            "现在",
            "20261130040000\u{0}Z",
            "99999999999999Z",
        ] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }
}
