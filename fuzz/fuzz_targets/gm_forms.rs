//! Signatures, ciphertexts, points and private keys: what is read is written the same.
#![no_main]

use gm::sm2::PrivateKey;
use gm::{Ciphertext, PublicKey, Signature};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    if let Ok(signature) = Signature::from_der(octets) {
        assert_eq!(signature.to_der(), octets);
        assert_eq!(Signature::from_raw(&signature.to_raw()), Ok(signature));
    }
    if let Ok(ciphertext) = Ciphertext::from_der(octets) {
        assert_eq!(ciphertext.to_der(), octets);
        let _ = yinxin_fuzz::key().decrypt(&ciphertext);
    }
    if let Ok(ciphertext) = Ciphertext::from_raw(octets) {
        assert_eq!(ciphertext.to_raw(), octets);
        assert_eq!(Ciphertext::from_der(&ciphertext.to_der()), Ok(ciphertext));
    }
    if let Ok(key) = PublicKey::from_sec1(octets) {
        assert_eq!(key.to_sec1(), octets);
    }
    for key in [
        PrivateKey::from_pkcs8_der(octets),
        PrivateKey::from_sec1_der(octets),
    ] {
        if let Ok(key) = key {
            let again = PrivateKey::from_pkcs8_der(&key.to_pkcs8_der().unwrap()).unwrap();
            assert_eq!(again.to_bytes(), key.to_bytes());
        }
    }
});
