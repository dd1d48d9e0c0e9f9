//! CBC (GB/T 17964 §7) with PKCS#7 padding. Not authenticated: never tell a stranger whether a
//! ciphertext opened.

use subtle::{Choice, ConstantTimeEq, ConstantTimeLess};
use zeroize::{Zeroize, Zeroizing};

use super::ctr::xor;
use super::{BLOCK, Block, Key};
use crate::Error;
use crate::declassify::revealed;

/// Blocks that are decrypted at a time.
const TOGETHER: usize = 64;

impl Key {
    /// Encrypts with padding; the IV must be fresh and unpredictable.
    pub fn cbc_encrypt(&self, iv: &[u8; BLOCK], plain: &[u8]) -> Vec<u8> {
        let (blocks, rest) = plain.as_chunks::<BLOCK>();
        // Less than a block: its length fits the octet.
        let mut last = [(BLOCK - rest.len()) as u8; BLOCK];
        last.iter_mut().zip(rest).for_each(|(to, octet)| *to = *octet);
        let mut cipher = Vec::with_capacity(plain.len() + BLOCK);
        let mut chain = *iv;
        for block in blocks.iter().chain([&last]) {
            xor(&mut chain, block);
            chain = self.encrypt_block(&chain);
            cipher.extend_from_slice(&chain);
        }
        last.zeroize();
        cipher
    }

    /// Decrypts and takes the padding off. One error for all that can be wrong; the padding is
    /// looked at in constant time.
    pub fn cbc_decrypt(
        &self,
        iv: &[u8; BLOCK],
        cipher: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let (blocks, rest) = cipher.as_chunks::<BLOCK>();
        if blocks.is_empty() || !rest.is_empty() {
            return Err(Error::Decrypt);
        }
        let mut plain = Zeroizing::new(cipher.to_vec());
        let (out, _) = plain.as_chunks_mut::<BLOCK>();
        out.chunks_mut(TOGETHER).for_each(|part| self.decrypt_blocks(part));
        let before = [iv].into_iter().chain(blocks);
        out.iter_mut().zip(before).for_each(|(block, before)| xor(block, before));
        let last = out.last().ok_or(Error::Decrypt)?;
        let length = cipher.len() - padding(last)?;
        plain.truncate(length);
        Ok(plain)
    }
}

/// n where the block ends in n octets of value n, 1 ≤ n ≤ 16. Only the answer becomes known.
fn padding(block: &Block) -> Result<usize, Error> {
    let [.., count] = *block;
    let mut right = Choice::from(1);
    for (from_end, octet) in (0u8..).zip(block.iter().rev()) {
        right &= octet.ct_eq(&count) | !from_end.ct_lt(&count);
    }
    let mut counts = (1..=BLOCK as u8).filter(|n| revealed(right & count.ct_eq(n)));
    counts.next().map(usize::from).ok_or(Error::Decrypt)
}
