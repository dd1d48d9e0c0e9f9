//! The worked examples for the curve of GB/T 32918.5, as they look from outside: what takes their
//! published k is tried in `gm-core`.

use super::{PrivateKey, digest, verify};
use crate::{Ciphertext, Signature, UserId};

const D: &str = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8";
const X: &str = "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020";
const Y: &str = "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13";

fn octets<const N: usize>(text: &str) -> [u8; N] {
    hex::decode(text).unwrap().try_into().unwrap()
}

fn key() -> PrivateKey {
    PrivateKey::from_bytes(&octets(D)).unwrap()
}

#[test]
fn public_key_of_the_example() {
    assert_eq!(hex::encode(key().public_key().to_sec1()), format!("04{X}{Y}"));
}

#[test]
fn z_and_e_of_the_signature_example() {
    let key = key();
    let id = UserId::default();
    assert_eq!(
        key.public_key().z(&id).to_hex(),
        "b2e14c5c79c6df5b85f4fe7ed8db7a262b9da7e07ccb0ea9f4747b8ccda8a4f3"
    );
    assert_eq!(
        digest(key.public_key(), &id, b"message digest").to_hex(),
        "f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640"
    );
}

#[test]
fn signature_of_the_example() {
    let key = key();
    let id = UserId::default();
    let raw = "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3\
        b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa";
    let signature = Signature::from_raw(&octets(raw)).unwrap();
    verify(key.public_key(), &id, b"message digest", &signature).unwrap();
}

#[test]
fn ciphertext_of_the_example() {
    let key = key();
    let raw = "0404ebfc718e8d1798620432268e77feb6415e2ede0e073c0f4f640ecd2e149a73\
        e858f9d81e5430a57b36daab8f950a3c64e6ee6a63094d99283aff767e124df0\
        59983c18f809e262923c53aec295d30383b54e39d609d160afcb1908d0bd8766\
        21886ca989ca9c7d58087307ca93092d651efa";
    let read = Ciphertext::from_raw(&hex::decode(raw).unwrap()).unwrap();
    assert_eq!(key.decrypt(&read).unwrap().as_slice(), b"encryption standard");
}

#[test]
fn deterministic_signatures_repeat_and_hedged_ones_do_not() {
    let key = key();
    let e = crate::Digest([3; 32]);
    assert_eq!(key.sign_digest(&e), key.sign_digest(&e));
    let hedged = [key.sign_hedged(&e, &[1; 32]), key.sign_hedged(&e, &[2; 32])];
    assert_ne!(hedged[0], hedged[1]);
    assert_ne!(hedged[0], key.sign_digest(&e));
    // Other digests never share a nonce: r − e would be the same mod n then, and digests this
    // close to each other would differ in r by as much as they do themselves.
    let r = |e: [u8; 32]| {
        let raw = key.sign_digest(&crate::Digest(e)).to_raw();
        num(&raw[..32])
    };
    let (mut low, mut high) = ([3; 32], [3; 32]);
    (low[31], high[31]) = (4, 5);
    assert_ne!(r(high).wrapping_sub(r(low)), 1);
}

/// The lowest 128 bits.
fn num(octets: &[u8]) -> u128 {
    u128::from_be_bytes(octets[octets.len() - 16..].try_into().unwrap())
}

#[test]
fn private_keys_outside_one_to_n_minus_two_are_refused() {
    let n = "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d541";
    for bad in [format!("{n}22"), format!("{n}23"), "00".repeat(32), "ff".repeat(32)] {
        PrivateKey::from_bytes(&octets(&bad)).unwrap_err();
    }
    for good in [format!("{n}21"), format!("{}01", "00".repeat(31))] {
        let key = PrivateKey::from_bytes(&octets(&good)).unwrap();
        let signature = key.sign(&UserId::default(), b"m");
        verify(key.public_key(), &UserId::default(), b"m", &signature).unwrap();
    }
}
