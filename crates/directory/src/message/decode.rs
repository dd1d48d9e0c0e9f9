//! Reading messages.

use gm::sm3;
use zeroize::Zeroizing;

use super::ber::{BOOLEAN, ENUMERATED, INTEGER, Malformed, OCTETS, Reader, SEQUENCE};
use super::code::ResultCode;
use super::filter::{self, NoFilter};
use super::model::{
    Authentication, Control, Message, Operation, PAGED_RESULTS, Paging, Passphrase, Scope,
    SearchRequest, Write,
};

/// Most controls of a message.
const MAX_CONTROLS: usize = 16;
/// Most attributes of a search.
const MAX_ATTRIBUTES: usize = 256;

/// Why a message was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// It is none: nobody knows what would come next, and the connection ends.
    NoMessage,
    /// It is one, but not what it wants to be.
    NoOperation {
        /// Its number.
        id: u32,
        /// The tag of its answer, if it has one.
        answer: Option<u8>,
        /// Why.
        code: ResultCode,
    },
}

/// The message in these octets, which are one by [`super::frame`].
///
/// # Errors
/// When it is none, or none within the bounds.
pub fn decode(octets: &[u8]) -> Result<Message, Unreadable> {
    let envelope = |octets| {
        let mut outer = Reader::new(octets);
        let mut inner = Reader::new(outer.expect(SEQUENCE)?);
        outer.finish()?;
        let id = inner.number(INTEGER)?;
        // 0 is for notices of the server.
        if id == 0 {
            return Err(Malformed);
        }
        let (tag, content) = inner.read()?;
        Ok::<_, Malformed>((id, tag, content, inner))
    };
    let (id, tag, content, mut rest) = envelope(octets).map_err(|_| Unreadable::NoMessage)?;
    let refuse = |why| {
        let code = match why {
            NoFilter::Malformed => ResultCode::ProtocolError,
            NoFilter::TooComplex => ResultCode::AdminLimitExceeded,
        };
        Unreadable::NoOperation { id, answer: answer_to(tag), code }
    };
    let operation = operation(tag, content).map_err(refuse)?;
    let controls = controls(&mut rest).map_err(|Malformed| refuse(NoFilter::Malformed))?;
    Ok(Message { id, operation, controls })
}

/// The tag of the answer to an operation.
pub(super) const fn answer_to(tag: u8) -> Option<u8> {
    match tag {
        0x60 => Some(0x61),
        0x63 => Some(0x65),
        0x66 => Some(0x67),
        0x68 => Some(0x69),
        0x4a => Some(0x6b),
        0x6c => Some(0x6d),
        0x6e => Some(0x6f),
        0x77 => Some(0x78),
        _ => None,
    }
}

fn operation(tag: u8, content: &[u8]) -> Result<Operation, NoFilter> {
    Ok(match tag {
        0x60 => bind(content)?,
        0x42 => Operation::Unbind,
        0x63 => search(content)?,
        0x66 => Operation::Write(Write::Modify),
        0x68 => Operation::Write(Write::Add),
        0x4a => Operation::Write(Write::Delete),
        0x6c => Operation::Write(Write::Rename),
        0x6e => compare(content)?,
        0x50 => Operation::Abandon,
        0x77 => extended(content)?,
        _ => return Err(NoFilter::Malformed),
    })
}

fn bind(content: &[u8]) -> Result<Operation, Malformed> {
    let mut reader = Reader::new(content);
    let version = reader.number(INTEGER)?;
    let name = reader.expect(OCTETS)?.to_vec();
    let authentication = match reader.read()? {
        (0x80, passphrase) => {
            Authentication::Simple(Passphrase(Zeroizing::new(passphrase.to_vec())))
        }
        (0xa3, _) => Authentication::Sasl,
        _ => return Err(Malformed),
    };
    reader.finish()?;
    Ok(Operation::Bind { version, name, authentication })
}

