//! Compression of one message.

use super::compress::compression;

compression!(u32, #[inline(always)]);

#[inline(always)]
fn splat(word: u32) -> u32 {
    word
}

#[inline(always)]
fn xor(a: u32, b: u32) -> u32 {
    a ^ b
}

#[inline(always)]
fn add(a: u32, b: u32) -> u32 {
    a.wrapping_add(b)
}

#[inline(always)]
fn rotate<const LEFT: u32, const RIGHT: u32>(word: u32) -> u32 {
    word.rotate_left(LEFT)
}

/// (x ∧ y) ∨ (x ∧ z) ∨ (y ∧ z).
#[inline(always)]
fn majority(x: u32, y: u32, z: u32) -> u32 {
    (x & y) | ((x | y) & z)
}

/// (x ∧ y) ∨ (¬x ∧ z).
#[inline(always)]
fn choice(x: u32, y: u32, z: u32) -> u32 {
    ((y ^ z) & x) ^ z
}

/// Compresses each block in turn.
pub(super) fn compress_blocks(state: &mut [u32; 8], blocks: &[[u8; super::BLOCK]]) {
    for block in blocks {
        let mut words = [0; 16];
        for (to, octets) in words.iter_mut().zip(block.as_chunks::<4>().0) {
            *to = u32::from_be_bytes(*octets);
        }
        compress(state, words);
    }
}
