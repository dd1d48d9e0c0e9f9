//! Key exchange (GB/T 32918.3 §6.1), with the confirmations that are optional there.

use zeroize::Zeroizing;

use super::encryption::shared;
use super::kdf::{Shared, apply};
use super::nonce::nonzero;
use super::{PrivateKey, PublicKey};
use crate::Error;
use crate::limbs::Limbs;
use crate::point;
use crate::scalar::Scalar;
use crate::sm3::{self, Hasher};

/// Who opened the exchange; the standard's A and B.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A.
    Initiator,
    /// B.
    Responder,
}

/// A key pair for one exchange.
pub struct Ephemeral {
    pub(super) r: Zeroizing<Scalar>,
    public: PublicKey,
}

impl Ephemeral {
    /// From 32 fresh octets; `Scalar` for one in 2³²: draw again.
    pub fn from_bytes(octets: &[u8; 32]) -> Result<Self, Error> {
        let r = nonzero(octets).ok_or(Error::Scalar)?;
        let point = Zeroizing::new(point::mul_base(r.limbs()));
        let public = PublicKey::from_jacobian(&point).ok_or(Error::Scalar)?;
        Ok(Self { r, public })
    }

    /// R, which is sent.
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }
}

/// What is known of the other side.
#[derive(Clone, Copy, Debug)]
pub struct Peer<'a> {
    /// Its long-term key.
    pub key: &'a PublicKey,
    /// Its Z (`PublicKey::z`).
    pub z: &'a [u8; 32],
    /// The R it sent.
    pub ephemeral: &'a PublicKey,
}

/// The point both sides have now, with all that was said.
pub struct Agreed {
    shared: Shared,
    /// Z of initiator and responder.
    z: [[u8; 32]; 2],
    /// SM3(x ‖ Z_A ‖ Z_B ‖ x₁ ‖ y₁ ‖ x₂ ‖ y₂).
    transcript: Zeroizing<[u8; 32]>,
}

impl PrivateKey {
    /// Computes the shared point (A4 to A7, B3 to B6). `own_z` is Z of this key.
    pub fn agree(
        &self,
        role: Role,
        own_z: &[u8; 32],
        ephemeral: &Ephemeral,
        peer: &Peer<'_>,
    ) -> Result<Agreed, Error> {
        // t = d + x̄·r.
        let own = Zeroizing::new(Scalar::from_limbs_reduced(&half(&ephemeral.public)));
        let t = Zeroizing::new(self.d.add(&own.mul(&ephemeral.r)));
        // P + x̄·R of the other side is public.
        let sum = point::mul_variable_time(&half(peer.ephemeral), peer.ephemeral.point());
        let sum = sum.add_affine_variable_time(peer.key.point());
        let sum = PublicKey::from_jacobian(&sum).ok_or(Error::Agreement)?;
        let shared = shared(t.limbs(), &sum).ok_or(Error::Agreement)?;
        let mine = (*own_z, &ephemeral.public);
        let theirs = (*peer.z, peer.ephemeral);
        let (a, b) = match role {
            Role::Initiator => (mine, theirs),
            Role::Responder => (theirs, mine),
        };
        let transcript =
            sm3::hash_parts(&[&shared.x[..], &a.0, &b.0, a.1.x(), a.1.y(), b.1.x(), b.1.y()]);
        Ok(Agreed { shared, z: [a.0, b.0], transcript: Zeroizing::new(transcript) })
    }
}

/// x̄ = 2¹²⁷ + (x mod 2¹²⁷).
fn half(point: &PublicKey) -> Limbs {
    let [low, high, ..] = crate::limbs::from_be(point.x());
    [low, high | 1 << 63, 0, 0]
}

impl Agreed {
    /// K = KDF(x ‖ y ‖ Z_A ‖ Z_B), as many octets as wanted.
    pub fn key(&self, length: usize) -> Zeroizing<Vec<u8>> {
        let mut prefix = Hasher::new();
        prefix.update(&self.shared.x[..]);
        prefix.update(&self.shared.y[..]);
        self.z.iter().for_each(|z| prefix.update(z));
        let mut key = Zeroizing::new(vec![0; length]);
        apply(&prefix, &mut key);
        key
    }

    /// What that side sends to show that it has the key: S_A or S_B, compared with S₂ or S₁.
    pub fn confirmation(&self, of: Role) -> [u8; 32] {
        let mark = match of {
            Role::Responder => [2],
            Role::Initiator => [3],
        };
        sm3::hash_parts(&[&mark, &self.shared.y[..], &self.transcript[..]])
    }
}

impl std::fmt::Debug for Ephemeral {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ephemeral({:?})", self.public)
    }
}

impl std::fmt::Debug for Agreed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Agreed")
    }
}
