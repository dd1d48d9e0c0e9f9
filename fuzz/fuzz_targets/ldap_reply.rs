//! Answers of another directory, as the publisher reads them: whatever comes is read within its bounds,
//! and no text that goes into a log holds a control character.
#![no_main]

use directory::message::{decode_reply, frame_within, Frame, ReplyBody};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    if let Frame::Whole(whole) = frame_within(octets, 1 << 20) {
        assert!(whole <= octets.len() && whole <= 1 << 20);
    }
    if let Ok(reply) = decode_reply(octets) {
        if let ReplyBody::Done(done) = reply.body {
            assert!(!done.diagnostic.contains(char::is_control));
        }
    }
});