fn search(content: &[u8]) -> Result<Operation, NoFilter> {
    let mut reader = Reader::new(content);
    let base = reader.expect(OCTETS)?.to_vec();
    let scope = match reader.number(ENUMERATED)? {
        0 => Scope::Base,
        1 => Scope::One,
        2 => Scope::Subtree,
        _ => return Err(NoFilter::Malformed),
    };
    // There are no aliases to follow or not to follow.
    if reader.number(ENUMERATED)? > 3 {
        return Err(NoFilter::Malformed);
    }
    let (size_limit, time_limit) = (reader.number(INTEGER)?, reader.number(INTEGER)?);
    let types_only = reader.boolean(BOOLEAN)?;
    let filter = filter::read(&mut reader)?;
    let mut list = Reader::new(reader.expect(SEQUENCE)?);
    reader.finish()?;
    let mut attributes = Vec::new();
    while !list.is_empty() {
        attributes.push(list.expect(OCTETS)?.to_vec());
        if attributes.len() > MAX_ATTRIBUTES {
            return Err(NoFilter::TooComplex);
        }
    }
    let digest = sm3::hash(content).0;
    Ok(Operation::Search(Box::new(SearchRequest {
        base,
        scope,
        size_limit,
        time_limit,
        types_only,
        filter,
        attributes,
        digest,
    })))
}

fn compare(content: &[u8]) -> Result<Operation, Malformed> {
    let mut reader = Reader::new(content);
    let dn = reader.expect(OCTETS)?.to_vec();
    let mut assertion = Reader::new(reader.expect(SEQUENCE)?);
    reader.finish()?;
    let attribute = assertion.expect(OCTETS)?.to_vec();
    let value = assertion.expect(OCTETS)?.to_vec();
    assertion.finish()?;
    Ok(Operation::Compare { dn, attribute, value })
}

fn extended(content: &[u8]) -> Result<Operation, Malformed> {
    let mut reader = Reader::new(content);
    let oid = text(reader.expect(0x80)?)?;
    let value = reader.optional(0x81)?.map(<[u8]>::to_vec);
    reader.finish()?;
    Ok(Operation::Extended { oid, value })
}

fn controls(rest: &mut Reader<'_>) -> Result<Vec<Control>, Malformed> {
    let mut controls = Vec::new();
    if let Some(list) = rest.optional(0xa0)? {
        let mut list = Reader::new(list);
        while !list.is_empty() {
            controls.push(control(list.expect(SEQUENCE)?)?);
            if controls.len() > MAX_CONTROLS {
                return Err(Malformed);
            }
        }
    }
    rest.finish()?;
    Ok(controls)
}

fn control(content: &[u8]) -> Result<Control, Malformed> {
    let mut reader = Reader::new(content);
    let oid = text(reader.expect(OCTETS)?)?;
    let is_critical = match reader.peek() {
        Some(BOOLEAN) => reader.boolean(BOOLEAN)?,
        _ => false,
    };
    let value = reader.optional(OCTETS)?.map(<[u8]>::to_vec);
    reader.finish()?;
    Ok(Control { oid, is_critical, value })
}

fn text(octets: &[u8]) -> Result<String, Malformed> {
    String::from_utf8(octets.to_vec()).map_err(|_| Malformed)
}

impl Paging {
    /// What a control of pages says.
    ///
    /// # Errors
    /// When its value is none.
    pub fn of(control: &Control) -> Option<Self> {
        let mut outer = Reader::new(control.value.as_deref()?);
        let mut reader = Reader::new(outer.expect(SEQUENCE).ok()?);
        let size = reader.number(INTEGER).ok()?;
        let cookie = reader.expect(OCTETS).ok()?.to_vec();
        (reader.finish().is_ok() && outer.finish().is_ok()).then_some(Self { size, cookie })
    }
}

impl Message {
    /// The control of pages, if there is one.
    #[must_use]
    pub fn paging(&self) -> Option<&Control> {
        self.controls.iter().find(|control| control.oid == PAGED_RESULTS)
    }

    /// Whether a control is critical and isn't there for this operation (RFC 4511 §4.1.11).
    #[must_use]
    pub fn needs_more(&self) -> bool {
        let is_search = matches!(self.operation, Operation::Search(_));
        let known = |control: &Control| is_search && control.oid == PAGED_RESULTS;
        self.controls.iter().any(|control| control.is_critical && !known(control))
    }
}

#[cfg(test)]
mod tests {
    use super::super::ber::{put, put_number};
    use super::super::filter::{MAX_DEPTH, MAX_ITEMS};
    use super::*;
    use crate::model::{AttributeType, Filter};
    use proptest::prelude::*;

