//! Reading answers, as a client of another directory: strictly, within bounds, and never trusting that
//! an answer is to what was asked.

use bytes::Bytes;

use super::ber::{BOOLEAN, ENUMERATED, INTEGER, Malformed, OCTETS, Reader, SEQUENCE, SET};
use super::model::{Control, PAGED_RESULTS, Paging};
use super::request::WireAttribute;

/// Largest answer that is read, in octets: an entry with revocation lists of millions.
pub const MAX_REPLY_OCTETS: usize = 192 << 20;
/// Most attributes of an entry.
const MAX_ATTRIBUTES: usize = 256;
/// Most values of an attribute.
const MAX_VALUES: usize = 4096;
/// Most controls of an answer.
const MAX_CONTROLS: usize = 16;
/// Most characters that are kept of a text for people.
const MAX_TEXT: usize = 300;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The number of its request; 0 for a notice of the server.
    pub id: u32,
    /// What it says.
    pub body: ReplyBody,
}

/// What an answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplyBody {
    /// An entry that was found.
    Entry {
        /// Its name.
        dn: String,
        /// Its attributes.
        attributes: Vec<WireAttribute>,
    },
    /// Somewhere else to look. Nothing is followed.
    Reference,
    /// An operation is over.
    Done(Box<Done>),
}

/// How an operation ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Done {
    /// The tag of the answer, which says to what kind of operation it belongs.
    pub tag: u8,
    /// The result code.
    pub code: u32,
    /// What the server says, without control characters and not too long.
    pub diagnostic: String,
    /// With pages, the mark of the next one; empty when there is none.
    pub cookie: Option<Vec<u8>>,
}

/// Octets that are no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("不是有效的 LDAP 应答")]
pub struct BadReply;

impl From<Malformed> for BadReply {
    fn from(_: Malformed) -> Self {
        Self
    }
}

/// The answer in these octets, which are one message.
///
/// # Errors
/// When they are none, or one beyond the bounds.
pub fn decode_reply(octets: &[u8]) -> Result<Reply, BadReply> {
    let mut outer = Reader::new(octets);
    let mut inner = Reader::new(outer.expect(SEQUENCE)?);
    outer.finish()?;
    let id = inner.number(INTEGER)?;
    let (tag, content) = inner.read()?;
    let cookie = cookie(&mut inner)?;
    let body = match tag {
        0x64 => entry(content)?,
        0x73 => ReplyBody::Reference,
        0x61 | 0x65 | 0x67 | 0x69 | 0x6b | 0x6d | 0x6f | 0x78 => {
            let (code, diagnostic) = result(content)?;
            ReplyBody::Done(Box::new(Done { tag, code, diagnostic, cookie }))
        }
        _ => return Err(BadReply),
    };
    Ok(Reply { id, body })
}

/// A result; what may follow it (referrals, credentials of SASL, values of extensions) is not needed.
fn result(content: &[u8]) -> Result<(u32, String), BadReply> {
    let mut reader = Reader::new(content);
    let code = reader.number(ENUMERATED)?;
    reader.expect(OCTETS)?;
    let text = String::from_utf8_lossy(reader.expect(OCTETS)?).into_owned();
    while !reader.is_empty() {
        reader.read()?;
    }
    Ok((code, text.chars().filter(|c| !c.is_control()).take(MAX_TEXT).collect()))
}

fn entry(content: &[u8]) -> Result<ReplyBody, BadReply> {
    let mut reader = Reader::new(content);
    let dn = text(reader.expect(OCTETS)?)?;
    let mut list = Reader::new(reader.expect(SEQUENCE)?);
    reader.finish()?;
    let mut attributes = Vec::new();
    while !list.is_empty() {
        attributes.push(attribute(list.expect(SEQUENCE)?)?);
        if attributes.len() > MAX_ATTRIBUTES {
            return Err(BadReply);
        }
    }
    Ok(ReplyBody::Entry { dn, attributes })
}

