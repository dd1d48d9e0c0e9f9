//! A certification request: what proves possession is what came, and never leads to a CA.
#![no_main]

use gm::UserId;
use pki::CertificationRequest;
use pki::ext::{BasicConstraints, find};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    drop(CertificationRequest::from_pem_or_der(octets));
    let Ok(request) = CertificationRequest::from_der(octets) else {
        return;
    };
    assert_eq!(request.der(), octets);
    let _ = (request.challenge_password(), request.subject().to_string());
    let constraints = find::<BasicConstraints>(request.requested_extensions()).unwrap();
    assert!(constraints.is_none_or(|constraints| !constraints.ca));
    if let Ok(proof) = request.prove_possession(&UserId::default()) {
        assert_eq!(proof.csr_der(), octets);
        assert_eq!(request.spki().public_key().as_ref(), Ok(proof.public_key()));
    }
});
