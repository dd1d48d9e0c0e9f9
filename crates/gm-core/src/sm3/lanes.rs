//! Eight messages at a time: leaves and nodes of Merkle trees.

use super::{BLOCK, DIGEST, compress, digest_of};
use crate::cpu;

/// Eight states, register by register: the lanes of A, of B, and so on.
pub(crate) type State8 = [[u32; 8]; 8];
/// A block of each of eight messages.
pub(crate) type BlocksOf8 = [[u8; BLOCK]; 8];

/// SM3 of each message. Lengths may differ and are public; messages of about the same length
/// beside each other are fastest.
pub fn hash_many<M: AsRef<[u8]>>(messages: &[M]) -> Vec<[u8; DIGEST]> {
    let (groups, rest) = messages.as_chunks::<8>();
    let mut digests = Vec::with_capacity(messages.len());
    for group in groups {
        digests.extend(hash8(&group.each_ref().map(AsRef::as_ref)));
    }
    digests.extend(rest.iter().map(|message| super::hash(message.as_ref())));
    digests
}

fn hash8(messages: &[&[u8]; 8]) -> [[u8; DIGEST]; 8] {
    let counts = messages.map(|message| blocks_of(message.len()));
    let mut state = compress::IV.map(|word| [word; 8]);
    let mut digests = [[0; DIGEST]; 8];
    for at in 0..counts.iter().copied().max().unwrap_or(0) {
        cpu::sm3_compress8(&mut state, &messages.map(|message| block(message, at)));
        for ((lane, count), digest) in counts.iter().enumerate().zip(&mut digests) {
            if *count == at.wrapping_add(1) {
                let registers = state.map(|lanes| lanes.get(lane).copied().unwrap_or(0));
                *digest = digest_of(&registers);
            }
        }
    }
    digests
}

/// Blocks of a message with its padding.
const fn blocks_of(length: usize) -> usize {
    length / BLOCK + if length % BLOCK < 56 { 1 } else { 2 }
}

/// Block `at` of a padded message; zeros after its end.
fn block(message: &[u8], at: usize) -> [u8; BLOCK] {
    let from = at.wrapping_mul(BLOCK);
    let rest = message.get(from..).unwrap_or_default();
    if let Some(whole) = rest.first_chunk::<BLOCK>() {
        return *whole;
    }
    let mut block = [0; BLOCK];
    block.iter_mut().zip(rest).for_each(|(to, octet)| *to = *octet);
    if let Some(mark) = block.get_mut(rest.len())
        && from.wrapping_add(rest.len()) == message.len()
    {
        *mark = 0x80;
    }
    if at.wrapping_add(1) == blocks_of(message.len()) {
        let [.., length] = block.as_chunks_mut::<8>().0 else {
            return block;
        };
        *length = (message.len() as u64).wrapping_mul(8).to_be_bytes();
    }
    block
}
