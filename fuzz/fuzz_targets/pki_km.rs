//! Messages between CA and key centre (GM/T 0014): what was signed is kept.
#![no_main]

use gm::UserId;
use pki::km::{CaRequest, KmRespond, PrivateKeyEnvelope};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let (key, id) = (*yinxin_fuzz::key().public_key(), UserId::default());
    if let Ok(message) = CaRequest::from_der(octets) {
        assert!((2..=6).any(|at| octets[at..].starts_with(message.body_der())));
        assert_eq!(
            CaRequest::from_der(&message.to_der()).as_ref(),
            Ok(&message)
        );
        let _ = message.verify(&key, &id);
    }
    if let Ok(message) = KmRespond::from_der(octets) {
        assert!((2..=6).any(|at| octets[at..].starts_with(message.body_der())));
        assert_eq!(
            KmRespond::from_der(&message.to_der()).as_ref(),
            Ok(&message)
        );
        let _ = message.verify(&key, &id);
    }
    if let Ok(envelope) = PrivateKeyEnvelope::from_der(octets) {
        let _ = envelope.verify(&key, &id);
    }
});
