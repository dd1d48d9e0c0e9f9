//! A certificate: its octets are kept, its parts read again the same.
#![no_main]

use pki::{Certificate, Name, Serial};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let Ok(certificate) = Certificate::from_der(octets) else {
        return;
    };
    assert_eq!(certificate.der(), octets);
    assert!(octets.get(2..6).is_some());
    assert!((2..=6).any(|at| octets[at..].starts_with(certificate.tbs_der())));
    assert!(octets.ends_with(certificate.signature()));
    for name in [certificate.issuer(), certificate.subject()] {
        assert_eq!(Name::from_der(name.der()).as_ref(), Ok(name));
        let _ = name.to_string();
    }
    let serial = certificate.serial();
    assert_eq!(Serial::from_hex(&serial.to_hex()), Ok(serial));
    assert!((1..=20).contains(&serial.as_bytes().len()));
    assert!(certificate.not_before() <= certificate.not_after());
    read_extensions(&certificate);
    let armoured = certificate.to_pem().unwrap();
    let again = Certificate::from_pem_or_der(armoured.as_bytes()).unwrap();
    assert_eq!(again.der(), octets);
    if let Ok(key) = certificate.public_key() {
        let _ = certificate.verify_signature(&key, &gm::UserId::default());
    }
});

/// What passed the gate is readable: a known extension that is there is never `None`.
fn read_extensions(certificate: &Certificate) {
    let _ = (
        certificate.ski(),
        certificate.aki(),
        certificate.eku(),
        certificate.crl_dp(),
    );
    let _ = (certificate.aia(), certificate.policies(), certificate.san());
    let _ = (certificate.name_constraints(), certificate.freshest_crl());
    let is_there = |oid| certificate.extension(&oid).is_some();
    assert_eq!(
        certificate.key_usage().is_some(),
        is_there(pki::oid::KEY_USAGE)
    );
    assert_eq!(
        certificate.basic_constraints().is_some(),
        is_there(pki::oid::BASIC_CONSTRAINTS)
    );
    for extension in certificate.extensions() {
        assert_eq!(extension.check(), Ok(()));
    }
}
