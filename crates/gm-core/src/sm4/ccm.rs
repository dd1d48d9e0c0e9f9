//! SM4-CCM (RFC 8998 §2.2, NIST SP 800-38C), for messages of others.

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use super::ctr::xor;
use super::{BLOCK, Block, Key};
use crate::Error;
use crate::declassify::revealed;

/// A key with the length of its tags. Wiped when dropped.
#[derive(Clone, Debug)]
pub struct Ccm {
    key: Key,
    tag: usize,
}

impl Ccm {
    /// Tags of 4, 6, 8, 10, 12, 14 or 16 octets; `Length` for others.
    pub fn new(key: &[u8; BLOCK], tag: usize) -> Result<Self, Error> {
        let known = matches!(tag, 4 | 6 | 8 | 10 | 12 | 14 | 16);
        if known { Ok(Self { key: Key::new(key), tag }) } else { Err(Error::Length) }
    }

    /// Ciphertext ‖ tag. A nonce, of 7 to 13 octets, must never repeat under one key. `Length`
    /// for others, and for more than the octets left in a block can count.
    pub fn seal(&self, nonce: &[u8], aad: &[u8], plain: &[u8]) -> Result<Vec<u8>, Error> {
        let counter = counter(nonce, plain)?;
        let mut tag = self.mac(nonce, aad, plain);
        self.key.ctr(&counter, &mut tag);
        let mut out = Vec::with_capacity(plain.len() + self.tag);
        out.extend_from_slice(plain);
        self.key.ctr(&after(&counter), &mut out);
        out.extend_from_slice(tag.get(..self.tag).unwrap_or_default());
        Ok(out)
    }

    /// Opens ciphertext ‖ tag.
    pub fn open(
        &self,
        nonce: &[u8],
        aad: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let length = sealed.len().checked_sub(self.tag).ok_or(Error::Decrypt)?;
        let (cipher, tag) = sealed.split_at_checked(length).ok_or(Error::Decrypt)?;
        let counter = counter(nonce, cipher)?;
        let mut plain = Zeroizing::new(cipher.to_vec());
        self.key.ctr(&after(&counter), &mut plain);
        let mut expected = self.mac(nonce, aad, &plain);
        self.key.ctr(&counter, &mut expected);
        let same = expected.get(..self.tag).unwrap_or_default().ct_eq(tag);
        expected.zeroize();
        if revealed(same) { Ok(plain) } else { Err(Error::Decrypt) }
    }

    /// CBC-MAC over B₀, the data beside and the text (SP 800-38C Appendix A.2).
    fn mac(&self, nonce: &[u8], aad: &[u8], plain: &[u8]) -> Block {
        let mut first = nonce_block(nonce, plain.len() as u64);
        let [flags, ..] = &mut first;
        *flags |= u8::from(!aad.is_empty()) << 6 | ((self.tag as u8 - 2) / 2) << 3;
        let mut chain = self.key.encrypt_block(&first);
        if !aad.is_empty() {
            self.absorb(&mut chain, &[&length_of(aad), aad].concat());
        }
        self.absorb(&mut chain, plain);
        chain
    }

    fn absorb(&self, chain: &mut Block, data: &[u8]) {
        for part in data.chunks(BLOCK) {
            xor(chain, part);
            *chain = self.key.encrypt_block(chain);
        }
    }
}

/// How long the data beside is.
fn length_of(aad: &[u8]) -> Vec<u8> {
    match aad.len() as u64 {
        short @ ..0xff00 => (short as u16).to_be_bytes().to_vec(),
        middle @ ..=0xffff_ffff => [&[0xff, 0xfe], &(middle as u32).to_be_bytes()[..]].concat(),
        long => [&[0xff, 0xff], &long.to_be_bytes()[..]].concat(),
    }
}

/// Ctr₀, after looking at the lengths.
fn counter(nonce: &[u8], text: &[u8]) -> Result<Block, Error> {
    if !(7..=13).contains(&nonce.len()) {
        return Err(Error::Length);
    }
    let octets = 15 - nonce.len();
    let fits = octets >= 8 || (text.len() as u64) >> (8 * octets) == 0;
    if fits { Ok(nonce_block(nonce, 0)) } else { Err(Error::Length) }
}

/// q − 1 ‖ nonce ‖ a number of q = 15 − |nonce| octets.
fn nonce_block(nonce: &[u8], number: u64) -> Block {
    let mut block = u128::from(number).to_be_bytes();
    let [flags, rest @ ..] = &mut block;
    *flags = (14 - nonce.len()) as u8;
    rest.iter_mut().zip(nonce).for_each(|(to, octet)| *to = *octet);
    block
}

/// Ctr₁. The count starts at zero in its own octets and is public.
fn after(counter: &Block) -> Block {
    u128::from_be_bytes(*counter).wrapping_add(1).to_be_bytes()
}
