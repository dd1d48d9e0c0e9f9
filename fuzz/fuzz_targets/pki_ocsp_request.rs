//! A question about status: its octets are kept, and what it asks can be asked again.
#![no_main]

use pki::ocsp::Request;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let Ok(request) = Request::from_der(octets) else {
        return;
    };
    assert_eq!(request.der(), octets);
    assert!(!request.certificates().is_empty());
    let again = Request::new(request.certificates().to_vec(), request.nonce().cloned()).unwrap();
    let read = Request::from_der(again.der()).unwrap();
    assert_eq!(read.certificates(), request.certificates());
    assert_eq!(read.nonce(), request.nonce());
});
