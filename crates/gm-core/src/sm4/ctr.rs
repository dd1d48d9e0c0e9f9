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
        self.stream(data, || {
            let block = counter.to_be_bytes();
            counter = counter.wrapping_add(1);
            block
        });
    }

    /// The same with a counter of 32 bits at the end of the block, as GCM counts.
    pub(super) fn ctr32(&self, counter: &Block, data: &mut [u8]) -> Block {
        let first = u128::from_be_bytes(*counter);
        let (fixed, mut count) = (first & !0xffff_ffff, first as u32);
        self.stream(data, || {
            let block = (fixed | u128::from(count)).to_be_bytes();
            count = count.wrapping_add(1);
            block
        });
        (fixed | u128::from(count)).to_be_bytes()
    }

    #[inline(always)]
    fn stream(&self, data: &mut [u8], mut next: impl FnMut() -> Block) {
        let mut stream = Zeroizing::new([[0; BLOCK]; STREAM]);
        for part in data.chunks_mut(STREAM * BLOCK) {
            let blocks = part.len().div_ceil(BLOCK);
            let stream = stream.get_mut(..blocks).unwrap_or_default();
            stream.iter_mut().for_each(|block| *block = next());
            self.encrypt_blocks(stream);
            xor(part, stream.as_flattened());
        }
    }
}

/// data ⊕ stream.
#[inline(always)]
pub(super) fn xor(data: &mut [u8], stream: &[u8]) {
    data.iter_mut().zip(stream).for_each(|(to, octet)| *to ^= octet);
}
