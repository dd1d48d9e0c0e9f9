//! The key derivation of SM2 encryption (GB/T 32918.4 §5.4.3) over the shared point.

use zeroize::Zeroizing;

use crate::{Digest, PublicKey, sm3};

/// x2 ‖ y2, the point that both sides compute.
pub(super) struct Shared(Zeroizing<[u8; 64]>);

impl Shared {
    pub(super) fn new(point: &PublicKey) -> Self {
        let sec1 = Zeroizing::new(point.to_sec1());
        let mut octets = Zeroizing::new([0; 64]);
        octets.iter_mut().zip(sec1.iter().skip(1)).for_each(|(to, octet)| *to = *octet);
        Self(octets)
    }

    /// `data` ⊕ t, where t = KDF(x2 ‖ y2, |data|). None if t is all zero: the standard forbids
    /// it on both sides (A5, B4).
    pub(super) fn mask(&self, data: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let mut prefix = sm3::Hasher::new();
        prefix.update(&self.0[..]);
        let mut out = Zeroizing::new(data.to_vec());
        let mut any = 0u8;
        for (counter, part) in (1u32..).zip(out.chunks_mut(32)) {
            let mut hasher = prefix.clone();
            hasher.update(&counter.to_be_bytes());
            let stream = Zeroizing::new(hasher.finish().0);
            for (octet, t) in part.iter_mut().zip(stream.iter()) {
                *octet ^= t;
                any |= t;
            }
        }
        (any != 0).then_some(out)
    }

    /// C3 = SM3(x2 ‖ M ‖ y2).
    pub(super) fn check(&self, plaintext: &[u8]) -> Digest {
        let (x, y) = self.0.split_at(32);
        sm3::hash_parts(&[x, plaintext, y])
    }
}
