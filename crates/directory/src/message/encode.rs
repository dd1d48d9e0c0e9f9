//! Writing answers.

use bytes::Bytes;

use super::ber::{ENUMERATED, INTEGER, OCTETS, SEQUENCE, SET, put, put_number};
use super::model::{Operation, Outcome, PAGED_RESULTS, Write};

/// Notice of disconnection (RFC 4511 §4.4.1).
const DISCONNECTION: &str = "1.3.6.1.4.1.1466.20036";

pub(super) fn message(id: u32, operation: &[u8], controls: &[u8]) -> Vec<u8> {
    let mut inner = Vec::with_capacity(operation.len() + controls.len() + 8);
    put_number(&mut inner, INTEGER, id);
    inner.extend_from_slice(operation);
    inner.extend_from_slice(controls);
    let mut out = Vec::with_capacity(inner.len() + 8);
    put(&mut out, SEQUENCE, &inner);
    out
}

fn result(outcome: &Outcome) -> Vec<u8> {
    let mut inner = Vec::new();
    put_number(&mut inner, ENUMERATED, u32::from(outcome.code.number()));
    put(&mut inner, OCTETS, outcome.matched.as_bytes());
    put(&mut inner, OCTETS, outcome.diagnostic.as_bytes());
    inner
}

/// An answer of this tag that is a result alone.
#[must_use]
pub fn done(id: u32, tag: u8, outcome: &Outcome) -> Vec<u8> {
    let mut operation = Vec::new();
    put(&mut operation, tag, &result(outcome));
    message(id, &operation, &[])
}

/// The answer to a bind.
#[must_use]
pub fn bind_done(id: u32, outcome: &Outcome) -> Vec<u8> {
    done(id, 0x61, outcome)
}

/// The answer to a compare.
#[must_use]
pub fn compare_done(id: u32, outcome: &Outcome) -> Vec<u8> {
    done(id, 0x6f, outcome)
}

/// The end of a search; with pages, the mark of the next one (empty: none).
#[must_use]
pub fn search_done(id: u32, outcome: &Outcome, cookie: Option<&[u8]>) -> Vec<u8> {
    let mut operation = Vec::new();
    put(&mut operation, 0x65, &result(outcome));
    let controls = cookie.map(paging).unwrap_or_default();
    message(id, &operation, &controls)
}

fn paging(cookie: &[u8]) -> Vec<u8> {
    let (mut inner, mut value, mut control) = (Vec::new(), Vec::new(), Vec::new());
    // How many there are in all is not counted: that would be a search without bounds.
    put_number(&mut inner, INTEGER, 0);
    put(&mut inner, OCTETS, cookie);
    put(&mut value, SEQUENCE, &inner);
    put(&mut control, OCTETS, PAGED_RESULTS.as_bytes());
    put(&mut control, OCTETS, &value);
    let (mut list, mut out) = (Vec::new(), Vec::new());
    put(&mut list, SEQUENCE, &control);
    put(&mut out, 0xa0, &list);
    out
}

/// An entry that was found.
#[must_use]
pub fn entry(id: u32, dn: &str, attributes: &[(String, Vec<Bytes>)]) -> Vec<u8> {
    let (mut list, mut inner, mut operation) = (Vec::new(), Vec::new(), Vec::new());
    for (description, values) in attributes {
        let (mut attribute, mut set) = (Vec::new(), Vec::new());
        put(&mut attribute, OCTETS, description.as_bytes());
        for value in values {
            put(&mut set, OCTETS, value);
        }
        put(&mut attribute, SET, &set);
        put(&mut list, SEQUENCE, &attribute);
    }
    put(&mut inner, OCTETS, dn.as_bytes());
    put(&mut inner, SEQUENCE, &list);
    put(&mut operation, 0x64, &inner);
    message(id, &operation, &[])
}

/// The answer to an extended operation.
#[must_use]
pub fn extended_done(id: u32, outcome: &Outcome, (oid, value): (&str, Option<&[u8]>)) -> Vec<u8> {
    let mut inner = result(outcome);
    if !oid.is_empty() {
        put(&mut inner, 0x8a, oid.as_bytes());
    }
    if let Some(value) = value {
        put(&mut inner, 0x8b, value);
    }
    let mut operation = Vec::new();
    put(&mut operation, 0x78, &inner);
    message(id, &operation, &[])
}

/// Says that the connection ends, and why.
#[must_use]
pub fn disconnection(outcome: &Outcome) -> Vec<u8> {
    extended_done(0, outcome, (DISCONNECTION, None))
}

impl Write {
    /// The tag of the answer.
    #[must_use]
    pub const fn answer(self) -> u8 {
        match self {
            Self::Modify => 0x67,
            Self::Add => 0x69,
            Self::Delete => 0x6b,
            Self::Rename => 0x6d,
        }
    }
}

impl Operation {
    /// The tag of the answer; none for what has no answer.
    #[must_use]
    pub const fn answer(&self) -> Option<u8> {
        match self {
            Self::Bind { .. } => Some(0x61),
            Self::Search(_) => Some(0x65),
            Self::Write(write) => Some(write.answer()),
            Self::Compare { .. } => Some(0x6f),
            Self::Extended { .. } => Some(0x78),
            Self::Unbind | Self::Abandon => None,
        }
    }

    /// Its name, for figures.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Bind { .. } => "bind",
            Self::Search(_) => "search",
            Self::Write(_) => "write",
            Self::Compare { .. } => "compare",
            Self::Extended { .. } => "extended",
            Self::Unbind => "unbind",
            Self::Abandon => "abandon",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ber::Reader;
    use super::super::{Frame, ResultCode, frame};
    use super::*;

    #[test]
    fn an_entry_is_one_message_whatever_its_size() {
        for octets in [0, 1, 127, 128, 255, 256, 60_000] {
            let values = vec![Bytes::from(vec![7; octets])];
            let out = entry(9, "cn=甲", &[("userCertificate;binary".to_owned(), values)]);
            assert_eq!(frame(&out), Frame::Whole(out.len()), "{octets}");
            let mut outer = Reader::new(&out);
            let mut inner = Reader::new(outer.expect(SEQUENCE).unwrap());
            assert_eq!(inner.number(INTEGER), Ok(9));
            let mut found = Reader::new(inner.expect(0x64).unwrap());
            assert_eq!(found.expect(OCTETS), Ok("cn=甲".as_bytes()));
        }
    }

    #[test]
    fn a_success_looks_as_the_standard_has_it() {
        let out = bind_done(1, &Outcome::success());
        assert_eq!(out, [0x30, 12, 2, 1, 1, 0x61, 7, 0x0a, 1, 0, 4, 0, 4, 0]);
        let out = search_done(200, &Outcome::new(ResultCode::NoSuchObject, ""), Some(b"x"));
        assert_eq!(out[..9], [0x30, 51, 2, 2, 0, 200, 0x65, 7, 0x0a]);
        assert!(out.ends_with(&[4, 8, 0x30, 6, 2, 1, 0, 4, 1, b'x']));
    }
}
