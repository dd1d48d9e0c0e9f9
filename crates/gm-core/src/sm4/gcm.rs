//! SM4-GCM (GB/T 17964 §11, RFC 8998 §2.2).

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use super::ctr::{scratch, xor};
use super::ghash::Ghash;
use super::{BLOCK, Block, Key, TAG};
use crate::Error;
use crate::declassify::revealed;

/// Octets under one nonce: 2³² − 2 blocks (SP 800-38D §5.2.1.1).
const LONGEST: u64 = ((1 << 32) - 2) * BLOCK as u64;
/// What is encrypted and hashed while it is in the nearest cache.
const PART: usize = 64 * BLOCK;

/// A key with its hash key. Wiped when dropped.
#[derive(Clone)]
pub struct Gcm {
    key: Key,
    ghash: Ghash,
}

impl Gcm {
    /// Expands a key.
    pub fn new(key: &[u8; BLOCK]) -> Self {
        let key = Key::new(key);
        let mut h = key.encrypt_block(&[0; BLOCK]);
        let ghash = Ghash::new(&h);
        h.zeroize();
        Self { key, ghash }
    }

    /// Ciphertext ‖ tag. A nonce must never repeat under one key; one of 12 octets is what
    /// RFC 8998 has, others are hashed to a counter. `Length` for an empty nonce and above 64 GiB.
    pub fn seal(&self, nonce: &[u8], aad: &[u8], plain: &[u8]) -> Result<Vec<u8>, Error> {
        let counter = self.first_counter(nonce, plain)?;
        let mut out = Vec::with_capacity(plain.len() + TAG);
        out.extend_from_slice(plain);
        let mut ghash = self.ghash.clone();
        ghash.update(aad);
        let (mut next, mut scratch) = (incremented(&counter), scratch(out.len()));
        for part in out.chunks_mut(PART) {
            next = self.key.ctr32(&next, part, &mut scratch);
            ghash.update(part);
        }
        out.extend(self.tag(&counter, ghash, aad.len(), plain.len()));
        Ok(out)
    }

    /// Opens ciphertext ‖ tag. Nothing is decrypted before the tag was found right.
    pub fn open(
        &self,
        nonce: &[u8],
        aad: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let (cipher, tag) = sealed.split_last_chunk::<TAG>().ok_or(Error::Decrypt)?;
        let counter = self.first_counter(nonce, cipher)?;
        let mut ghash = self.ghash.clone();
        ghash.update(aad);
        ghash.update(cipher);
        let expected = self.tag(&counter, ghash, aad.len(), cipher.len());
        if !revealed(expected.ct_eq(tag)) {
            return Err(Error::Decrypt);
        }
        let mut plain = Zeroizing::new(cipher.to_vec());
        let mut scratch = scratch(plain.len());
        self.key.ctr32(&incremented(&counter), &mut plain, &mut scratch);
        Ok(plain)
    }

    /// J₀.
    fn first_counter(&self, nonce: &[u8], text: &[u8]) -> Result<Block, Error> {
        if nonce.is_empty() || text.len() as u64 > LONGEST {
            return Err(Error::Length);
        }
        if let Ok(nonce) = <[u8; 12]>::try_from(nonce) {
            let [a, b, c, d, e, f, g, h, i, j, k, l] = nonce;
            return Ok([a, b, c, d, e, f, g, h, i, j, k, l, 0, 0, 0, 1]);
        }
        let mut ghash = self.ghash.clone();
        ghash.update(nonce);
        Ok(ghash.finish(0, nonce.len() as u64))
    }

    fn tag(&self, counter: &Block, ghash: Ghash, aad: usize, text: usize) -> [u8; TAG] {
        let mut tag = ghash.finish(aad as u64, text as u64);
        xor(&mut tag, &self.key.encrypt_block(counter));
        tag
    }
}

impl std::fmt::Debug for Gcm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("sm4::Gcm")
    }
}

/// inc₃₂.
fn incremented(counter: &Block) -> Block {
    let counter = u128::from_be_bytes(*counter);
    let count = (counter as u32).wrapping_add(1);
    (counter & !0xffff_ffff | u128::from(count)).to_be_bytes()
}
