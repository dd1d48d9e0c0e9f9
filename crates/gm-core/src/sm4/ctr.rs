//! Counter modes.

use zeroize::Zeroizing;

use super::{BLOCK, Block, Key};

/// Blocks of key stream made at a time.
const STREAM: usize = 64;

impl Key {
    /// CTR (GB/T 17964 §8): data ⊕ E(counter) ‖ E(counter + 1) and so on, the counter mod 2¹²⁸.
    /// Encrypts and decrypts. A counter must never repeat under one key.
    pub fn ctr(&self, counter: &[u8; BLOCK], data: &mut [u8]) {
        let mut counter = u128::from_be_bytes(*counter);
        let mut scratch = scratch(data.len());
        self.stream(data, &mut scratch, || {
            let block = counter.to_be_bytes();
            counter = counter.wrapping_add(1);
            block
        });
    }

    /// The same with a counter of 32 bits at the end of the block, as GCM counts. The scratch
    /// takes the key stream; the counter that is next is returned.
    pub(super) fn ctr32(&self, counter: &Block, data: &mut [u8], scratch: &mut [Block]) -> Block {
        let first = u128::from_be_bytes(*counter);
        let (fixed, mut count) = (first & !0xffff_ffff, first as u32);
        self.stream(data, scratch, || {
            let block = (fixed | u128::from(count)).to_be_bytes();
            count = count.wrapping_add(1);
            block
        });
        (fixed | u128::from(count)).to_be_bytes()
    }

    #[inline(always)]
    fn stream(&self, data: &mut [u8], scratch: &mut [Block], mut next: impl FnMut() -> Block) {
        for part in data.chunks_mut(scratch.len().max(1).wrapping_mul(BLOCK)) {
            let blocks = part.len().div_ceil(BLOCK);
            let stream = scratch.get_mut(..blocks).unwrap_or_default();
            stream.iter_mut().for_each(|block| *block = next());
            self.encrypt_blocks(stream);
            xor(part, stream.as_flattened());
        }
    }
}

/// Room for the key stream of so many octets at once; wiped when dropped.
pub(super) fn scratch(octets: usize) -> Zeroizing<Vec<Block>> {
    Zeroizing::new(vec![[0; BLOCK]; octets.div_ceil(BLOCK).clamp(1, STREAM)])
}

/// data ⊕ stream.
#[inline(always)]
pub(super) fn xor(data: &mut [u8], stream: &[u8]) {
    data.iter_mut().zip(stream).for_each(|(to, octet)| *to ^= octet);
}
