//! Key files under a passphrase as OpenSSL, GmSSL and our own pages write them:
//! EncryptedPrivateKeyInfo (RFC 5958 §3) under PBES2 (RFC 8018 §6.2), that is PBKDF2 and then
//! AES-CBC or SM4-CBC. It is read here and never written.
//!
//! The kinds are those that the page opens (`crates/web/assets/keyfile/pbes2.js`). Nothing here
//! tells a wrong passphrase from a changed file: CBC does not show the difference.

use aes::{Aes128, Aes192, Aes256};
use cbc::Decryptor;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, KeyIvInit as _};
use pbkdf2::pbkdf2_hmac;
use pki::oid::{self, Oid};
use pki::strict::{Reader, Tag};
use sha2::{Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

/// More iterations in a file are an attack on the reader's time.
const MOST_ITERATIONS: u64 = 10_000_000;
/// Of AES and of SM4.
const BLOCK: usize = 16;

const PBES2: Oid = Oid::new("1.2.840.113549.1.5.13");
const PBKDF2: Oid = Oid::new("1.2.840.113549.1.5.12");
/// The functions under PBKDF2. SM3 has two names: GM/T 0006 §5 (GmSSL), GM/T 0091 (Tongsuo).
const PRFS: [(Oid, Prf); 5] = [
    (Oid::new("1.2.840.113549.2.9"), Prf::Sha256),
    (Oid::new("1.2.840.113549.2.10"), Prf::Sha384),
    (Oid::new("1.2.840.113549.2.11"), Prf::Sha512),
    (oid::HMAC_SM3, Prf::Sm3),
    (oid::HMAC_SM3_GMT0091, Prf::Sm3),
];
const CIPHERS: [(Oid, Cipher); 4] = [
    (Oid::new("2.16.840.1.101.3.4.1.2"), Cipher::Aes128),
    (Oid::new("2.16.840.1.101.3.4.1.22"), Cipher::Aes192),
    (Oid::new("2.16.840.1.101.3.4.1.42"), Cipher::Aes256),
    (Oid::new("1.2.156.10197.1.104.2"), Cipher::Sm4),
];
/// What such a file may name and we refuse, by the name that people know it under.
const REFUSED: [(Oid, &str); 13] = [
    (Oid::new("1.2.840.113549.1.5.1"), "PBES1（MD2、DES）"),
    (Oid::new("1.2.840.113549.1.5.3"), "PBES1（MD5、DES）"),
    (Oid::new("1.2.840.113549.1.5.6"), "PBES1（MD5、RC2）"),
    (Oid::new("1.2.840.113549.1.5.10"), "PBES1（SHA-1、DES）"),
    (Oid::new("1.2.840.113549.1.5.11"), "PBES1（SHA-1、RC2）"),
    (Oid::new("1.2.840.113549.1.12.1.1"), "PKCS#12 的 RC4"),
    (Oid::new("1.2.840.113549.1.12.1.3"), "PKCS#12 的 3DES"),
    (Oid::new("1.2.840.113549.1.12.1.4"), "PKCS#12 的双密钥 3DES"),
    (Oid::new("1.2.840.113549.1.12.1.6"), "PKCS#12 的 RC2"),
    (Oid::new("1.3.6.1.4.1.11591.4.11"), "scrypt"),
    (Oid::new("1.2.840.113549.2.7"), "PBKDF2 的 HMAC-SHA-1"),
    (Oid::new("1.3.14.3.2.7"), "DES"),
    (Oid::new("1.2.840.113549.3.7"), "3DES"),
];

/// Why a file is not opened; the texts go on after its name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No EncryptedPrivateKeyInfo in DER.
    #[error("已损坏或不完整；请用原来的备份")]
    Damaged,
    /// Weak, or known to nobody here.
    #[error(
        "的加密方式不受支持（{0}）；请用 openssl pkcs8 -topk8 -v2 aes-256-cbc -in 原文件 -out 新文件 重新加密"
    )]
    Scheme(String),
    /// Above [`MOST_ITERATIONS`].
    #[error(
        "的迭代次数超过 1000 万，未予打开；如确是自己的文件，请用 openssl pkcs8 -topk8 -v2 aes-256-cbc -iter 600000 -in 原文件 -out 新文件 重新加密"
    )]
    TooSlow,
    /// Or another file's octets.
    #[error("无法打开：口令不对，或文件已损坏")]
    Passphrase,
}

