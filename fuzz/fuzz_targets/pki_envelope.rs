//! Keys under way, as GM/T 0009 and GM/T 0016 write them.
#![no_main]

use pki::{envelope, skf};

/// SM4-ECB with NULL, as it is written; other ways are only read.
const ALGORITHM: [u8; 14] = *b"\x30\x0c\x06\x08\x2a\x81\x1c\xcf\x55\x01\x68\x01\x05\x00";

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    if let Ok(key) = envelope::decode(octets) {
        let written = envelope::encode(&key);
        assert_eq!(envelope::decode(&written).as_ref(), Ok(&key));
        let as_written = (2..5).any(|at| octets[at..].starts_with(&ALGORITHM));
        assert!(!as_written || written == octets);
        if let Ok(opened) = envelope::open(octets, yinxin_fuzz::subscriber_key()) {
            assert_eq!(*opened.public_key(), key.public_key);
        }
    }
    if let Ok(key) = skf::decode(octets) {
        assert_eq!(skf::encode(&key), octets);
    }
});
