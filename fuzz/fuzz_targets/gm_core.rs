//! The arithmetic against RustCrypto: on any octets both must read, take and refuse the same.
#![no_main]

use gm_core::sm2::{PreparedKey, PrivateKey, PublicKey, Signature, verify};
use gm_core::{sm3, sm4};
use sm2::dsa::signature::hazmat::PrehashVerifier;
use sm2::elliptic_curve::sec1::ToSec1Point;
use sm2::dsa::{Signature as Theirs, SigningKey, VerifyingKey};
use sm3_oracle::{Digest, Sm3};

const ID: &str = "1234567812345678";

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    hashes(octets);
    let Some((secret, rest)) = octets.split_first_chunk::<32>() else { return };
    let Some((e, rest)) = rest.split_first_chunk::<32>() else { return };
    points(rest);
    seals(secret, rest);
    if let Ok(key) = PrivateKey::from_bytes(secret) {
        signatures(&key, secret, e, rest);
    }
});

/// One stream, many pieces and eight lanes.
fn hashes(octets: &[u8]) {
    let expected: [u8; 32] = Sm3::digest(octets).into();
    assert_eq!(sm3::hash(octets), expected);
    let mut pieces = sm3::Hasher::new();
    octets.chunks(7).for_each(|piece| pieces.update(piece));
    assert_eq!(pieces.finish(), expected);
    let cuts: Vec<&[u8]> = octets.chunks(octets.len() / 9 + 1).collect();
    for (cut, hash) in cuts.iter().zip(sm3::hash_many(&cuts)) {
        assert_eq!(hash, <[u8; 32]>::from(Sm3::digest(cut)));
    }
}

/// A point is taken by both or by none. (What RustCrypto reads in other forms isn't asked.)
fn points(octets: &[u8]) {
    let Some(candidate) = octets.get(..65).filter(|point| point[0] == 4) else { return };
    let theirs = sm2::PublicKey::from_sec1_bytes(candidate);
    assert_eq!(PublicKey::from_sec1(candidate).is_ok(), theirs.is_ok());
}

/// What was sealed opens, and nothing else does.
fn seals(secret: &[u8; 32], octets: &[u8]) {
    let mut key = [0; 16];
    key.copy_from_slice(&secret[..16]);
    let (gcm, nonce) = (sm4::Gcm::new(&key), &secret[16..28]);
    let mut sealed = gcm.seal(nonce, &key, octets).expect("a nonce of 12 octets");
    assert_eq!(gcm.open(nonce, &key, &sealed).expect("sealed here").as_slice(), octets);
    let at = usize::from(secret[28]) % sealed.len();
    sealed[at] ^= 1 << (secret[29] % 8);
    assert!(gcm.open(nonce, &key, &sealed).is_err());
    let _ = gcm.open(nonce, &key, octets);
}

/// What one signs the other takes; on a foreign signature both say the same.
fn signatures(key: &PrivateKey, secret: &[u8; 32], e: &[u8; 32], octets: &[u8]) {
    let theirs = SigningKey::from_slice(ID, secret).expect("in range for both");
    let theirs: &VerifyingKey = theirs.verifying_key();
    assert_eq!(key.public_key().to_sec1()[..], *theirs.to_sec1_point(false).as_bytes());
    let made = key.sign(e, octets);
    let read = Theirs::from_slice(&made.to_raw()).expect("r and s in range");
    theirs.verify_prehash(e, &read).expect("signed by the same key");
    let Some(raw) = octets.first_chunk::<64>() else { return };
    let (ours, read) = (Signature::from_raw(raw), Theirs::from_slice(raw));
    assert_eq!(ours.is_ok(), read.is_ok());
    if let (Ok(ours), Ok(read)) = (ours, read) {
        let verdict = theirs.verify_prehash(e, &read).is_ok();
        assert_eq!(verify(key.public_key(), e, &ours).is_ok(), verdict);
        assert_eq!(PreparedKey::new(key.public_key()).verify(e, &ours).is_ok(), verdict);
    }
}
