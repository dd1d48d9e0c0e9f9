//! Seal and open, HMAC, random octets.

use gm::{Device, KeyKind, RefusedReason};

use super::{Case, label, refused, with_key};

pub(super) const CASES: &[Case] = &[
    ("what is sealed opens with the same key and context only", seal_round_trip),
    ("a changed, cut or foreign seal is refused", changed_seal_is_refused),
    ("sealing twice never gives the same octets", seals_differ),
    ("an HMAC depends on key and data only", hmac_is_a_function),
    ("random octets fill every length and do not repeat", random_is_not_stuck),
];

fn seal_round_trip(device: &dyn Device) {
    let (mut session, key) = with_key(device, KeyKind::Sm4);
    let other = label("other");
    session.generate(&other, KeyKind::Sm4).unwrap();
    for length in [0, 1, 15, 16, 17, 1000, 70_000] {
        let plain = vec![0x33; length];
        let sealed = session.seal(&key, b"context", &plain).unwrap();
        assert_eq!(sealed.len(), 12 + length + 16);
        assert_eq!(session.open(&key, b"context", &sealed).unwrap().as_slice(), plain);
        refused(session.open(&key, b"context2", &sealed), RefusedReason::BadInput);
        refused(session.open(&key, b"", &sealed), RefusedReason::BadInput);
        refused(session.open(&other, b"context", &sealed), RefusedReason::BadInput);
    }
}

fn changed_seal_is_refused(device: &dyn Device) {
    let (mut session, key) = with_key(device, KeyKind::Sm4);
    let sealed = session.seal(&key, b"context", b"twenty octets of it.").unwrap();
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        refused(session.open(&key, b"context", &changed), RefusedReason::BadInput);
        refused(session.open(&key, b"context", &sealed[..at]), RefusedReason::BadInput);
    }
    let longer = [&sealed[..], &[0]].concat();
    refused(session.open(&key, b"context", &longer), RefusedReason::BadInput);
}

fn seals_differ(device: &dyn Device) {
    let (mut session, key) = with_key(device, KeyKind::Sm4);
    let one = session.seal(&key, b"", b"same").unwrap();
    let two = session.seal(&key, b"", b"same").unwrap();
    assert_ne!(one[..12], two[..12], "nonce repeated");
    assert_ne!(one[12..], two[12..]);
}

fn hmac_is_a_function(device: &dyn Device) {
    let (mut session, key) = with_key(device, KeyKind::Hmac);
    let other = label("other");
    session.generate(&other, KeyKind::Hmac).unwrap();
    let value = session.hmac(&key, b"data").unwrap();
    assert_eq!(session.hmac(&key, b"data").unwrap(), value);
    assert_ne!(session.hmac(&key, b"dat").unwrap(), value);
    assert_ne!(session.hmac(&other, b"data").unwrap(), value);
}

fn random_is_not_stuck(device: &dyn Device) {
    let mut session = device.session().unwrap();
    session.fill(&mut []).unwrap();
    let mut seen = std::collections::HashSet::new();
    for _ in 0..2_000 {
        let mut octets = [0; 16];
        session.fill(&mut octets).unwrap();
        assert!(seen.insert(octets), "a block of 16 octets repeated");
    }
    let mut long = vec![0; 12_345];
    session.fill(&mut long).unwrap();
    let ones: u32 = long.iter().map(|octet| octet.count_ones()).sum();
    // 49,380 expected, standard deviation 157.
    assert!(ones.abs_diff(49_380) < 1_300, "{ones} ones of 98,760 bits");
    assert_ne!(long[12_345 - 9..], [0; 9], "the tail was not filled");
}
