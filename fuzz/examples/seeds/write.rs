//! Seeds on disk, and the counted octets and keys that they are made of.

use std::fs;

use gm::sm2::PrivateKey;
use gm::{DeviceError, Digest, Random, Signature, sm3};
use jiff::Timestamp;

pub fn put(target: &str, name: &str, octets: &[u8]) {
    let folder = format!("fuzz/corpus/{target}");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(format!("{folder}/{name}"), octets).expect("a file");
}

/// The structure, and three ways in which it is wrong.
pub fn put_bent(target: &str, name: &str, der: &[u8]) {
    put(target, name, der);
    put(target, &format!("{name}-cut"), &der[..der.len() * 2 / 3]);
    put(target, &format!("{name}-long"), &[der, &[0, 0]].concat());
    let mut changed = der.to_vec();
    changed[der.len() / 2] ^= 0x10;
    put(target, &format!("{name}-changed"), &changed);
}

/// Octets that are counted, so that a second run writes the same.
pub struct Counted(pub u32);

impl Random for Counted {
    fn fill(&mut self, buf: &mut [u8]) -> Result<(), DeviceError> {
        for part in buf.chunks_mut(32) {
            self.0 += 1;
            part.copy_from_slice(&sm3::hash(&self.0.to_be_bytes()).0[..part.len()]);
        }
        Ok(())
    }
}

pub fn key_of(octet: u8) -> PrivateKey {
    PrivateKey::from_bytes(&[octet; 32]).expect("a scalar")
}

pub fn sign_by(key: &PrivateKey) -> impl FnOnce(&Digest) -> Result<Signature, pki::Error> {
    |digest| Ok(key.sign_digest(digest))
}

pub fn instant(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}
