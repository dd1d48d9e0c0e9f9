//! The key derivation of SM2 (GB/T 32918.3 §5.4.3, GB/T 32918.4 §5.4.3).

use zeroize::Zeroizing;

use crate::declassify::declassify;
use crate::sm3::{self, Hasher};

/// x ‖ y of a point that both sides compute.
pub(super) struct Shared {
    pub(super) x: Zeroizing<[u8; 32]>,
    pub(super) y: Zeroizing<[u8; 32]>,
}

impl Shared {
    /// `data` ⊕ KDF(x ‖ y, |data|). None if the stream is all zero, which the standard forbids
    /// on both sides (A5, B4).
    pub(super) fn mask(&self, data: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let mut prefix = Hasher::new();
        prefix.update(&self.x[..]);
        prefix.update(&self.y[..]);
        let mut out = Zeroizing::new(data.to_vec());
        let any = apply(&prefix, &mut out);
        (!declassify(u64::from(any == 0).wrapping_neg())).then_some(out)
    }

    /// C3 = SM3(x ‖ M ‖ y).
    pub(super) fn check(&self, plaintext: &[u8]) -> [u8; 32] {
        sm3::hash_parts(&[&self.x[..], plaintext, &self.y[..]])
    }
}

/// `out` ⊕ KDF(what the prefix has taken), and the union of all octets of the stream.
pub(super) fn apply(prefix: &Hasher, out: &mut [u8]) -> u8 {
    let mut any = 0;
    for (counter, part) in (1u32..).zip(out.chunks_mut(32)) {
        let mut hasher = prefix.clone();
        hasher.update(&counter.to_be_bytes());
        let stream = Zeroizing::new(hasher.finish());
        for (octet, t) in part.iter_mut().zip(stream.iter()) {
            *octet ^= t;
            any |= t;
        }
    }
    any
}
