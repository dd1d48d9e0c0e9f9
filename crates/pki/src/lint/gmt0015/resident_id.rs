//! GB 11643: an identity card number has 18 characters, a province, a date of birth that exists, and a check digit.

use super::resident;
use crate::ident::IdNumber;
use crate::lint::prelude::*;

pub(super) const LINT: Lint = Lint {
    name: "gmt0015/resident-id",
    severity: Severity::Error,
    citation: "GM/T 0015 IdentifyCode; GB 11643-1999",
    text: "公民身份号码应书写正确，校验码相符",
    effective: source::GMT_0015,
    applies: |target| resident(&target.view).is_some(),
    check,
    #[cfg(test)]
    examples: Examples {
        good: &[("check_digit_x", || with("11010519491231002X"))],
        bad: &[
            ("wrong_check_digit", || with("110105194912310021")),
            ("thirtieth_of_february", || with("110105194902300024")),
            ("seventeen_digits", || with("11010519491231002")),
        ],
    },
};

#[cfg(test)]
fn with(number: &str) -> Example {
    person_sign().and(oid::IDENTIFY_CODE, false, explicit(0, &printable(number)))
}

/// The number itself is personal information and does not go into the finding.
fn check(target: &Target<'_>) -> Outcome {
    let number = resident(&target.view)
        .and_then(|octets| std::str::from_utf8(octets).ok())
        .unwrap_or_default();
    match IdNumber::parse(number) {
        Ok(_) => Outcome::Pass,
        Err(error) => Outcome::Broken(error.to_string()),
    }
}
