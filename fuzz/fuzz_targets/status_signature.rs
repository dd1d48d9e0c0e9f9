//! What the verification service takes apart: signatures, messages, and what is enclosed. Nothing that
//! a stranger sends passes the value check of a key that did not sign it.
#![no_main]

use gm::UserId;
use status::verification::message::Message;
use status::verification::{Covered, Evidence, Form, Outcome, rules};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let (ca, id) = (yinxin_fuzz::ca(), UserId::default());
    let covered = Covered::Content(b"a content that nobody signed".to_vec());
    let _ = Form::of(octets);
    let mut evidence = Evidence::default();
    let _ = evidence.add_certificates(octets);
    let _ = evidence.add_lists(octets);
    let _ = evidence.add_answer(octets);
    let Ok(message) = Message::from_der(octets) else { return };
    let _ = rules::cover_checks(&message, &covered);
    for signer in &message.signers {
        let checks = rules::message_checks(signer, &message, &covered);
        assert!(!checks.is_empty());
        let signed = signer.attributes.as_ref().map(|attributes| &attributes.signed[..]);
        let e = rules::signed_value(signed, &covered, (ca, &id));
        let value = rules::signature_check(ca, e, signer.signature().as_ref());
        // The seeds are signed over other content; with attributes the digest fails instead.
        assert!(value.outcome != Outcome::Passed || signer.attributes.is_some());
    }
});
