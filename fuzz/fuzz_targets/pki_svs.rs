//! A message of a signature verification server: what is read says the same when it is written again.
#![no_main]

use pki::svs::{Body, Reply, Request};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    if let Ok(request) = Request::from_der(octets) {
        let kind = request.body.kind();
        assert_eq!(Request::kind_of(octets), Some(kind));
        if !matches!(request.body, Body::Parts(_)) {
            // Defaults that are written out are left out: shorter, and the same.
            let again = request.to_der();
            assert!(again.len() <= octets.len());
            assert_eq!(Request::from_der(&again).unwrap(), request);
        }
    }
    if let Ok(reply) = Reply::from_der(octets) {
        assert_eq!(Reply::from_der(&reply.to_der()).unwrap(), reply);
    }
});
