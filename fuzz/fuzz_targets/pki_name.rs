//! Names, general names, keys and extensions by themselves.
#![no_main]

use pki::ext::{Extension, read_general_names};
use pki::strict::Reader;
use pki::{Name, Spki};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    if let Ok(name) = Name::from_der(octets) {
        assert_eq!(name.der(), octets);
        assert!(name.matches(&name) && name.is_within(&name));
        let _ = (name.to_string(), name.common_name(), name.check_bounds());
    }
    if let Ok(spki) = Spki::from_der(octets) {
        assert_eq!(spki.der(), octets);
        if let Ok(key) = spki.public_key() {
            assert_eq!(Spki::of(&key).public_key(), Ok(key));
        }
    }
    drop(read_general_names(octets));
    let mut reader = Reader::new(octets);
    if let Ok(extension) = Extension::read(&mut reader) {
        let _ = extension.check();
    }
});
