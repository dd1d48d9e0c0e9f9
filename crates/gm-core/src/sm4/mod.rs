//! SM4 (GB/T 32907, GM/T 0002) in constant time, and its modes (GB/T 17964, RFC 8998).
//!
//! On x86-64 the S-box is done by instructions of the CPU, elsewhere by a circuit; no table is
//! ever read at a secret place.

mod bitslice;
mod cbc;
mod ccm;
mod cipher;
mod ctr;
#[cfg(target_arch = "x86_64")]
mod engine;
#[cfg(target_arch = "x86_64")]
pub(crate) mod engine_aes;
#[cfg(target_arch = "x86_64")]
pub(crate) mod engine_gfni;
#[cfg(target_arch = "x86_64")]
pub(crate) mod engine_gfni_narrow;
#[cfg(target_arch = "x86_64")]
pub(crate) mod engine_vaes;
mod gcm;
pub(crate) mod ghash;
#[cfg(test)]
mod tests;
#[cfg(target_arch = "x86_64")]
mod vector128;

pub use ccm::Ccm;
pub use cipher::Key;
#[cfg(target_arch = "x86_64")]
pub(crate) use cipher::padded;
pub(crate) use cipher::portable;
pub use gcm::Gcm;

/// Octets of a block and of a key.
pub const BLOCK: usize = 16;
/// Octets of a tag of GCM.
pub const TAG: usize = 16;

/// A block.
pub(crate) type Block = [u8; BLOCK];
/// The keys of the 32 rounds.
pub(crate) type RoundKeys = [u32; 32];
