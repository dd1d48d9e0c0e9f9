//! GM/T 0010 messages: what opens or verifies was sealed or signed.
#![no_main]

use gm::UserId;
use pki::Error;
use pki::message::{EnvelopedData, Holder, SignedAndEnvelopedData, SignedData};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let (ca, key, id) = (yinxin_fuzz::ca(), yinxin_fuzz::key(), UserId::default());
    let holder = Holder::of(ca);
    let decrypt =
        |cipher: &gm::Ciphertext| key.decrypt(cipher).map_err(|_| Error::Internal("decrypt"));
    if let Ok(message) = SignedData::from_der(octets) {
        let verified = message.verify(None, &id);
        assert!(verified.is_err() || message.content().is_some());
        assert!(verified.is_err() || !message.signers().is_empty());
        let _ = message.verify(Some(b"elsewhere"), &id);
    }
    if let Ok(message) = EnvelopedData::from_der(octets) {
        let is_for_us = message.recipients().any(|recipient| *recipient == holder);
        assert!(message.open(&holder, decrypt).is_err() || is_for_us);
    }
    if let Ok(message) = SignedAndEnvelopedData::from_der(octets)
        && let Ok((_, signers)) = message.open(&holder, &[], &id, decrypt)
    {
        assert!(!signers.is_empty());
    }
});
