//! The answer to a request (GM/T 0092): read, written, read again the same.
#![no_main]

use pki::response::CsrResponse;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let Ok(response) = CsrResponse::decode(octets) else {
        return;
    };
    let written = response.encode();
    let again = CsrResponse::decode(&written).unwrap();
    assert_eq!(again.encode(), written);
    assert_eq!(again.sign_certificates, response.sign_certificates);
    if let Ok(opened) = response.open(yinxin_fuzz::subscriber_key()) {
        let own = *yinxin_fuzz::subscriber_key().public_key();
        assert_eq!(opened.sign_certificate.public_key(), Ok(own));
    }
});
