//! The answer: `TimeStampResp` (RFC 3161 §2.4.2).

use super::token::MAX_OCTETS;
use super::{Defect, Failure, Token};
use crate::Error;
use crate::strict::{Limits, Reader, Tag, Tlv, Writer, check};

/// PKIStatus: granted.
const GRANTED: u64 = 0;
/// PKIStatus: granted, with changes that the token tells.
const GRANTED_WITH_MODS: u64 = 1;
/// PKIStatus: rejection.
const REJECTION: u64 = 2;
/// The last PKIStatus there is.
const LAST_STATUS: u64 = 5;

/// What came back.
#[derive(Debug, Clone)]
pub enum Reply {
    /// A token, not yet verified.
    Granted(Box<Token>),
    /// No token; nothing of this is signed.
    Refused {
        /// Why, by the standard's bits; `None` when it is not said.
        failure: Option<Failure>,
        /// Why, in words.
        text: Vec<String>,
    },
}

/// The whole answer around a token.
pub fn granted(token: &[u8]) -> Vec<u8> {
    Writer::build(|w| {
        w.sequence(|w| {
            w.sequence(|w| w.uint(GRANTED));
            w.raw(token);
        });
    })
}

/// The whole answer without one.
pub(super) fn refused(failure: Failure) -> Vec<u8> {
    let bit = failure.bit();
    let mut bits = vec![0; usize::from(bit / 8) + 1];
    if let Some(last) = bits.last_mut() {
        *last = 0x80 >> (bit % 8);
    }
    // A named bit list ends with its last one (X.690 §11.2.2).
    bits.insert(0, 7 - bit % 8);
    Writer::build(|w| {
        w.sequence(|w| {
            w.sequence(|w| {
                w.uint(REJECTION);
                w.sequence(|w| w.utf8_string(failure.chinese()));
                w.tlv(Tag::BIT_STRING, &bits);
            });
        });
    })
}

impl Reply {
    /// Reads an answer.
    ///
    /// # Errors
    /// When it is not strict DER or not an answer, or a token comes without being granted.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        check(der, &Limits::of("时间戳应答", MAX_OCTETS))?;
        let mut fields = Reader::sequence_of(der)?;
        let mut info = fields.sequence()?;
        let status = info.uint()?;
        let text = match info.optional(Tag::SEQUENCE)? {
            Some(list) => read_text(&list)?,
            None => Vec::new(),
        };
        let failure = match info.optional(Tag::BIT_STRING)? {
            Some(bits) => first_failure(&bits)?,
            None => None,
        };
        info.finish()?;
        let token = fields.optional(Tag::SEQUENCE)?;
        fields.finish()?;
        match (status, token) {
            (GRANTED | GRANTED_WITH_MODS, Some(token)) => {
                Ok(Self::Granted(Box::new(Token::from_der(token.raw())?)))
            }
            (REJECTION..=LAST_STATUS, None) => Ok(Self::Refused { failure, text }),
            _ => Err(Defect::Status.into()),
        }
    }
}

fn read_text(list: &Tlv<'_>) -> Result<Vec<String>, Error> {
    let (mut reader, mut text) = (list.reader(), Vec::new());
    while !reader.is_empty() {
        text.extend(reader.expect(Tag::UTF8_STRING)?.text());
    }
    Ok(text)
}

/// The first bit that is set and known.
fn first_failure(element: &Tlv<'_>) -> Result<Option<Failure>, Error> {
    let bits = element.bits()?.bytes;
    let is_set = |failure: &Failure| {
        let bit = failure.bit();
        bits.get(usize::from(bit / 8)).is_some_and(|octet| octet & (0x80 >> (bit % 8)) != 0)
    };
    Ok(Failure::ALL.into_iter().find(is_set))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_is_written_and_read_back() {
        for failure in Failure::ALL {
            match Reply::from_der(&failure.der()) {
                Ok(Reply::Refused { failure: read, text }) => {
                    assert_eq!(read, Some(failure));
                    assert_eq!(text, [failure.chinese()]);
                }
                other => panic!("{other:?}"),
            }
        }
    }

    /// RFC 3161 §2.4.2: timeNotAvailable is bit 14, systemFailure bit 25.
    #[test]
    fn failures_are_the_bits_of_the_standard() {
        let der = |failure: Failure| hex::encode(failure.der());
        assert!(der(Failure::BadAlg).ends_with("03020780"));
        assert!(der(Failure::TimeNotAvailable).ends_with("0303010002"));
        assert!(der(Failure::SystemFailure).ends_with("03050600000040"));
    }
}
