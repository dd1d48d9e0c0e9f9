//! Proof of possession: the request is signed by the key that it asks for
//! (RFC 2986 §3, GM/T 0034 §12.1).

use gm::{PublicKey, Signature, UserId};

use super::{CertificationRequest, Refusal};
use crate::error::Error;
use crate::weak::is_known_weak;

/// The sender of a request held its private key. Made only by
/// [`CertificationRequest::prove_possession`].
#[derive(Debug, Clone)]
pub struct ProofOfPossession {
    key: PublicKey,
    request: CertificationRequest,
}

impl ProofOfPossession {
    /// The key whose private half was proven.
    #[must_use]
    pub const fn public_key(&self) -> &PublicKey {
        &self.key
    }

    /// The request as it came.
    #[must_use]
    pub fn csr_der(&self) -> &[u8] {
        self.request.der()
    }

    /// The request.
    #[must_use]
    pub const fn request(&self) -> &CertificationRequest {
        &self.request
    }
}

impl CertificationRequest {
    /// Verifies the request's signature with the request's own key, over the
    /// bytes that came. `id` is the signer's SM2 ID, by default the usual one.
    ///
    /// # Errors
    /// [`Refusal::WeakKey`] for published keys, whose possession proves nothing;
    /// [`Refusal::Signature`].
    pub fn prove_possession(&self, id: &UserId) -> Result<ProofOfPossession, Error> {
        let key = self.spki.public_key()?;
        if is_known_weak(&key) {
            return Err(Refusal::WeakKey.into());
        }
        let signature = Signature::from_der(&self.signature).map_err(|_| Refusal::Signature)?;
        gm::sm2::verify(&key, id, &self.info, &signature).map_err(|_| Refusal::Signature)?;
        Ok(ProofOfPossession { key, request: self.clone() })
    }
}
