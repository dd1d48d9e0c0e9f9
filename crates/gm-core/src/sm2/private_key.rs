//! A private key with what is computed once for it.

use std::fmt;

use zeroize::{Zeroize, Zeroizing};

use super::nonce::{Nonces, nonzero};
use super::{DEFAULT_ID, PublicKey, digest};
use crate::scalar::Scalar;
use crate::{Error, point};

/// d in 1..=n−2. Wiped when dropped.
#[derive(Clone)]
pub struct PrivateKey {
    pub(super) d: Scalar,
    /// (1 + d)⁻¹ mod n.
    pub(super) inverse: Scalar,
    pub(super) nonces: Nonces,
    pub(super) public: PublicKey,
    /// Z under the default ID.
    pub(super) default_z: [u8; 32],
}

impl PrivateKey {
    /// Reads 32 octets, big-endian; `Scalar` for 0 and for n − 1 and above. Of 2³² octet strings
    /// drawn at random one is refused: who makes a key draws again.
    pub fn from_bytes(octets: &[u8; 32]) -> Result<Self, Error> {
        let d = nonzero(octets).ok_or(Error::Scalar)?;
        let next = Zeroizing::new(d.add(&Scalar::ONE));
        if next.is_zero_declassified() {
            return Err(Error::Scalar);
        }
        let public = Zeroizing::new(point::mul_base(d.limbs()));
        let public = PublicKey::from_jacobian(&public).ok_or(Error::Scalar)?;
        Ok(Self {
            d: *d,
            inverse: next.invert(),
            nonces: Nonces::of_key(octets),
            public,
            default_z: public.z(DEFAULT_ID)?,
        })
    }

    /// 32 octets, big-endian.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.d.to_be())
    }

    /// The public half.
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// e = SM3(Z ‖ M) of this key. `Length` for an ID of more than 8191 octets.
    pub fn digest(&self, id: &[u8], message: &[u8]) -> Result<[u8; 32], Error> {
        if id == DEFAULT_ID {
            return Ok(digest(&self.default_z, message));
        }
        Ok(digest(&self.public.z(id)?, message))
    }
}

impl Drop for PrivateKey {
    fn drop(&mut self) {
        self.d.zeroize();
        self.inverse.zeroize();
    }
}

impl zeroize::ZeroizeOnDrop for PrivateKey {}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey(of {:?})", self.public)
    }
}
