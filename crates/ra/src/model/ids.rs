//! Names of things: applications, materials, offices, and the number that people are given.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::rules::number;

macro_rules! identifiers {
    ($($(#[doc = $doc:literal])+ $name:ident $chinese:literal;)+) => {
        $(
            $(#[doc = $doc])+
            #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
            #[serde(try_from = "String", into = "String")]
            pub struct $name(String);

            impl $name {
                pub(crate) fn from_random(octets: [u8; 16]) -> Self {
                    Self(hex::encode(octets))
                }

                /// The 32 digits.
                #[must_use]
                pub fn as_str(&self) -> &str {
                    &self.0
                }
            }

            impl FromStr for $name {
                type Err = Error;

                fn from_str(text: &str) -> Result<Self, Error> {
                    let digit = |octet: u8| matches!(octet, b'0'..=b'9' | b'a'..=b'f');
                    if text.len() == 32 && text.bytes().all(digit) {
                        Ok(Self(text.to_owned()))
                    } else {
                        Err(Error::Unknown { what: $chinese, name: text.chars().take(64).collect() })
                    }
                }
            }

            impl TryFrom<String> for $name {
                type Error = Error;

                fn try_from(text: String) -> Result<Self, Error> {
                    text.parse()
                }
            }

            impl From<$name> for String {
                fn from(id: $name) -> Self {
                    id.0
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str(&self.0)
                }
            }
        )+
    };
}

identifiers! {
    /// A revocation that a clerk enters.
    RevocationId "撤销登记";
    /// An application: 128 random bits in lower-case hexadecimal.
    ApplicationId "申请";
    /// A material of an application.
    MaterialId "材料";
    /// An answer of a public database.
    InquiryId "查询";
    /// A registration office.
    OfficeId "注册机构";
    /// A batch of applications.
    BatchId "批次";
}

/// The number that people are given: `YYYYMMDD`, six digits of the day's sequence, a check digit.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Number(String);

impl Number {
    pub(crate) fn of(day: law::CivilDate, sequence: u32) -> Self {
        Self(number::compose(day, sequence))
    }

    /// The fifteen digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Number {
    type Err = Error;

    /// Spaces and hyphens that people put in are left out.
    fn from_str(text: &str) -> Result<Self, Error> {
        let digits: String = text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
        if number::is_number(&digits) {
            Ok(Self(digits))
        } else {
            Err(Error::Input {
                field: "申请编号", why: "应为 15 位数字，请核对是否抄错"
            })
        }
    }
}

impl TryFrom<String> for Number {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Number> for String {
    fn from(number: Number) -> Self {
        number.0
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
