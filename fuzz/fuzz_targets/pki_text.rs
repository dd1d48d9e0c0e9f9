//! What comes as text: armour, identity numbers, serials, object identifiers.
#![no_main]

use pki::ident::{CreditCode, DocumentNumber, IdNumber, OfficerNumber};
use pki::{Oid, Serial, pem};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let labels = [pem::CERTIFICATE, pem::REQUEST];
    if let Ok(der) = pem::der_of(octets, &labels, 4096) {
        assert!(der.len() <= 4096 * 3 / 2 + 1024);
        // Nothing passes through as nothing; the parser behind refuses it. Armour cannot be empty.
        if !der.is_empty() {
            let text = pem::encode(pem::CERTIFICATE, &der).unwrap();
            assert_eq!(pem::blocks(text.as_bytes(), pem::CERTIFICATE).unwrap(), [der]);
        }
    }
    drop(pem::blocks(octets, pem::CERTIFICATE));
    if let Ok(text) = std::str::from_utf8(octets) {
        read_text(text);
    }
});

/// What was accepted is accepted again as it was kept.
fn read_text(text: &str) {
    if let Ok(number) = IdNumber::parse(text) {
        assert_eq!(
            IdNumber::parse(number.as_str()).unwrap().as_str(),
            number.as_str()
        );
    }
    if let Ok(code) = CreditCode::parse(text) {
        assert_eq!(
            CreditCode::parse(code.as_str()).unwrap().as_str(),
            code.as_str()
        );
    }
    if let Ok(number) = DocumentNumber::parse(text) {
        assert_eq!(
            DocumentNumber::parse(number.as_str()).unwrap().as_str(),
            number.as_str()
        );
    }
    if let Ok(number) = OfficerNumber::parse(text) {
        assert_eq!(
            OfficerNumber::parse(number.as_str()).unwrap().as_str(),
            number.as_str()
        );
    }
    if let Ok(serial) = Serial::from_hex(text) {
        assert_eq!(Serial::from_hex(&serial.to_hex()), Ok(serial));
    }
    if let Some(oid) = Oid::parse(text) {
        assert_eq!(Oid::from_content(oid.as_bytes()), Ok(oid));
        assert_eq!(Oid::parse(&oid.to_string()), Some(oid));
    }
}
