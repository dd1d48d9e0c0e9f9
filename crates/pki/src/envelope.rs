//! SM2EnvelopedKey (GM/T 0009 §7.4): an encryption key pair on its way to its owner.
//!
//! ```text
//! SM2EnvelopedKey ::= SEQUENCE {
//!     symAlgID               AlgorithmIdentifier,
//!     symEncryptedKey        SM2Cipher,       -- to the owner's signing key
//!     Sm2PublicKey           SM2PublicKey,    -- of the pair inside
//!     Sm2EncryptedPrivateKey BIT STRING }
//! ```
//!
//! The standard leaves the padding of the private key open. Written here, and read, is what
//! the deployed implementations do: the bare 32-octet scalar under SM4-ECB. `symAlgID` is
//! written as SM4-ECB with NULL parameters; SM4 without a mode is read too.

use gm::sm2::PrivateKey;
use gm::{Ciphertext, EnvelopedKey, PublicKey, sm4};
use zeroize::Zeroizing;

use crate::spki::AlgorithmIdentifier;
use crate::strict::{Limits, Reader, Tag, Writer, check};
use crate::{Error, oid};

/// Chinese name of the structure in messages.
const WHAT: &str = "加密密钥信封（SM2EnvelopedKey）";
/// Largest envelope that is read, in octets; a real one has about 240.
const MAX_OCTETS: usize = 1024;

/// Encodes an enveloped key.
pub fn encode(key: &EnvelopedKey) -> Vec<u8> {
    Writer::build(|w| w.sequence(|w| write_fields(w, key)))
}

/// The four fields, without the SEQUENCE around them (for an implicit tag).
pub(crate) fn write_fields(w: &mut Writer, key: &EnvelopedKey) {
    AlgorithmIdentifier::with_null(oid::SM4_ECB).write(w);
    w.raw(&key.key_cipher.to_der());
    w.bit_string(&key.public_key.to_sec1());
    w.bit_string(&key.encrypted_private_key);
}

/// Decodes an enveloped key.
///
/// # Errors
/// When it is not strict DER, uses another algorithm, or holds anything but a 256-bit key.
pub fn decode(der: &[u8]) -> Result<EnvelopedKey, Error> {
    check(der, &Limits::of(WHAT, MAX_OCTETS))?;
    read_fields(Reader::sequence_of(der)?)
}

pub(crate) fn read_fields(mut fields: Reader<'_>) -> Result<EnvelopedKey, Error> {
    let algorithm = AlgorithmIdentifier::read(&mut fields)?;
    let known = [oid::SM4_ECB, oid::SM4].contains(&algorithm.oid);
    if !known || !algorithm.has_no_parameters() {
        return Err(Error::Algorithm { what: WHAT, oid: algorithm.oid.to_string() });
    }
    let cipher = fields.expect(Tag::SEQUENCE)?;
    let key_cipher = Ciphertext::from_der(cipher.raw())
        .map_err(|_| Error::malformed(WHAT, "对称密钥的密文不是 SM2 密文"))?;
    let public_key = PublicKey::from_sec1(fields.octet_bits()?)
        .map_err(|_| Error::malformed(WHAT, "公钥不在 SM2 曲线上"))?;
    let encrypted_private_key = fields
        .octet_bits()?
        .try_into()
        .map_err(|_| Error::malformed(WHAT, "私钥密文不是 32 字节"))?;
    fields.finish()?;
    Ok(EnvelopedKey { key_cipher, public_key, encrypted_private_key })
}

/// Opens an envelope with the owner's signing key and returns the encryption key.
///
/// # Errors
/// As [`decode`] and [`unwrap`].
pub fn open(der: &[u8], signing_private: &PrivateKey) -> Result<PrivateKey, Error> {
    unwrap(&decode(der)?, signing_private)
}

/// Opens a decoded envelope, whatever its form was, with the owner's signing key.
///
/// # Errors
/// When it is for another key, was changed, or the key inside does not fit its public half.
pub fn unwrap(key: &EnvelopedKey, signing_private: &PrivateKey) -> Result<PrivateKey, Error> {
    let closed = || Error::malformed(WHAT, "无法用此签名私钥打开");
    let symmetric = signing_private.decrypt(&key.key_cipher).map_err(|_| closed())?;
    let symmetric: &[u8; 16] = symmetric.as_slice().try_into().map_err(|_| closed())?;
    let scalar = sm4::ecb_decrypt(symmetric, &key.encrypted_private_key).map_err(|_| closed())?;
    let scalar: Zeroizing<[u8; 32]> =
        Zeroizing::new(scalar.as_slice().try_into().map_err(|_| closed())?);
    let private = PrivateKey::from_bytes(&scalar).map_err(|_| closed())?;
    if *private.public_key() != key.public_key {
        return Err(Error::malformed(WHAT, "其中的私钥与公钥不成对"));
    }
    Ok(private)
}