    /// A search with this filter, as a client writes it.
    fn message(filter: &[u8], (size, controls): (&[u8], &[u8])) -> Vec<u8> {
        let mut search = Vec::new();
        put(&mut search, OCTETS, b"c=CN");
        put_number(&mut search, ENUMERATED, 2);
        put_number(&mut search, ENUMERATED, 0);
        put(&mut search, INTEGER, size);
        put_number(&mut search, INTEGER, 0);
        put(&mut search, BOOLEAN, &[0]);
        search.extend(filter);
        put(&mut search, SEQUENCE, &[]);
        let mut inner = Vec::new();
        put_number(&mut inner, INTEGER, 7);
        put(&mut inner, 0x63, &search);
        inner.extend(controls);
        let mut out = Vec::new();
        put(&mut out, SEQUENCE, &inner);
        out
    }

    fn present(name: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        put(&mut out, 0x87, name);
        out
    }

    fn wrapped(tag: u8, inner: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        put(&mut out, tag, inner);
        out
    }

    fn read(filter: &[u8]) -> Result<Filter, ResultCode> {
        match decode(&message(filter, (&[0], &[]))) {
            Ok(Message { operation: Operation::Search(search), .. }) => Ok(search.filter),
            Err(Unreadable::NoOperation { id: 7, answer: Some(0x65), code }) => Err(code),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_search_is_read_as_it_was_written() {
        assert_eq!(read(&present(b"CN")), Ok(Filter::Present(Some(AttributeType::CommonName))));
        assert_eq!(read(&present(b"nothing")), Ok(Filter::Present(None)));
        assert_eq!(read(&[0xa0, 0]), Ok(Filter::And(vec![])));
    }

    #[test]
    fn nesting_and_size_have_their_bounds_to_the_step() {
        let nested = |depth: usize| (1..depth).fold(present(b"cn"), |f, _| wrapped(0xa2, &f));
        assert!(read(&nested(MAX_DEPTH)).is_ok());
        assert_eq!(read(&nested(MAX_DEPTH + 1)), Err(ResultCode::AdminLimitExceeded));
        assert_eq!(read(&nested(10_000)), Err(ResultCode::AdminLimitExceeded));
        let wide = |count: usize| wrapped(0xa1, &present(b"cn").repeat(count));
        assert!(read(&wide(MAX_ITEMS - 1)).is_ok());
        assert_eq!(read(&wide(MAX_ITEMS)), Err(ResultCode::AdminLimitExceeded));
    }

    #[test]
    fn what_is_no_search_is_a_protocol_error_with_its_number() {
        for wrong in [
            &[0x99, 0][..],
            &[0xa2, 0],
            &[0xa3, 0],
            &[0xa4, 0],
            &[0xa9, 0],
            &[0x87, 5, 1],
            &[0xa4, 6, 4, 2, b'c', b'n', 0x30, 0],
            &[0xa4, 8, 4, 2, b'c', b'n', 0x30, 2, 0x80, 0],
            &[0xa9, 2, 0x83, 0],
        ] {
            assert_eq!(read(wrong), Err(ResultCode::ProtocolError), "{wrong:?}");
        }
        let negative = message(&present(b"cn"), (&[0xff], &[]));
        assert!(matches!(decode(&negative), Err(Unreadable::NoOperation { id: 7, .. })));
        let huge = message(&present(b"cn"), (&[0, 0x80, 0, 0, 0], &[]));
        assert!(matches!(decode(&huge), Err(Unreadable::NoOperation { id: 7, .. })));
    }

    #[test]
    fn controls_are_read_and_unknown_critical_ones_noticed() {
        let control = |critical: bool, oid: &[u8]| {
            let mut inner = Vec::new();
            put(&mut inner, OCTETS, oid);
            if critical {
                put(&mut inner, BOOLEAN, &[0xff]);
            }
            wrapped(0xa0, &wrapped(SEQUENCE, &inner))
        };
        let read = |controls: &[u8]| {
            decode(&message(&present(b"cn"), (&[0], controls))).unwrap().needs_more()
        };
        assert!(read(&control(true, b"1.2.3")));
        assert!(!read(&control(false, b"1.2.3")));
        assert!(!read(&control(true, PAGED_RESULTS.as_bytes())));
    }

    proptest! {
        #[test]
        fn no_octets_break_the_reader(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&octets);
            let _ = decode(&wrapped(SEQUENCE, &octets));
            let _ = decode(&message(&octets, (&[0], &[])));
        }

        #[test]
        fn a_message_cut_short_is_none(cut in 0_usize..40) {
            let whole = message(&present(b"cn"), (&[0], &[]));
            prop_assume!(cut < whole.len());
            prop_assert_eq!(decode(&whole[..cut]), Err(Unreadable::NoMessage));
        }
    }
}
