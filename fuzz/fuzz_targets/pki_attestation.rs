//! An attestation of a key's device, and the register of products: what was read is read again as it was kept,
//! and without a registered root nothing is proven.
#![no_main]

use std::collections::BTreeMap;

use pki::attestation::{Attestation, Products, Subject};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    if let Ok(attestation) = Attestation::parse(octets) {
        let again = Attestation::parse(attestation.pem().as_bytes()).unwrap();
        assert_eq!(again.sm3(), attestation.sm3());
        if let Ok(key) = attestation.leaf().public_key() {
            let subject = Subject { kind: "person", key: &key, at: yinxin_fuzz::now() };
            assert!(Products::default().judge(&subject, Some(octets)).is_err());
        }
    }
    if let Ok(text) = std::str::from_utf8(octets) {
        if let Ok(octets) = Attestation::octets(text) {
            drop(Attestation::parse(&octets));
        }
        let files = BTreeMap::from([("root.der".to_owned(), yinxin_fuzz::root().der().to_vec())]);
        if let Ok(products) = Products::from_toml(text, &files) {
            assert!(products.iter().all(|one| one.product.valid_from <= one.product.valid_until));
        }
    }
});
