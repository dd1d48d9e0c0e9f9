//! The two time types of X.509 and the instant they mean.
//!
//! RFC 5280 §4.1.2.5, GM/T 0043 §6: UTCTime through 2049, GeneralizedTime from
//! 2050, always with seconds, always `Z`, never with fractions.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use crate::strict::Tag;

/// First year that needs GeneralizedTime.
const GENERALIZED_FROM: i16 = 2050;

/// `YYMMDDHHMMSSZ`, years 1950 to 2049.
#[must_use]
pub fn parse_utc(text: &[u8]) -> Option<Timestamp> {
    let (year, rest) = text.split_at_checked(2)?;
    let year = i16::from(two_digits(year)?);
    instant(if year < 50 { 2000 + year } else { 1900 + year }, rest)
}

/// `YYYYMMDDHHMMSSZ`.
#[must_use]
pub fn parse_generalized(text: &[u8]) -> Option<Timestamp> {
    let (century, rest) = text.split_at_checked(2)?;
    let (year, rest) = rest.split_at_checked(2)?;
    instant(i16::from(two_digits(century)?) * 100 + i16::from(two_digits(year)?), rest)
}

/// The tag and text of an instant in a certificate. Part seconds are dropped.
#[must_use]
pub fn encode(at: Timestamp) -> (Tag, String) {
    let civil = Offset::UTC.to_datetime(at);
    if (1950..GENERALIZED_FROM).contains(&civil.year()) {
        let year = civil.year() % 100;
        return (Tag::UTC_TIME, format!("{year:02}{}", after_year(&civil)));
    }
    (Tag::GENERALIZED_TIME, generalized_text(at))
}

/// `YYYYMMDDHHMMSSZ` of an instant. Part seconds are dropped.
#[must_use]
pub fn generalized_text(at: Timestamp) -> String {
    let civil = Offset::UTC.to_datetime(at);
    format!("{:04}{}", civil.year(), after_year(&civil))
}

/// Whether an instant has this tag in a certificate.
#[must_use]
pub fn has_right_tag(at: Timestamp, tag: Tag) -> bool {
    encode(at).0 == tag
}

/// The same instant without part seconds.
#[must_use]
pub fn whole_seconds(at: Timestamp) -> Timestamp {
    let seconds = at.as_nanosecond().div_euclid(1_000_000_000);
    i64::try_from(seconds).ok().and_then(|s| Timestamp::from_second(s).ok()).unwrap_or(at)
}

fn after_year(civil: &DateTime) -> String {
    let (month, day) = (civil.month(), civil.day());
    let (hour, minute, second) = (civil.hour(), civil.minute(), civil.second());
    format!("{month:02}{day:02}{hour:02}{minute:02}{second:02}Z")
}

fn instant(year: i16, rest: &[u8]) -> Option<Timestamp> {
    let (pairs, end) = rest.as_chunks::<2>();
    let [month, day, hour, minute, second] = pairs else {
        return None;
    };
    if end != b"Z" {
        return None;
    }
    let field = |pair: &[u8; 2]| two_digits(pair);
    let (hour, minute, second) = (field(hour)?, field(minute)?, field(second)?);
    let civil = DateTime::new(year, field(month)?, field(day)?, hour, minute, second, 0).ok()?;
    Offset::UTC.to_timestamp(civil).ok()
}

fn two_digits(text: &[u8]) -> Option<i8> {
    match text {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => {
            i8::try_from((tens - b'0') * 10 + (ones - b'0')).ok()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn instants_are_written_and_read_back() {
        for (text, tag, expected) in [
            ("1950-01-01T00:00:00Z", Tag::UTC_TIME, "500101000000Z"),
            ("1999-12-31T23:59:59Z", Tag::UTC_TIME, "991231235959Z"),
            ("2024-02-29T12:00:00Z", Tag::UTC_TIME, "240229120000Z"),
            ("2049-12-31T23:59:59Z", Tag::UTC_TIME, "491231235959Z"),
            ("2050-01-01T00:00:00Z", Tag::GENERALIZED_TIME, "20500101000000Z"),
            ("2050-01-01T00:00:00+08:00", Tag::UTC_TIME, "491231160000Z"),
            ("9999-12-30T00:00:00Z", Tag::GENERALIZED_TIME, "99991230000000Z"),
        ] {
            let instant = at(text);
            assert_eq!(encode(instant), (tag, expected.to_owned()), "{text}");
            let read = if tag == Tag::UTC_TIME { parse_utc } else { parse_generalized };
            assert_eq!(read(expected.as_bytes()), Some(instant), "{text}");
        }
    }

    #[test]
    fn loose_forms_are_refused() {
        for text in [
            "2402291200Z",
            "240229120000",
            "240229120000+0800",
            "230229120000Z",
            "240230120000Z",
            "240229240000Z",
            "240229126000Z",
            "240229120060Z",
            "2402291200 0Z",
            "+40229120000Z",
        ] {
            assert_eq!(parse_utc(text.as_bytes()), None, "{text}");
        }
        for text in ["20500101000000.5Z", "205001010000Z", "20500101000000", "20501301000000Z"] {
            assert_eq!(parse_generalized(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn part_seconds_are_dropped_downwards() {
        assert_eq!(whole_seconds(at("2026-01-01T00:00:00.999Z")), at("2026-01-01T00:00:00Z"));
        assert_eq!(whole_seconds(at("1969-12-31T23:59:59.5Z")), at("1969-12-31T23:59:59Z"));
    }
}
