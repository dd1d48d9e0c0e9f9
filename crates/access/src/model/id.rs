//! Identifiers: 128 random bits in lower-case hexadecimal.

use crate::Error;
use std::fmt;
use std::str::FromStr;

macro_rules! identifier {
    ($name:ident, $what:literal) => {
        #[doc = $what]
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            pub(crate) fn from_random(octets: [u8; 16]) -> Self {
                Self(hex::encode(octets))
            }

            /// The 32 digits.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self, Error> {
                if is_identifier(text) { Ok(Self(text.into())) } else { Err(Error::Id) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

identifier!(ClientId, "Names a client; the `keyid` of its signatures.");
identifier!(PersonId, "Names a person for ever: the journal speaks of it.");

/// 32 digits of lower-case hexadecimal.
fn is_identifier(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|octet| matches!(octet, b'0'..=b'9' | b'a'..=b'f'))
}
