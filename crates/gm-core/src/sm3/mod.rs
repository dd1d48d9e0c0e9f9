//! SM3 (GB/T 32905, GM/T 0004), one stream or eight at a time, and HMAC over it.

mod compress;
mod hmac;
mod lanes;
#[cfg(target_arch = "x86_64")]
pub(crate) mod lanes_avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) mod lanes_avx512;
pub(crate) mod lanes_portable;
#[cfg(target_arch = "x86_64")]
mod lanes_x86;
mod single;
#[cfg(test)]
mod tests;

pub use hmac::HmacKey;
pub use lanes::hash_many;
pub(crate) use lanes::{BlocksOf8, State8};

use single::compress_blocks;
use zeroize::Zeroize;

/// Octets of a digest.
pub const DIGEST: usize = 32;
/// Octets of a block.
pub const BLOCK: usize = 64;

/// SM3 of `data`.
pub fn hash(data: &[u8]) -> [u8; DIGEST] {
    hash_parts(&[data])
}

/// SM3 of the parts, one after the other, without separators.
pub fn hash_parts(parts: &[&[u8]]) -> [u8; DIGEST] {
    let mut hasher = Hasher::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finish()
}

/// SM3 of data that arrives in pieces. What it held is wiped when it is dropped.
#[derive(Clone)]
pub struct Hasher {
    state: [u32; 8],
    /// Octets that wait for a whole block: `length` mod 64 of them.
    waiting: [u8; BLOCK],
    length: u64,
}

impl Default for Hasher {
    fn default() -> Self {
        Self { state: compress::IV, waiting: [0; BLOCK], length: 0 }
    }
}

impl Hasher {
    /// An empty message.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends to the message.
    pub fn update(&mut self, data: &[u8]) {
        let mut data = data;
        let filled = (self.length % BLOCK as u64) as usize;
        self.length = self.length.wrapping_add(data.len() as u64);
        if filled > 0 {
            let room = self.waiting.get_mut(filled..).unwrap_or_default();
            let (head, rest) = data.split_at(room.len().min(data.len()));
            let whole = head.len() == room.len();
            room.iter_mut().zip(head).for_each(|(to, octet)| *to = *octet);
            data = rest;
            if !whole {
                return;
            }
            compress_blocks(&mut self.state, &[self.waiting]);
        }
        let (blocks, rest) = data.as_chunks::<BLOCK>();
        compress_blocks(&mut self.state, blocks);
        self.waiting.iter_mut().zip(rest).for_each(|(to, octet)| *to = *octet);
    }

    /// The digest of all that was appended.
    pub fn finish(mut self) -> [u8; DIGEST] {
        let bits = self.length.wrapping_mul(8);
        let filled = (self.length % BLOCK as u64) as usize;
        // A one, zeros up to 56 octets of a block, the length (§5.2).
        let zeros = if filled < 56 { 55 - filled } else { 119 - filled };
        let mut padding = [0; BLOCK + 8];
        padding[0] = 0x80;
        self.update(padding.get(..zeros.wrapping_add(1)).unwrap_or_default());
        self.update(&bits.to_be_bytes());
        digest_of(&self.state)
    }
}

impl Zeroize for Hasher {
    fn zeroize(&mut self) {
        self.state.zeroize();
        self.waiting.zeroize();
        self.length.zeroize();
    }
}

impl Drop for Hasher {
    fn drop(&mut self) {
        self.zeroize();
    }
}

impl zeroize::ZeroizeOnDrop for Hasher {}

impl std::fmt::Debug for Hasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hasher")
    }
}

fn digest_of(state: &[u32; 8]) -> [u8; DIGEST] {
    let mut digest = [0; DIGEST];
    for (to, word) in digest.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *to = word.to_be_bytes();
    }
    digest
}
