//! Validity to the second (T-03): the last second counts, so a certificate of N
//! days ends N × 86,400 − 1 seconds after it begins.

use jiff::Timestamp;

use super::Refusal;
use super::issuer::Ca;
use crate::error::Error;
use crate::profile::Validity;
use crate::time;

const DAY: i64 = 86_400;

/// The two instants of an order, within the profile and the issuer.
pub(super) fn bounds(
    days: Validity,
    issuer: Option<&Ca>,
    not_before: Timestamp,
    not_after: Option<Timestamp>,
) -> Result<(Timestamp, Timestamp), Error> {
    let not_before = time::whole_seconds(not_before);
    let default = || last_second(not_before, days.default_days);
    let not_after = not_after.map(time::whole_seconds).map_or_else(default, Ok)?;
    if not_after <= not_before {
        return Err(Refusal::ValidityOrder.at(format!("{not_before} – {not_after}")));
    }
    if not_after > last_second(not_before, days.max_days)? {
        return Err(Refusal::ValidityTooLong.at(format!("最长 {} 天", days.max_days)));
    }
    if let Some(ca) = issuer
        && (not_before < ca.not_before || not_after > ca.not_after)
    {
        return Err(Refusal::ValidityIssuer.at(format!("颁发者证书有效期至 {}", ca.not_after)));
    }
    Ok((not_before, not_after))
}

/// The last second of a validity of so many days.
fn last_second(not_before: Timestamp, days: u32) -> Result<Timestamp, Error> {
    let seconds = not_before.as_second() + i64::from(days) * DAY - 1;
    Timestamp::from_second(seconds).map_err(|_| Refusal::ValidityRange.at(not_before.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const YEAR: Validity = Validity { default_days: 365, max_days: 1826 };

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_certificate_of_n_days_lasts_n_days_to_the_second() {
        for (from, days, until) in [
            ("2024-02-29T00:00:00Z", 365, "2025-02-27T23:59:59Z"),
            ("2023-03-01T00:00:00Z", 366, "2024-02-29T23:59:59Z"),
            ("2026-12-31T23:59:59Z", 1, "2027-01-01T23:59:58Z"),
            ("2049-12-31T00:00:00Z", 1, "2049-12-31T23:59:59Z"),
            ("2049-12-31T00:00:01Z", 1, "2050-01-01T00:00:00Z"),
            ("2026-01-01T00:00:00+08:00", 365, "2026-12-31T23:59:59+08:00"),
        ] {
            let days = Validity { default_days: days, max_days: days };
            let (not_before, not_after) = bounds(days, None, at(from), None).unwrap();
            assert_eq!((not_before, not_after), (at(from), at(until)), "{from}");
            assert_eq!(
                not_after.as_second() - not_before.as_second() + 1,
                i64::from(days.default_days) * DAY
            );
        }
    }

    #[test]
    fn part_seconds_do_not_lengthen_a_validity() {
        let (from, until) = bounds(YEAR, None, at("2026-01-01T00:00:00.999Z"), None).unwrap();
        assert_eq!((from, until), (at("2026-01-01T00:00:00Z"), at("2026-12-31T23:59:59Z")));
    }

    #[test]
    fn one_second_too_many_is_refused() {
        let from = at("2026-01-01T00:00:00Z");
        let longest = last_second(from, YEAR.max_days).unwrap();
        assert!(bounds(YEAR, None, from, Some(longest)).is_ok());
        let longer = Timestamp::from_second(longest.as_second() + 1).unwrap();
        assert_eq!(
            bounds(YEAR, None, from, Some(longer)).unwrap_err().code(),
            "plan.validity-too-long"
        );
        assert_eq!(bounds(YEAR, None, from, Some(from)).unwrap_err().code(), "plan.validity-order");
    }

    #[test]
    fn the_end_of_time_is_refused_not_wrapped() {
        let late = at("9999-12-30T00:00:00Z");
        assert_eq!(bounds(YEAR, None, late, None).unwrap_err().code(), "plan.validity-range");
    }
}
