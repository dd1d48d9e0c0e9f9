//! The key, and the cipher on whole blocks.

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::bitslice::{BLOCKS, SlicedKeys, sbox_word};
use super::{BLOCK, Block, RoundKeys};
use crate::cpu;

/// FK (GB/T 32907 §7.3).
const FK: [u32; 4] = [0xa3b1_bac6, 0x56aa_3350, 0x677d_9197, 0xb270_22dc];

/// An SM4 key, as the keys of its rounds. Wiped when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Key {
    rounds: RoundKeys,
}

impl Key {
    /// Expands a key.
    pub fn new(key: &[u8; BLOCK]) -> Self {
        let mut words = FK;
        for (word, octets) in words.iter_mut().zip(key.as_chunks::<4>().0) {
            *word ^= u32::from_be_bytes(*octets);
        }
        let mut rounds = [0; 32];
        let [mut k0, mut k1, mut k2, mut k3] = words;
        for (at, round) in (0u32..).zip(&mut rounds) {
            let t = sbox_word(k1 ^ k2 ^ k3 ^ constant(at));
            *round = k0 ^ t ^ t.rotate_left(13) ^ t.rotate_left(23);
            (k0, k1, k2, k3) = (k1, k2, k3, *round);
        }
        words.zeroize();
        Self { rounds }
    }

    /// Encrypts each block by itself: ECB, which hides nothing but single random blocks (keys
    /// in SM2EnvelopedKey). The building stone of the modes.
    pub fn encrypt_blocks(&self, blocks: &mut [[u8; BLOCK]]) {
        cpu::sm4_encrypt(&self.rounds, blocks);
    }

    /// Decrypts each block by itself.
    pub fn decrypt_blocks(&self, blocks: &mut [[u8; BLOCK]]) {
        let mut reversed = self.rounds;
        reversed.reverse();
        cpu::sm4_encrypt(&reversed, blocks);
        reversed.zeroize();
    }

    #[cfg(test)]
    pub(super) fn rounds(&self) -> &RoundKeys {
        &self.rounds
    }

    pub(super) fn encrypt_block(&self, block: &Block) -> Block {
        let mut one = [*block];
        self.encrypt_blocks(&mut one);
        let [block] = one;
        block
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("sm4::Key")
    }
}

/// CK: octet j is 7·(4·at + j) mod 256.
fn constant(at: u32) -> u32 {
    let octet = |j: u32| at.wrapping_mul(4).wrapping_add(j).wrapping_mul(7) & 0xff;
    octet(0) << 24 | octet(1) << 16 | octet(2) << 8 | octet(3)
}

/// The circuit, for CPUs without a faster way.
pub(crate) fn portable(keys: &RoundKeys, blocks: &mut [Block]) {
    let keys = SlicedKeys::new(keys);
    let (groups, rest) = blocks.as_chunks_mut::<BLOCKS>();
    groups.iter_mut().for_each(|group| keys.encrypt(group));
    padded(rest, |group| keys.encrypt(group));
}

/// Carries out `encrypt` on a group of which only the first blocks count.
#[inline(always)]
pub(crate) fn padded<const GROUP: usize>(
    rest: &mut [Block],
    encrypt: impl FnOnce(&mut [Block; GROUP]),
) {
    if rest.is_empty() {
        return;
    }
    let mut group = [[0; BLOCK]; GROUP];
    group.iter_mut().zip(rest.iter()).for_each(|(to, block)| *to = *block);
    encrypt(&mut group);
    rest.iter_mut().zip(group).for_each(|(to, block)| *to = block);
}
