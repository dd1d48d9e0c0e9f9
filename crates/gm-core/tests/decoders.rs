//! What is read from others: one encoding, and nothing else, whatever the octets.

// Helpers outside #[test] functions fail the test by panicking.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use gm_core::Error;
use gm_core::sm2::{Ciphertext, Ephemeral, PrivateKey, PublicKey, Signature, encrypt, verify};
use proptest::prelude::*;

const N: &str = "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123";
const P: &str = "fffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffff";

fn octets(text: &str) -> Vec<u8> {
    hex::decode(text.replace(' ', "")).unwrap()
}

fn word(text: &str) -> [u8; 32] {
    octets(text).try_into().unwrap()
}

/// n or p with something taken from it or added to its last octet.
fn near(base: &str, offset: i8) -> [u8; 32] {
    let mut word = word(base);
    let (last, carry) = word[31].overflowing_add_signed(offset);
    word[31] = last;
    assert!(!carry || offset > 0 && base == P);
    word
}

fn key() -> PrivateKey {
    PrivateKey::from_bytes(&[3; 32]).unwrap()
}

#[test]
fn private_keys_are_one_to_n_minus_two() {
    for bad in [[0; 32], near(N, -1), near(N, 0), near(N, 1), [0xff; 32]] {
        assert_eq!(PrivateKey::from_bytes(&bad).unwrap_err(), Error::Scalar);
    }
    let mut one = [0; 32];
    one[31] = 1;
    for good in [one, near(N, -2)] {
        let key = PrivateKey::from_bytes(&good).unwrap();
        verify(key.public_key(), &[9; 32], &key.sign(&[9; 32], &[])).unwrap();
        let sealed = encrypt(key.public_key(), b"x", &[4; 32]).unwrap();
        assert_eq!(key.decrypt(&sealed).unwrap().as_slice(), b"x");
        assert_eq!(*key.to_bytes(), good);
    }
    // An ephemeral one may be n − 1 too (GB/T 32918.3 §6.1 A1).
    Ephemeral::from_bytes(&near(N, -1)).unwrap();
    for bad in [[0; 32], near(N, 0)] {
        assert_eq!(Ephemeral::from_bytes(&bad).unwrap_err(), Error::Scalar);
    }
}

#[test]
fn the_keys_one_and_n_minus_two_are_the_points_they_should_be() {
    let mut one = [0; 32];
    one[31] = 1;
    let g = *PrivateKey::from_bytes(&one).unwrap().public_key();
    assert_eq!(
        hex::encode(g.x()),
        "32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7"
    );
    // (n − 2)·G = −2·G has the x of 2·G.
    let mut two = one;
    two[31] = 2;
    let two = *PrivateKey::from_bytes(&two).unwrap().public_key();
    let minus_two = *PrivateKey::from_bytes(&near(N, -2)).unwrap().public_key();
    assert_eq!(two.x(), minus_two.x());
    assert_ne!(two.y(), minus_two.y());
}

#[test]
fn points_are_uncompressed_and_on_the_curve() {
    let sec1 = key().public_key().to_sec1();
    assert_eq!(PublicKey::from_sec1(&sec1).unwrap(), *key().public_key());
    for first in [0, 2, 3, 5, 6, 7] {
        let mut wrong = sec1;
        wrong[0] = first;
        assert_eq!(PublicKey::from_sec1(&wrong), Err(Error::PointForm));
    }
    assert_eq!(PublicKey::from_sec1(&sec1[..64]), Err(Error::PointForm));
    assert_eq!(PublicKey::from_sec1(&[0]), Err(Error::PointForm));
    assert_eq!(PublicKey::from_sec1(&[]), Err(Error::PointForm));
    assert_eq!(PublicKey::from_sec1(&[&sec1[..], &[0]].concat()), Err(Error::PointForm));
    assert_eq!(PublicKey::from_coordinates(&[0; 32], &[0; 32]), Err(Error::OffCurve));
    // x = p would be 0, and there is a point with x = 0.
    assert_eq!(PublicKey::from_coordinates(&word(P), key().public_key().y()), Err(Error::OffCurve));
}

/// x = 0, x = 1 and x = p − 1, where they are on the curve, behave as any other point.
#[test]
fn keys_at_the_edge_of_the_field_verify_and_encrypt() {
    use ::sm2::elliptic_curve::{point::DecompressPoint, sec1::ToSec1Point};
    let mut found = 0;
    for offset in -4i8..5 {
        let x = if offset < 0 {
            near(P, offset)
        } else {
            let mut x = [0; 32];
            x[31] = offset as u8;
            x
        };
        for odd in [0u8, 1] {
            let point = ::sm2::AffinePoint::decompress(&x.into(), odd.into());
            let Some(point) = Option::<::sm2::AffinePoint>::from(point) else { continue };
            let sec1 = point.to_sec1_point(false);
            let key = PublicKey::from_sec1(sec1.as_bytes()).unwrap();
            let theirs = ::sm2::PublicKey::from_sec1_bytes(sec1.as_bytes()).unwrap();
            assert_eq!(&key.to_sec1()[..], theirs.to_sec1_point(false).as_bytes());
            // Nobody knows the private key: encrypting must work, no signature is right.
            encrypt(&key, b"plain", &[1; 32]).unwrap();
            let stranger = self::key().sign(&[1; 32], &[]);
            assert_eq!(verify(&key, &[1; 32], &stranger), Err(Error::Signature));
            found += 1;
        }
    }
    assert!(found >= 6, "{found}");
}

