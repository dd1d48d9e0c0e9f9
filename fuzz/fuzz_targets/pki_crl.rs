//! A revocation list: every entry that was counted is there, and is found.
#![no_main]

use pki::crl::Crl;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let Ok(crl) = Crl::from_der(octets) else {
        return;
    };
    assert_eq!(crl.der(), octets);
    assert!((2..=6).any(|at| octets[at..].starts_with(crl.tbs_der())));
    assert!(octets.ends_with(crl.signature()));
    assert_eq!(crl.entries().count(), crl.len());
    for entry in crl.entries().take(8) {
        assert!(crl.lookup(&entry.revoked.serial).is_some());
    }
    let _ = crl.verify(yinxin_fuzz::key().public_key(), &gm::UserId::default());
});
