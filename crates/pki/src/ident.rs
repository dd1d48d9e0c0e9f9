//! Identifiers of people and units, parsed at the door by their check digits.
//!
//! GB 11643-1999 (公民身份号码), GB 32100-2015 (统一社会信用代码). Regions are
//! held to the province only: old cards keep counties that exist no more.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::error::{Error, reasons};

reasons! {
    /// What is wrong with an identifier.
    Defect {
        IdLength = "ident.id-length", "公民身份号码应为 18 位";
        IdCharacter = "ident.id-character", "公民身份号码应由 17 位数字和一位校验码组成";
        IdRegion = "ident.id-region", "公民身份号码的地区代码不存在";
        IdDate = "ident.id-date", "公民身份号码中的出生日期不存在";
        IdCheck = "ident.id-check", "公民身份号码的校验码不对";
        CreditLength = "ident.credit-length", "统一社会信用代码应为 18 位";
        CreditCharacter = "ident.credit-character", "统一社会信用代码含有不使用的字符（I、O、S、V、Z 等）";
        CreditCheck = "ident.credit-check", "统一社会信用代码的校验码不对";
        NumberForm = "ident.number-form", "证件号码应为 1 至 32 个字母、数字或连字符";
        OfficerForm = "ident.officer-form", "军官证号应为 1 至 32 个可见字符";
    }
}

/// GB/T 2260: the first two digits.
const PROVINCES: [u8; 34] = [
    11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52,
    53, 54, 61, 62, 63, 64, 65, 71, 81, 82,
];

/// GB 11643 §A: weights 2^(18−i) mod 11.
const ID_WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/// GB 11643 §A: check characters by remainder.
const ID_CHECKS: &[u8; 11] = b"10X98765432";

/// GB 32100 §4: the alphabet; the place of a character is its value.
const CREDIT_ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// GB 32100 §4: weights 3^(i−1) mod 31.
const CREDIT_WEIGHTS: [usize; 17] =
    [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

/// A citizen's identity number (公民身份号码) whose check digit holds.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IdNumber(String);

/// A unit's unified social credit code (统一社会信用代码) whose check digit holds.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CreditCode(String);

/// Number of a passport, insurance, registration or tax document: no check digit
/// is published, so only its form is held.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DocumentNumber(String);

/// Number of a military officer's card, which may hold Chinese characters.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OfficerNumber(String);

impl IdNumber {
    /// Parses 18 characters; a lower-case x is raised.
    ///
    /// # Errors
    /// [`Defect`] by what is wrong first.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let text = text.trim().to_ascii_uppercase();
        let Ok(octets) = <&[u8; 18]>::try_from(text.as_bytes()) else {
            return Err(Defect::IdLength.into());
        };
        let [body @ .., check] = octets;
        if !body.iter().all(u8::is_ascii_digit) || !(check.is_ascii_digit() || *check == b'X') {
            return Err(Defect::IdCharacter.into());
        }
        let region = text.get(..2).and_then(|digits| digits.parse().ok()).unwrap_or(0);
        if !PROVINCES.contains(&region) {
            return Err(Defect::IdRegion.into());
        }
        birth_date(&text).ok_or(Defect::IdDate)?;
        let sum: u32 = body
            .iter()
            .zip(ID_WEIGHTS)
            .map(|(digit, weight)| u32::from(digit - b'0') * weight)
            .sum();
        let expected = usize::try_from(sum % 11).ok().and_then(|at| ID_CHECKS.get(at));
        if expected == Some(check) { Ok(Self(text)) } else { Err(Defect::IdCheck.into()) }
    }

    /// The 18 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn birth_date(text: &str) -> Option<Date> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i16>().ok();
    let (month, day) = (i8::try_from(number(10, 12)?).ok()?, i8::try_from(number(12, 14)?).ok()?);
    let year = number(6, 10).filter(|year| *year >= 1850)?;
    Date::new(year, month, day).ok()
}