impl From<pki::Error> for Refusal {
    fn from(_: pki::Error) -> Self {
        Self::Damaged
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Prf {
    Sha256,
    Sha384,
    Sha512,
    Sm3,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cipher {
    Aes128,
    Aes192,
    Aes256,
    Sm4,
}

impl Cipher {
    const fn key_octets(self) -> usize {
        match self {
            Self::Aes128 | Self::Sm4 => 16,
            Self::Aes192 => 24,
            Self::Aes256 => 32,
        }
    }
}

/// A file whose scheme we know; no secret was needed so far.
#[derive(Debug)]
pub struct Sealed<'a> {
    prf: Prf,
    salt: &'a [u8],
    iterations: u32,
    cipher: Cipher,
    iv: [u8; BLOCK],
    octets: &'a [u8],
}

/// Whether DER is an EncryptedPrivateKeyInfo: an algorithm, where PrivateKeyInfo has its version and
/// a certificate its contents; then octets, where a public key has bits.
pub fn is_sealed(der: &[u8]) -> bool {
    let fields = Reader::sequence_of(der).and_then(|mut fields| Ok((fields.sequence()?, fields)));
    fields.is_ok_and(|(scheme, rest)| {
        scheme.peek() == Some(Tag::OID) && rest.peek() == Some(Tag::OCTET_STRING)
    })
}

impl<'a> Sealed<'a> {
    /// Reads what is outside the encryption.
    pub fn read(der: &'a [u8]) -> Result<Self, Refusal> {
        let mut fields = Reader::sequence_of(der)?;
        let mut scheme = fields.sequence()?;
        let octets = fields.octet_string()?;
        fields.finish()?;
        let name = scheme.oid()?;
        if name != PBES2 {
            return Err(refused(&name));
        }
        let mut both = scheme.sequence()?;
        scheme.finish()?;
        let (mut derivation, mut encryption) = (both.sequence()?, both.sequence()?);
        both.finish()?;
        let name = derivation.oid()?;
        if name != PBKDF2 {
            return Err(refused(&name));
        }
        let mut parameters = derivation.sequence()?;
        derivation.finish()?;
        let salt = parameters.octet_string()?;
        let iterations = iterations(parameters.uint()?)?;
        let length = parameters.peek().filter(|tag| *tag == Tag::INTEGER);
        let length = length.map(|_| parameters.uint()).transpose()?;
        let prf = prf(&mut parameters)?;
        let cipher = named(&CIPHERS, &encryption.oid()?)?;
        let iv = encryption.octet_string()?.try_into().map_err(|_| Refusal::Damaged)?;
        encryption.finish()?;
        let fits = length.is_none_or(|octets| usize::try_from(octets) == Ok(cipher.key_octets()));
        match fits && octets.len() % BLOCK == 0 && !octets.is_empty() {
            true => Ok(Self { prf, salt, iterations, cipher, iv, octets }),
            false => Err(Refusal::Damaged),
        }
    }

    /// PrivateKeyInfo, if the passphrase is right; by chance (one in 256) something else if not.
    pub fn open(&self, phrase: &[u8]) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        let key = self.derive(phrase);
        let plain = match self.cipher {
            Cipher::Aes128 => self.strip(Decryptor::<Aes128>::new_from_slices(&key, &self.iv)),
            Cipher::Aes192 => self.strip(Decryptor::<Aes192>::new_from_slices(&key, &self.iv)),
            Cipher::Aes256 => self.strip(Decryptor::<Aes256>::new_from_slices(&key, &self.iv)),
            Cipher::Sm4 => {
                let mut whole = Zeroizing::new([0; 16]);
                whole.iter_mut().zip(key.iter()).for_each(|(to, from)| *to = *from);
                gm::sm4::cbc_decrypt(&whole, &self.iv, self.octets).map_err(|_| Refusal::Passphrase)
            }
        }?;
        let looks_right = Reader::sequence_of(&plain).and_then(|mut fields| fields.uint());
        looks_right.map(|_| plain).map_err(|_| Refusal::Passphrase)
    }

    fn derive(&self, phrase: &[u8]) -> Zeroizing<Vec<u8>> {
        let mut key = Zeroizing::new(vec![0; self.cipher.key_octets()]);
        let function = match self.prf {
            Prf::Sha256 => pbkdf2_hmac::<Sha256>,
            Prf::Sha384 => pbkdf2_hmac::<Sha384>,
            Prf::Sha512 => pbkdf2_hmac::<Sha512>,
            Prf::Sm3 => pbkdf2_hmac::<sm3::Sm3>,
        };
        function(phrase, self.salt, self.iterations, &mut key);
        key
    }

    /// Decrypts and takes the padding off.
    fn strip<D, E>(&self, cipher: Result<D, E>) -> Result<Zeroizing<Vec<u8>>, Refusal>
    where
        D: BlockModeDecrypt,
    {
        let cipher = cipher.map_err(|_| Refusal::Damaged)?;
        let mut plain = Zeroizing::new(self.octets.to_vec());
        let stripped = cipher.decrypt_padded::<Pkcs7>(&mut plain);
        let octets = stripped.map_err(|_| Refusal::Passphrase)?.len();
        plain.truncate(octets);
        Ok(plain)
    }
}

fn iterations(given: u64) -> Result<u32, Refusal> {
    match given {
        0 => Err(Refusal::Damaged),
        1..=MOST_ITERATIONS => u32::try_from(given).map_err(|_| Refusal::TooSlow),
        _ => Err(Refusal::TooSlow),
    }
}

/// Without a name it is HMAC-SHA-1 (RFC 8018 §A.2).
fn prf(parameters: &mut Reader<'_>) -> Result<Prf, Refusal> {
    let Some(identifier) = parameters.optional(Tag::SEQUENCE)? else {
        parameters.finish()?;
        return Err(Refusal::Scheme("PBKDF2 的 HMAC-SHA-1".to_owned()));
    };
    parameters.finish()?;
    let mut fields = identifier.reader();
    let prf = named(&PRFS, &fields.oid()?)?;
    fields.optional(Tag::NULL)?;
    fields.finish()?;
    Ok(prf)
}

fn named<T: Copy>(known: &[(Oid, T)], name: &Oid) -> Result<T, Refusal> {
    let found = known.iter().find(|(oid, _)| oid == name);
    found.map(|(_, meaning)| *meaning).ok_or_else(|| refused(name))
}

fn refused(name: &Oid) -> Refusal {
    let known = REFUSED.iter().find(|(oid, _)| oid == name);
    Refusal::Scheme(known.map_or_else(|| name.to_string(), |(_, word)| (*word).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use pki::strict::Writer;

    /// What a file says outside the encryption, for tests to bend.
    struct Said {
        iterations: u64,
        length: Option<u64>,
        prf: Option<&'static str>,
        cipher: &'static str,
        iv: &'static [u8],
    }

    const USUAL: Said = Said {
        iterations: 1000,
        length: None,
        prf: Some("1.2.840.113549.2.9"),
        cipher: "2.16.840.1.101.3.4.1.42",
        iv: &[7; 16],
    };

    fn file(said: &Said) -> Vec<u8> {
        let oid = |text: &str| Oid::parse(text).unwrap();
        let derivation = |w: &mut Writer| {
            w.oid(&PBKDF2);
            w.sequence(|w| {
                w.octet_string(&[1; 8]);
                w.uint(said.iterations);
                said.length.into_iter().for_each(|octets| w.uint(octets));
                said.prf.into_iter().for_each(|name| w.sequence(|w| w.oid(&oid(name))));
            });
        };
        let encryption = |w: &mut Writer| {
            w.oid(&oid(said.cipher));
            w.octet_string(said.iv);
        };
        let scheme = |w: &mut Writer| {
            w.oid(&PBES2);
            w.sequence(|w| {
                w.sequence(derivation);
                w.sequence(encryption);
            });
        };
        Writer::build(|w| {
            w.sequence(|w| {
                w.sequence(scheme);
                w.octet_string(&[9; 48]);
            });
        })
    }

    fn refusal(said: &Said) -> Refusal {
        Sealed::read(&file(said)).unwrap_err()
    }

    fn scheme(word: &str) -> Refusal {
        Refusal::Scheme(word.to_owned())
    }

    #[test]
    fn every_function_and_cipher_is_read_and_what_is_weak_is_named() {
        for name in ["1.2.840.113549.2.9", "1.2.840.113549.2.11", "1.2.156.10197.1.401.2"] {
            assert!(Sealed::read(&file(&Said { prf: Some(name), ..USUAL })).is_ok(), "{name}");
        }
        assert_eq!(refusal(&Said { prf: None, ..USUAL }), scheme("PBKDF2 的 HMAC-SHA-1"));
        let named = Said { prf: Some("1.2.840.113549.2.7"), ..USUAL };
        assert_eq!(refusal(&named), scheme("PBKDF2 的 HMAC-SHA-1"));
        let triple = Said { cipher: "1.2.840.113549.3.7", iv: &[7; 8], ..USUAL };
        assert_eq!(refusal(&triple), scheme("3DES"));
        assert_eq!(refusal(&Said { cipher: "1.2.3.4", ..USUAL }), scheme("1.2.3.4"));
    }

    #[test]
    fn iterations_have_a_bound_and_lengths_must_fit() {
        assert!(Sealed::read(&file(&Said { iterations: 10_000_000, ..USUAL })).is_ok());
        for iterations in [10_000_001, 1 << 32, u64::MAX] {
            assert_eq!(refusal(&Said { iterations, ..USUAL }), Refusal::TooSlow);
        }
        assert_eq!(refusal(&Said { iterations: 0, ..USUAL }), Refusal::Damaged);
        assert!(Sealed::read(&file(&Said { length: Some(32), ..USUAL })).is_ok());
        assert_eq!(refusal(&Said { length: Some(16), ..USUAL }), Refusal::Damaged);
        assert_eq!(refusal(&Said { iv: &[7; 8], ..USUAL }), Refusal::Damaged);
    }

    #[test]
    fn whatever_octets_come_they_are_refused_or_read_and_never_worse() {
        let whole = file(&USUAL);
        assert!(is_sealed(&whole));
        for end in 0..whole.len() {
            assert_eq!(Sealed::read(&whole[..end]).unwrap_err(), Refusal::Damaged, "{end}");
        }
        for at in 0..whole.len() {
            for octet in 0..=255 {
                let mut bent = whole.clone();
                bent[at] = octet;
                let _ = (is_sealed(&bent), Sealed::read(&bent).is_ok());
            }
        }
    }

    #[test]
    fn rubbish_that_has_a_padding_is_a_wrong_passphrase() {
        let whole = file(&Said { iterations: 1, ..USUAL });
        let sealed = Sealed::read(&whole).unwrap();
        for at in 0..1000_u32 {
            assert_eq!(sealed.open(&at.to_be_bytes()).unwrap_err(), Refusal::Passphrase);
        }
    }
}