#[test]
fn signatures_have_one_encoding() {
    let small = |r: &str, s: &str| octets(&format!("30{:02x}{r}{s}", (r.len() + s.len()) / 2));
    let good = small("020101", "020102");
    let read = Signature::from_der(&good).unwrap();
    assert_eq!(read.to_der(), good);
    let high = small("02020080", "02020100");
    assert_eq!(Signature::from_der(&high).unwrap().to_der(), high);
    for bad in [
        "",
        "30",
        "3000",
        "3006020101020102 00",       // something behind it
        "3007020101020102",          // too short
        "300602010102010200",        // one octet too many
        "308106020101020102",        // a length that has a shorter form
        "30800201010201020000",      // an indefinite length
        "3007 02020001 020102",      // a zero in front without need
        "3006 020180 020102",        // negative
        "3006 020100 020102",        // r = 0
        "3006 020101 020100",        // s = 0
        "3005 0200 020102",          // no digits
        "3006 030101 020102",        // another type
        "3106 020101 020102",        // a set
        "3009 020101 020102 020103", // one number too many
        "3003 020101",               // one too few
        "30840000000602010102010 2",
    ] {
        Signature::from_der(&octets(bad)).unwrap_err();
    }
    for (number, right) in [(near(N, -1), true), (near(N, 0), false), ([0xff; 32], false)] {
        let raw: [u8; 64] = [number, [1; 32]].concat().try_into().unwrap();
        assert_eq!(Signature::from_raw(&raw).is_ok(), right);
        let raw: [u8; 64] = [[1; 32], number].concat().try_into().unwrap();
        assert_eq!(Signature::from_raw(&raw).is_ok(), right);
    }
    // 33 octets of digits are above every n.
    let long = format!("022101{}", "00".repeat(32));
    Signature::from_der(&small(&long, "020101")).unwrap_err();
}

#[test]
fn ciphertexts_have_one_encoding() {
    let sealed = encrypt(key().public_key(), &[7; 300], &[1; 32]).unwrap();
    let der = sealed.to_der();
    assert_eq!(Ciphertext::from_der(&der).unwrap(), sealed);
    assert_eq!(Ciphertext::from_raw(&sealed.to_raw()).unwrap(), sealed);
    for length in 0..der.len() {
        Ciphertext::from_der(&der[..length]).unwrap_err();
    }
    Ciphertext::from_der(&[&der[..], &[0]].concat()).unwrap_err();
    // C2 may not be empty, nor may what is encrypted.
    Ciphertext::from_raw(&sealed.to_raw()[..97]).unwrap_err();
    assert_eq!(encrypt(key().public_key(), b"", &[1; 32]), Err(Error::Length));
    // A hash of another length.
    let empty = Ciphertext::new(*sealed.point(), *sealed.hash(), Vec::new());
    assert_eq!(empty, Err(Error::Length));
}

proptest! {
    #[test]
    fn any_octets_are_refused_or_are_the_one_encoding(
        octets in prop::collection::vec(any::<u8>(), 0..120),
    ) {
        if let Ok(read) = Signature::from_der(&octets) {
            prop_assert_eq!(read.to_der(), octets.clone());
        }
        if let Ok(read) = Ciphertext::from_der(&octets) {
            prop_assert_eq!(read.to_der(), octets.clone());
        }
        if let Ok(read) = PublicKey::from_sec1(&octets) {
            prop_assert_eq!(&read.to_sec1()[..], octets.clone());
        }
        if let Ok(read) = Ciphertext::from_raw(&octets) {
            prop_assert_eq!(read.to_raw(), octets);
        }
    }

    /// Right encodings with something changed reach deeper than any octets.
    #[test]
    fn changed_encodings_are_refused_or_are_the_one_encoding(
        secret in 1u8..250,
        place in any::<prop::sample::Index>(),
        octet in any::<u8>(),
    ) {
        let key = PrivateKey::from_bytes(&[secret; 32]).unwrap();
        let mut der = key.sign(&[secret; 32], &[]).to_der();
        *place.get_mut(&mut der) = octet;
        if let Ok(read) = Signature::from_der(&der) {
            prop_assert_eq!(read.to_der(), der);
        }
        let mut der = encrypt(key.public_key(), &[secret; 40], &[secret; 32]).unwrap().to_der();
        *place.get_mut(&mut der) = octet;
        if let Ok(read) = Ciphertext::from_der(&der) {
            prop_assert_eq!(read.to_der(), der);
        }
    }

    #[test]
    fn numbers_of_every_length_return(r in any::<[u8; 32]>(), s in any::<[u8; 32]>(), cut in 0usize..32) {
        let mut raw = [0; 64];
        raw[cut..32].copy_from_slice(&r[cut..]);
        raw[63 - cut..].copy_from_slice(&s[..=cut]);
        if let Ok(signature) = Signature::from_raw(&raw) {
            prop_assert_eq!(Signature::from_der(&signature.to_der()).unwrap(), signature);
            prop_assert_eq!(signature.to_raw(), raw);
        }
    }
}
