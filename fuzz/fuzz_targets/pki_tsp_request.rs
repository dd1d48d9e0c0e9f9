//! A request for a timestamp: its octets are kept, and what it asks can be asked again.
#![no_main]

use pki::tsp::{Failure, Request};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let request = match Request::from_der(octets) {
        Ok(request) => request,
        Err(error) => {
            assert!(!Failure::of(&error).der().is_empty());
            return;
        }
    };
    assert_eq!(request.der(), octets);
    let imprint = request.imprint();
    assert_eq!(imprint.digest().len(), imprint.algorithm().length());
    let (policy, nonce) = (request.policy().copied(), request.nonce().cloned());
    let again = Request::new(imprint.clone(), policy, nonce, request.wants_certificate());
    // NULL parameters are kept in the imprint, so the octets are the same.
    assert_eq!(again.der(), octets);
    assert_eq!(Request::from_der(again.der()).unwrap(), request);
});
