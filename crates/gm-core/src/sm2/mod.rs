//! SM2 (GB/T 32918, GM/T 0003) on the curve of GB/T 32918.5.
//!
//! Randomness comes from the caller as octets: 32 fresh ones where a function asks for `fresh`.
//! Private keys, nonces and shared points are handled in constant time and wiped; public keys,
//! signatures, ciphertexts and digests are public, and what works on them alone is not in
//! constant time.

mod ciphertext;
mod encryption;
mod exchange;
mod kdf;
mod nonce;
mod private_key;
mod public_key;
mod signature;
mod signing;
#[cfg(test)]
mod tests;
mod verification;

pub use ciphertext::Ciphertext;
pub use encryption::encrypt;
pub use exchange::{Agreed, Ephemeral, Peer, Role};
pub use private_key::PrivateKey;
pub use public_key::{PublicKey, digest};
pub use signature::Signature;
pub use verification::{PreparedKey, verify};

/// The ID of signers where nothing else is agreed (GM/T 0009 §10).
pub const DEFAULT_ID: &[u8] = b"1234567812345678";
