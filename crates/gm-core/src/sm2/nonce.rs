//! The secret k of each signature and each encryption.
//!
//! k = HMAC-SM3(key derived from d, e ‖ fresh ‖ counter), tried until it lies in 1..=n−1. With
//! sound randomness k is uniform and independent; with a failed or repeated source it is still
//! a secret function of the key and of what is signed (hedged, after RFC 6979 §3.6), so that no
//! two digests ever share a k. GB/T 32918.2 leaves the choice of k to the signer.

use zeroize::Zeroizing;

use crate::scalar::Scalar;
use crate::sm3::HmacKey;

/// Makes nonces from one secret.
#[derive(Clone)]
pub(super) struct Nonces(HmacKey);

impl Nonces {
    /// For the signatures of a private key.
    pub(super) fn of_key(private: &[u8; 32]) -> Self {
        let key = HmacKey::new(private).mac(&[b"yinxin sm2 nonce key 1"]);
        Self(HmacKey::new(&Zeroizing::new(key)[..]))
    }

    /// For one encryption, from fresh randomness alone.
    pub(super) fn of_fresh(fresh: &[u8; 32]) -> Self {
        Self(HmacKey::new(fresh))
    }

    /// Candidates in the order in which they are tried.
    pub(super) fn candidates<'a>(
        &'a self,
        bound_to: &'a [u8; 32],
        fresh: &'a [u8],
    ) -> impl Iterator<Item = Zeroizing<Scalar>> + 'a {
        (0u32..).filter_map(move |counter| {
            let octets = Zeroizing::new(self.0.mac(&[bound_to, fresh, &counter.to_be_bytes()]));
            nonzero(&octets)
        })
    }
}

/// None for zero and for n and above; that it is so may be known.
pub(super) fn nonzero(octets: &[u8; 32]) -> Option<Zeroizing<Scalar>> {
    Scalar::from_be(octets).filter(|scalar| !scalar.is_zero_declassified()).map(Zeroizing::new)
}
