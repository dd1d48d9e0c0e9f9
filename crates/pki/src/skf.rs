//! `ENVELOPEDKEYBLOB`: an encryption key pair in the form that intelligent key tokens import
//! with `SKF_ImportECCKeyPair` (GM/T 0016 §6.4.10).
//!
//! The same content as SM2EnvelopedKey ([`crate::envelope`]) in packed C structures:
//! little-endian 32-bit numbers, and 256-bit values right-aligned in fields of 64 octets.
//! The 32 octets of the encrypted private key stand at offset 32 of their field too.
//!
//! Written and read only for SM4-ECB with 256-bit keys; other algorithms of the standard
//! (SM1) belong to hardware that we do not drive.

use gm::{Ciphertext, EnvelopedKey, PublicKey};

use crate::Error;

/// `SGD_SM4_ECB` (GM/T 0006).
const SGD_SM4_ECB: u32 = 0x0000_0401;
/// Version of the blob.
const VERSION: u32 = 1;
/// Bits of an SM2 key.
const BITS: u32 = 256;
/// Octets of an SM4 key, which is what the inner ciphertext carries.
const SYMMETRIC_KEY: usize = 16;
/// `ECC_MAX_XCOORDINATE_BITS_LEN / 8` less the 32 octets in use.
const PAD: [u8; 32] = [0; 32];

const WHAT: &str = "密钥信封（ENVELOPEDKEYBLOB）";

/// Encodes an enveloped key for import into a token.
pub fn encode(key: &EnvelopedKey) -> Vec<u8> {
    let cipher = &key.key_cipher;
    let point = key.public_key.to_sec1();
    let (_, coordinates) = point.split_at(1);
    let (x, y) = coordinates.split_at(32);
    let length = u32::try_from(cipher.cipher().len()).unwrap_or(u32::MAX);
    [
        &VERSION.to_le_bytes()[..],
        &SGD_SM4_ECB.to_le_bytes(),
        &BITS.to_le_bytes(),
        &PAD,
        &key.encrypted_private_key,
        // ECCPUBLICKEYBLOB
        &BITS.to_le_bytes(),
        &PAD,
        x,
        &PAD,
        y,
        // ECCCIPHERBLOB
        &PAD,
        &cipher.x(),
        &PAD,
        &cipher.y(),
        cipher.hash().as_bytes(),
        &length.to_le_bytes(),
        cipher.cipher(),
    ]
    .concat()
}

/// Decodes a blob; every octet must be as [`encode`] would write it.
///
/// # Errors
/// When a number, a padding octet, a point or the length is not as the standard says.
pub fn decode(blob: &[u8]) -> Result<EnvelopedKey, Error> {
    let mut fields = Fields(blob);
    fields.number(VERSION, "版本不是 1")?;
    fields.number(SGD_SM4_ECB, "对称算法不是 SM4-ECB")?;
    fields.number(BITS, "密钥位数不是 256")?;
    let encrypted_private_key = fields.value()?;
    fields.number(BITS, "公钥位数不是 256")?;
    let public_key =
        PublicKey::from_sec1(&fields.point()?).map_err(|_| bad("公钥不在 SM2 曲线上"))?;
    let point = fields.point()?;
    let hash = fields.take(32)?;
    let length = u32::try_from(SYMMETRIC_KEY).map_err(|_| bad("密文长度不对"))?;
    fields.number(length, "密文长度不是 16")?;
    let cipher = fields.take(SYMMETRIC_KEY)?;
    fields.end()?;
    let key_cipher = Ciphertext::from_raw(&[&point[..], hash, cipher].concat())
        .map_err(|_| bad("密文中的点不在 SM2 曲线上"))?;
    Ok(EnvelopedKey { key_cipher, public_key, encrypted_private_key })
}

fn bad(detail: &'static str) -> Error {
    Error::malformed(WHAT, detail)
}

/// What is left to read of a packed structure.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, octets: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) = self.0.split_at_checked(octets).ok_or_else(|| bad("数据不完整"))?;
        self.0 = rest;
        Ok(taken)
    }

    /// A little-endian number that must have this value.
    fn number(&mut self, expected: u32, otherwise: &'static str) -> Result<(), Error> {
        if self.take(4)? == expected.to_le_bytes() { Ok(()) } else { Err(bad(otherwise)) }
    }

    /// 32 octets, right-aligned in a field of 64.
    fn value(&mut self) -> Result<[u8; 32], Error> {
        if self.take(PAD.len())? != PAD {
            return Err(bad("填充字节不为零"));
        }
        self.take(32)?.try_into().map_err(|_| bad("数据不完整"))
    }

    /// Two coordinates, returned as an uncompressed point.
    fn point(&mut self) -> Result<Vec<u8>, Error> {
        let (x, y) = (self.value()?, self.value()?);
        Ok([&[4][..], &x, &y].concat())
    }

    fn end(&self) -> Result<(), Error> {
        if self.0.is_empty() { Ok(()) } else { Err(bad("末尾有多余的字节")) }
    }
}