fn attribute(content: &[u8]) -> Result<WireAttribute, BadReply> {
    let mut reader = Reader::new(content);
    let description = text(reader.expect(OCTETS)?)?;
    let mut set = Reader::new(reader.expect(SET)?);
    reader.finish()?;
    let mut values = Vec::new();
    while !set.is_empty() {
        values.push(Bytes::copy_from_slice(set.expect(OCTETS)?));
        if values.len() > MAX_VALUES {
            return Err(BadReply);
        }
    }
    Ok((description, values))
}

/// The mark of the next page among the controls.
fn cookie(rest: &mut Reader<'_>) -> Result<Option<Vec<u8>>, BadReply> {
    let mut found = None;
    if let Some(list) = rest.optional(0xa0)? {
        let (mut list, mut count) = (Reader::new(list), 0);
        while !list.is_empty() {
            let control = control(list.expect(SEQUENCE)?)?;
            count += 1;
            if count > MAX_CONTROLS {
                return Err(BadReply);
            }
            if control.oid == PAGED_RESULTS {
                found = Some(Paging::of(&control).ok_or(BadReply)?.cookie);
            }
        }
    }
    rest.finish()?;
    Ok(found)
}

fn control(content: &[u8]) -> Result<Control, BadReply> {
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

fn text(octets: &[u8]) -> Result<String, BadReply> {
    String::from_utf8(octets.to_vec()).map_err(|_| BadReply)
}

#[cfg(test)]
mod tests {
    use super::super::{Outcome, ResultCode, disconnection, done, entry, search_done};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_the_server_writes_a_client_reads() {
        let values = vec![Bytes::from(vec![7; 70_000])];
        let attributes = vec![("userCertificate;binary".to_owned(), values)];
        let read = decode_reply(&entry(3, "cn=甲", &attributes)).unwrap();
        assert_eq!(
            read,
            Reply { id: 3, body: ReplyBody::Entry { dn: "cn=甲".into(), attributes } }
        );
        let outcome = Outcome::new(ResultCode::NoSuchObject, "没有\r\n这个条目");
        let ReplyBody::Done(read) = decode_reply(&done(4, 0x69, &outcome)).unwrap().body else {
            panic!("no result")
        };
        assert_eq!((read.tag, read.code, read.cookie.as_deref()), (0x69, 32, None));
        assert_eq!(read.diagnostic, "没有这个条目", "no line of a log can be made up");
        let page = search_done(5, &Outcome::success(), Some(b"more"));
        let ReplyBody::Done(read) = decode_reply(&page).unwrap().body else { panic!("no result") };
        assert_eq!(read.cookie.as_deref(), Some(&b"more"[..]));
        assert_eq!(decode_reply(&disconnection(&outcome)).unwrap().id, 0);
    }

    #[test]
    fn halves_and_what_is_no_answer_are_refused() {
        let whole = search_done(5, &Outcome::success(), Some(b"more"));
        for cut in 0..whole.len() {
            assert_eq!(decode_reply(&whole[..cut]), Err(BadReply), "{cut}");
        }
        let long = [whole.clone(), vec![0]].concat();
        assert_eq!(decode_reply(&long), Err(BadReply));
        let attributes = vec![("cn".to_owned(), Vec::new()); MAX_ATTRIBUTES + 1];
        assert_eq!(decode_reply(&entry(1, "cn=a", &attributes)), Err(BadReply));
        let values = vec![Bytes::from_static(b"v"); MAX_VALUES + 1];
        assert_eq!(decode_reply(&entry(1, "cn=a", &[("cn".into(), values)])), Err(BadReply));
        // A request is no answer.
        assert_eq!(decode_reply(&super::super::unbind_request(1)), Err(BadReply));
    }

    proptest! {
        #[test]
        fn no_octets_break_the_reader(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode_reply(&octets);
        }
    }
}
