//! The secret k of each signature.
//!
//! k = HMAC-SM3(key derived from d, e ‖ fresh random ‖ counter), rejected until it lies in
//! 1..=n-1. With sound randomness k is uniform and independent; with a failed or repeated source
//! it is still a secret function of the key and of what is signed (hedged, after RFC 6979 §3.6),
//! so that no two digests ever share a k. GB/T 32918.2 leaves the choice of k to the signer.

use ::sm2::Scalar;
use zeroize::Zeroizing;

use super::nonzero_scalar;
use crate::{Digest, sm3};

/// Derives nonces for one key.
pub(super) struct NonceKey(Zeroizing<[u8; 32]>);

impl NonceKey {
    pub(super) fn new(private: &[u8; 32]) -> Self {
        Self(Zeroizing::new(sm3::hmac(private, b"yinxin sm2 nonce key 1").0))
    }

    /// Candidates for k in the order in which they are tried; `fresh` may be empty.
    pub(super) fn candidates(&self, e: &Digest, fresh: &[u8]) -> impl Iterator<Item = Scalar> {
        (0u32..).filter_map(move |counter| {
            let octets = sm3::hmac_parts(&self.0[..], &[&e.0, fresh, &counter.to_be_bytes()]);
            nonzero_scalar(&Zeroizing::new(octets.0))
        })
    }
}
