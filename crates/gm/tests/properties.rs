//! Properties of every parser: what is written reads back; nothing panics; what is accepted is
//! the one encoding of its value.

// Helpers outside #[test] functions fail the test by panicking.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use gm::{
    Ciphertext, KeyLabel, KeyShare, PublicKey, Signature, passphrase,
    passphrase::Stretch,
    sm2::{self, PrivateKey},
    sm4,
};
use proptest::{collection::vec, prelude::*};
use testkit::random::Seeded;

fn key(seed: u64) -> PrivateKey {
    PrivateKey::generate(&mut Seeded::new(seed)).unwrap()
}

/// A valid encoding with some octets changed, inserted or cut: close to the border.
fn near(valid: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let length = valid.len();
    (Just(valid), vec((0..length, any::<u8>(), 0..3u8), 0..3)).prop_map(|(mut octets, edits)| {
        for (at, octet, edit) in edits {
            let at = at.min(octets.len().saturating_sub(1));
            match edit {
                _ if octets.is_empty() => octets.push(octet),
                0 => octets[at] = octet,
                1 => octets.insert(at, octet),
                _ => drop(octets.remove(at)),
            }
        }
        octets
    })
}

fn some_signature() -> impl Strategy<Value = Signature> {
    (any::<u64>(), any::<[u8; 32]>()).prop_map(|(seed, e)| key(seed).sign_digest(&gm::Digest(e)))
}

fn some_ciphertext() -> impl Strategy<Value = Ciphertext> {
    (any::<u64>(), vec(any::<u8>(), 1..200)).prop_map(|(seed, plain)| {
        sm2::encrypt(key(seed).public_key(), &plain, &mut Seeded::new(seed ^ 1)).unwrap()
    })
}

fn accepts_signature(der: &[u8]) -> bool {
    let read = Signature::from_der(der);
    read.is_ok_and(|signature| {
        assert_eq!(signature.to_der(), der, "accepted a second encoding");
        assert_eq!(Signature::from_raw(&signature.to_raw()).unwrap(), signature);
        true
    })
}

fn accepts_ciphertext(der: &[u8]) -> bool {
    let read = Ciphertext::from_der(der);
    read.is_ok_and(|ciphertext| {
        assert_eq!(ciphertext.to_der(), der, "accepted a second encoding");
        assert_eq!(Ciphertext::from_raw(&ciphertext.to_raw()).unwrap(), ciphertext);
        true
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..Default::default() })]

    #[test]
    fn signatures_round_trip(signature in some_signature()) {
        prop_assert!(accepts_signature(&signature.to_der()));
        prop_assert_eq!(Signature::from_der(&signature.to_der()).unwrap(), signature);
    }

    #[test]
    fn signatures_near_valid_ones_are_unique_or_refused(der in some_signature().prop_flat_map(|s| near(s.to_der()))) {
        accepts_signature(&der);
    }

    #[test]
    fn ciphertexts_round_trip(ciphertext in some_ciphertext()) {
        prop_assert!(accepts_ciphertext(&ciphertext.to_der()));
        prop_assert_eq!(Ciphertext::from_der(&ciphertext.to_der()).unwrap(), ciphertext);
    }

    #[test]
    fn ciphertexts_near_valid_ones_are_unique_or_refused(der in some_ciphertext().prop_flat_map(|c| near(c.to_der()))) {
        accepts_ciphertext(&der);
    }

    #[test]
    fn arbitrary_octets_never_panic(octets in vec(any::<u8>(), 0..300), key16 in any::<[u8; 16]>()) {
        accepts_signature(&octets);
        accepts_ciphertext(&octets);
        let _ = Ciphertext::from_raw(&octets);
        let _ = PublicKey::from_sec1(&octets);
        let _ = PrivateKey::from_pkcs8_der(&octets);
        let _ = PrivateKey::from_sec1_der(&octets);
        let _ = KeyShare::from_bytes(&octets);
        let _ = passphrase::open(b"p", "test", &octets);
        let _ = sm4::ecb_decrypt(&key16, &octets);
        let _ = sm4::cbc_decrypt(&key16, &key16, &octets);
        let _ = sm4::gcm_open(&key16, &[0; 12], &[], &octets);
        let _ = KeyLabel::new(String::from_utf8_lossy(&octets));
    }

    #[test]
    fn points_are_accepted_only_as_themselves(octets in (any::<u64>()).prop_flat_map(|s| near(key(s).public_key().to_sec1().to_vec()))) {
        if let Ok(point) = PublicKey::from_sec1(&octets) {
            prop_assert_eq!(point.to_sec1().to_vec(), octets);
        }
    }

    #[test]
    fn private_keys_round_trip(seed in any::<u64>()) {
        let key = key(seed);
        let read = [
            PrivateKey::from_bytes(&key.to_bytes()).unwrap(),
            PrivateKey::from_pkcs8_der(&key.to_pkcs8_der().unwrap()).unwrap(),
            PrivateKey::from_sec1_der(&key.to_sec1_der().unwrap()).unwrap(),
        ];
        for read in read {
            prop_assert_eq!(read.to_bytes(), key.to_bytes());
            prop_assert_eq!(read.public_key(), key.public_key());
        }
    }

    #[test]
    fn a_changed_signature_or_digest_never_verifies(seed in any::<u64>(), e in any::<[u8; 32]>(), bit in 0..512usize) {
        let key = key(seed);
        let signature = key.sign_digest(&gm::Digest(e));
        prop_assert!(sm2::verify_digest(key.public_key(), &gm::Digest(e), &signature).is_ok());
        let mut raw = signature.to_raw();
        raw[bit / 8] ^= 1 << (bit % 8);
        if let Ok(changed) = Signature::from_raw(&raw) {
            prop_assert!(sm2::verify_digest(key.public_key(), &gm::Digest(e), &changed).is_err());
        }
        let mut other = e;
        other[bit / 16] ^= 1 << (bit % 8);
        prop_assert!(sm2::verify_digest(key.public_key(), &gm::Digest(other), &signature).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() })]

    #[test]
    fn what_a_passphrase_seals_only_it_opens(plain in vec(any::<u8>(), 0..100), seed in any::<u64>()) {
        let mut random = Seeded::new(seed);
        let sealed = passphrase::seal(b"right", Stretch::FAST_FOR_TESTS, "share", &plain, &mut random).unwrap();
        let opened = passphrase::open(b"right", "share", &sealed).unwrap();
        prop_assert_eq!(opened.to_vec(), plain);
        prop_assert!(passphrase::open(b"wrong", "share", &sealed).is_err());
        prop_assert!(passphrase::open(b"right", "other", &sealed).is_err());
    }
}
