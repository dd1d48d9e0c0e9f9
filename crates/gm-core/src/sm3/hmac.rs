//! HMAC-SM3 (GB/T 15852.2, RFC 2104).

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{BLOCK, DIGEST, Hasher, hash};
use crate::declassify::revealed;

/// A key with both its pads hashed: each value costs two compressions less.
#[derive(Clone, Debug)]
pub struct HmacKey {
    inner: Hasher,
    outer: Hasher,
}

impl HmacKey {
    /// A key of any length; one longer than a block is hashed first (RFC 2104 §3).
    pub fn new(key: &[u8]) -> Self {
        let hashed = (key.len() > BLOCK).then(|| Zeroizing::new(hash(key)));
        let short = hashed.as_ref().map_or(key, |hashed| &hashed[..]);
        Self { inner: Self::padded(short, 0x36), outer: Self::padded(short, 0x5c) }
    }

    fn padded(key: &[u8], pad: u8) -> Hasher {
        let mut block = Zeroizing::new([pad; BLOCK]);
        block.iter_mut().zip(key).for_each(|(to, octet)| *to ^= octet);
        let mut hasher = Hasher::new();
        hasher.update(&block[..]);
        hasher
    }

    /// The value over the parts, one after the other, without separators.
    pub fn mac(&self, parts: &[&[u8]]) -> [u8; DIGEST] {
        let mut inner = self.inner.clone();
        parts.iter().for_each(|part| inner.update(part));
        let mut outer = self.outer.clone();
        outer.update(&Zeroizing::new(inner.finish())[..]);
        outer.finish()
    }

    /// Whether `tag` is the whole value, in constant time.
    pub fn verify(&self, parts: &[&[u8]], tag: &[u8]) -> bool {
        revealed(self.mac(parts).ct_eq(tag))
    }
}
