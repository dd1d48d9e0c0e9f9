//! An answer about status: only what the issuer or its responder signed is believed.
#![no_main]

use pki::ocsp::{Reply, Signer};
use pki::oid;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let Ok(Reply::Answered(response)) = Reply::from_der(octets) else {
        return;
    };
    assert!(
        octets
            .windows(response.tbs_der().len())
            .any(|part| part == response.tbs_der())
    );
    let (issuer, id, at) = (yinxin_fuzz::ca(), gm::UserId::default(), yinxin_fuzz::now());
    if let Ok(Signer::Delegated { certificate, .. }) = response.verify(issuer, &id, at) {
        let key = issuer.public_key().unwrap();
        assert_eq!(certificate.verify_signature(&key, &id), Ok(()));
        assert!(
            certificate
                .eku()
                .is_some_and(|uses| uses.contains(&oid::OCSP_SIGNING))
        );
        assert!(certificate.is_valid_at(at));
    }
});