impl CreditCode {
    /// Parses 18 characters; lower case is raised.
    ///
    /// # Errors
    /// [`Defect`] by what is wrong first.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let text = text.trim().to_ascii_uppercase();
        if text.chars().count() != 18 {
            return Err(Defect::CreditLength.into());
        }
        let place = |c: u8| CREDIT_ALPHABET.iter().position(|known| *known == c);
        let values: Option<Vec<_>> = text.bytes().map(place).collect();
        let values = values.ok_or(Defect::CreditCharacter)?;
        let sum: usize =
            values.iter().zip(CREDIT_WEIGHTS).map(|(value, weight)| value * weight).sum();
        if values.last() == Some(&((31 - sum % 31) % 31)) {
            Ok(Self(text))
        } else {
            Err(Defect::CreditCheck.into())
        }
    }

    /// The 18 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl DocumentNumber {
    /// Parses 1 to 32 letters, digits or hyphens.
    ///
    /// # Errors
    /// [`Defect::NumberForm`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let fits = (1..=32).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if fits { Ok(Self(text.to_owned())) } else { Err(Defect::NumberForm.into()) }
    }

    /// The characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl OfficerNumber {
    /// Parses 1 to 32 visible characters.
    ///
    /// # Errors
    /// [`Defect::OfficerForm`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let visible = text.chars().all(|c| !crate::name::is_invisible(c) && !c.is_whitespace());
        let fits = (1..=32).contains(&text.chars().count()) && visible;
        if fits { Ok(Self(text.to_owned())) } else { Err(Defect::OfficerForm.into()) }
    }

    /// The characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! text_forms {
    ($($name:ident),+) => {
        $(
            impl FromStr for $name {
                type Err = Error;
                fn from_str(text: &str) -> Result<Self, Error> {
                    Self::parse(text)
                }
            }

            impl TryFrom<String> for $name {
                type Error = Error;
                fn try_from(text: String) -> Result<Self, Error> {
                    Self::parse(&text)
                }
            }

            impl From<$name> for String {
                fn from(value: $name) -> Self {
                    value.0
                }
            }

            /// Numbers of people and units stay out of logs: the last four only.
            impl fmt::Debug for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    let skip = self.0.chars().count().saturating_sub(4);
                    let tail: String = self.0.chars().skip(skip.max(1)).collect();
                    write!(f, "{}(…{tail})", stringify!($name))
                }
            }
        )+
    };
}

text_forms!(IdNumber, CreditCode, DocumentNumber, OfficerNumber);

#[cfg(test)]
mod tests {
    use super::*;

    fn id_code(text: &str) -> &'static str {
        IdNumber::parse(text).map_or_else(|error| error.code(), |_| "ok")
    }

    fn credit_code(text: &str) -> &'static str {
        CreditCode::parse(text).map_or_else(|error| error.code(), |_| "ok")
    }

    #[test]
    fn identity_numbers_are_held_to_length_region_date_and_check_digit() {
        for (text, expected) in [
            ("11010519491231002X", "ok"),
            (" 11010519491231002x ", "ok"),
            ("360426199101010071", "ok"),
            ("110105194912310021", "ident.id-check"),
            ("11010519491231002", "ident.id-length"),
            ("1101051949123100XX", "ident.id-character"),
            ("１１０１０５", "ident.id-character"),
            ("990105194912310026", "ident.id-region"),
            ("110105194902310020", "ident.id-date"),
            ("", "ident.id-length"),
        ] {
            assert_eq!(id_code(text), expected, "{text}");
        }
    }

    #[test]
    fn credit_codes_are_held_to_alphabet_and_check_digit() {
        for (text, expected) in [
            ("91110000600037341L", "ok"),
            ("91110000600037341l", "ok"),
            ("911100006000373410", "ident.credit-check"),
            ("9111000060003734IL", "ident.credit-character"),
            ("9111000060003734", "ident.credit-length"),
            ("统一社会信用代码", "ident.credit-length"),
        ] {
            assert_eq!(credit_code(text), expected, "{text}");
        }
    }

    #[test]
    fn every_single_wrong_character_of_a_credit_code_is_noticed() {
        let good = b"91110000600037341L";
        for at in 0..18 {
            for c in CREDIT_ALPHABET.iter().filter(|c| **c != good[at]) {
                let mut bad = *good;
                bad[at] = *c;
                assert!(CreditCode::parse(std::str::from_utf8(&bad).unwrap()).is_err(), "{at}");
            }
        }
    }

    #[test]
    fn numbers_of_people_stay_out_of_logs() {
        assert_eq!(
            format!("{:?}", IdNumber::parse("11010519491231002X").unwrap()),
            "IdNumber(…002X)"
        );
        assert_eq!(format!("{:?}", DocumentNumber::parse("E12").unwrap()), "DocumentNumber(…12)");
    }
}
