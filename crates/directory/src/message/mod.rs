//! Messages of LDAP (RFC 4511) in octets: read strictly and within bounds, written plainly. Only what
//! a directory that is read needs: operations that would change something are known by their tag and
//! refused. Beside it what a client needs that publishes into another directory: its requests are
//! written, their answers read.
//!
//! Assertion values are octets, for they may be certificates.

mod ber;
mod code;
mod decode;
mod encode;
mod filter;
mod model;
mod reply;
mod request;

pub use code::ResultCode;
pub use decode::{Unreadable, decode};
pub use encode::{bind_done, compare_done, disconnection, done, entry, extended_done, search_done};
pub use filter::{MAX_DEPTH, MAX_ITEMS};
pub use model::{
    Authentication, Control, Message, Operation, Outcome, PAGED_RESULTS, Paging, Passphrase,
    START_TLS, Scope, SearchRequest, WHO_AM_I, Write,
};
pub use reply::{BadReply, Done, MAX_REPLY_OCTETS, Reply, ReplyBody, decode_reply};
pub use request::{
    WireAttribute, add_request, bind_request, delete_request, replace_request, search_request,
    start_tls_request, unbind_request,
};

/// Largest message that is read, in octets.
pub const MAX_OCTETS: usize = 64 << 10;

/// Whether a whole message has arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame {
    /// More octets are needed.
    Partial,
    /// The first so many octets are one.
    Whole(usize),
    /// This can't become one.
    Broken,
    /// It would be too large.
    TooLarge,
}

/// Looks for the end of the first message.
#[must_use]
pub fn frame(octets: &[u8]) -> Frame {
    frame_within(octets, MAX_OCTETS)
}

/// The same, of messages up to another size.
#[must_use]
pub fn frame_within(octets: &[u8], most: usize) -> Frame {
    let Some((tag, rest)) = octets.split_first() else {
        return Frame::Partial;
    };
    if *tag != ber::SEQUENCE {
        return Frame::Broken;
    }
    let Some((first, rest)) = rest.split_first() else {
        return Frame::Partial;
    };
    let (length, head) = match usize::from(*first) {
        short @ 0..=0x7f => (short, 2),
        0x81..=0x84 => {
            let count = usize::from(*first & 0x7f);
            let Some(digits) = rest.get(..count) else {
                return Frame::Partial;
            };
            (digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit)), 2 + count)
        }
        _ => return Frame::Broken,
    };
    match head + length {
        whole if whole > most => Frame::TooLarge,
        whole if whole > octets.len() => Frame::Partial,
        whole => Frame::Whole(whole),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_message_is_found_from_its_first_octets() {
        assert_eq!(frame(&[]), Frame::Partial);
        assert_eq!(frame(&[0x30]), Frame::Partial);
        assert_eq!(frame(&[0x30, 2, 1]), Frame::Partial);
        assert_eq!(frame(&[0x30, 2, 1, 1, 9]), Frame::Whole(4));
        assert_eq!(frame(&[0x30, 0x81, 1, 9]), Frame::Whole(4));
        assert_eq!(frame(&[0x30, 0x84, 0, 0]), Frame::Partial);
        assert_eq!(frame(&[0x30, 0x84, 0, 0x10, 0, 0]), Frame::TooLarge);
        assert_eq!(frame(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]), Frame::TooLarge);
        assert_eq!(frame(&[0x30, 0x80]), Frame::Broken, "no indefinite lengths");
        assert_eq!(frame(&[0x30, 0x85, 0]), Frame::Broken);
        assert_eq!(frame(b"GET / HTTP/1.1"), Frame::Broken);
    }
}
