//! SM2 against RustCrypto: what one makes, the other takes. YINXIN_GM_CORE_CASES sets the number
//! of cases of each kind (10,000 if not given).

// Helpers outside #[test] functions fail the test by panicking.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use ::sm2::{
    SecretKey,
    dsa::{
        Signature as Theirs, SigningKey,
        signature::hazmat::{PrehashSigner, PrehashVerifier},
    },
    elliptic_curve::sec1::ToSec1Point,
    pke::DecryptingKey,
};
use gm_core::sm2::{Ciphertext, DEFAULT_ID, PreparedKey, PrivateKey, Signature, encrypt, verify};

const ID: &str = "1234567812345678";

fn cases(otherwise: usize) -> usize {
    let cases = std::env::var("YINXIN_GM_CORE_CASES").ok().and_then(|text| text.parse().ok());
    cases.unwrap_or(otherwise)
}

fn random<const LENGTH: usize>() -> [u8; LENGTH] {
    let mut octets = [0; LENGTH];
    getrandom::fill(&mut octets).unwrap();
    octets
}

/// A key with both its implementations; a new one for every 50 cases.
fn keys(at: usize) -> Option<([u8; 32], PrivateKey, SigningKey)> {
    let secret = at.is_multiple_of(50).then(random::<32>)?;
    let ours = PrivateKey::from_bytes(&secret).unwrap();
    let theirs = SigningKey::from_slice(ID, &secret).unwrap();
    let sec1 = theirs.verifying_key().to_sec1_point(false);
    assert_eq!(ours.public_key().to_sec1()[..], *sec1.as_bytes());
    Some((secret, ours, theirs))
}

#[test]
fn signatures_are_taken_by_the_other_side() {
    let (_, mut ours, mut theirs) = keys(0).unwrap();
    let mut prepared = PreparedKey::new(ours.public_key());
    for at in 0..cases(10_000) {
        if let Some((_, our_key, their_key)) = keys(at) {
            (ours, theirs) = (our_key, their_key);
            prepared = PreparedKey::new(ours.public_key());
        }
        let e: [u8; 32] = random();
        let made = ours.sign(&e, &random::<32>());
        let read = Theirs::from_slice(&made.to_raw()).unwrap();
        theirs.verifying_key().verify_prehash(&e, &read).unwrap();
        let made: Theirs = theirs.sign_prehash(&e).unwrap();
        let read = Signature::from_raw(&made.to_bytes().into()).unwrap();
        verify(ours.public_key(), &e, &read).unwrap();
        prepared.verify(&e, &read).unwrap();
        // One bit of anything changed, and neither way takes it.
        let mut raw = read.to_raw();
        raw[at % 64] ^= 1 << (at / 64 % 8);
        let wrong = Signature::from_raw(&raw);
        assert!(wrong.is_err() || verify(ours.public_key(), &e, &wrong.unwrap()).is_err());
        assert!(wrong.is_err() || prepared.verify(&e, &wrong.unwrap()).is_err());
        let mut other = e;
        other[at % 32] ^= 1 << (at / 32 % 8);
        verify(ours.public_key(), &other, &read).unwrap_err();
        prepared.verify(&other, &read).unwrap_err();
    }
}

#[test]
fn batches_are_taken_by_the_other_side() {
    let (_, ours, theirs) = keys(0).unwrap();
    for _ in 0..cases(10_000) / 64 + 1 {
        let digests: Vec<[u8; 32]> = (0..64).map(|_| random()).collect();
        let signatures = ours.sign_batch(&digests, &random::<32>());
        assert_eq!(signatures.len(), digests.len());
        for (e, signature) in digests.iter().zip(signatures) {
            let read = Theirs::from_slice(&signature.to_raw()).unwrap();
            theirs.verifying_key().verify_prehash(e, &read).unwrap();
        }
    }
}

#[test]
fn ciphertexts_are_opened_by_the_other_side() {
    let (mut secret, mut ours, _) = keys(0).unwrap();
    for at in 0..cases(10_000) / 4 {
        if let Some((fresh, key, _)) = keys(at) {
            (secret, ours) = (fresh, key);
        }
        let theirs = DecryptingKey::new(SecretKey::from_slice(&secret).unwrap());
        let plain = &random::<200>()[..at % 200 + 1];
        let sealed = encrypt(ours.public_key(), plain, &random()).unwrap();
        assert_eq!(theirs.decrypt(&sealed.to_raw()).unwrap(), plain);
        assert_eq!(theirs.decrypt_der(&sealed.to_der()).unwrap(), plain);
        let read = Ciphertext::from_der(&sealed.to_der()).unwrap();
        assert_eq!(read, sealed);
        assert_eq!(ours.decrypt(&read).unwrap().as_slice(), plain);
        let mut raw = sealed.to_raw();
        let place = at % raw.len();
        raw[place] ^= 1 << (at % 8);
        let refused = Ciphertext::from_raw(&raw).and_then(|wrong| ours.decrypt(&wrong));
        assert!(refused.is_err(), "octet {place}");
    }
}

#[test]
fn a_checked_signature_is_the_signature() {
    let (_, ours, _) = keys(0).unwrap();
    let e = ours.digest(DEFAULT_ID, b"message").unwrap();
    assert_eq!(ours.sign_checked(&e, b"fresh").unwrap(), ours.sign(&e, b"fresh"));
    assert_ne!(ours.sign(&e, b"fresh"), ours.sign(&e, b"other"));
}
