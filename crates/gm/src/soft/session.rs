//! What a caller does with the software device.

use std::sync::{Mutex, PoisonError};

use zeroize::Zeroizing;

use super::{
    keystore::{Keystore, Secret},
    share,
};
use crate::{
    Ciphertext, DeviceError, Digest, EnvelopedKey, FormatError, KeyInfo, KeyKind, KeyLabel,
    KeyShare, PublicKey, Random, RefusedReason, Session, Signature, Tested, UserId, WrappedKey,
    sm2::{self, PrivateKey},
    sm3,
    sm4::{self, BLOCK, NONCE},
};

type Source = Mutex<Tested<Box<dyn Random + Send>>>;

/// A session: two references, nothing to close.
pub(super) struct SoftSession<'d> {
    keys: &'d Keystore,
    random: &'d Source,
}

impl<'d> SoftSession<'d> {
    pub(super) fn new(keys: &'d Keystore, random: &'d Source) -> Self {
        Self { keys, random }
    }

    fn nonce(&mut self) -> Result<[u8; NONCE], DeviceError> {
        let mut nonce = [0; NONCE];
        self.fill(&mut nonce)?;
        Ok(nonce)
    }

    /// Counts, then signs e; `e_of` computes it from the key.
    fn sign_with(
        &mut self,
        label: &KeyLabel,
        e_of: impl FnOnce(&PrivateKey) -> Digest,
    ) -> Result<Signature, DeviceError> {
        let entry = self.keys.find(label)?;
        let Secret::Sm2Sign(key) = &entry.secret else {
            return Err(RefusedReason::WrongKind.into());
        };
        let mut fresh = Zeroizing::new([0; 32]);
        self.fill(&mut fresh[..])?;
        entry.counter.count_one()?;
        Ok(key.sign_hedged(&e_of(key), &fresh[..]))
    }

    fn seal_under(
        &mut self,
        label: &KeyLabel,
        aad: &[u8],
        plain: &[u8],
    ) -> Result<Vec<u8>, DeviceError> {
        let nonce = self.nonce()?;
        let entry = self.keys.find(label)?;
        let Secret::Sm4(gcm) = &entry.secret else {
            return Err(RefusedReason::WrongKind.into());
        };
        gcm.seal_with_nonce(&nonce, aad, plain).map_err(bad_input)
    }

    fn open_under(
        &mut self,
        label: &KeyLabel,
        aad: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, DeviceError> {
        let entry = self.keys.find(label)?;
        let Secret::Sm4(gcm) = &entry.secret else {
            return Err(RefusedReason::WrongKind.into());
        };
        Ok(gcm.open_with_nonce(aad, sealed)?)
    }

    /// The octets of a new key of this kind.
    fn draw(&mut self, kind: KeyKind) -> Result<Zeroizing<Vec<u8>>, DeviceError> {
        if let KeyKind::Sm2Sign | KeyKind::Sm2Decrypt = kind {
            let key = PrivateKey::generate(self)?;
            return Ok(Zeroizing::new(key.to_bytes().to_vec()));
        }
        let length = if kind == KeyKind::Sm4 { BLOCK } else { 32 };
        let mut octets = Zeroizing::new(vec![0; length]);
        self.fill(&mut octets)?;
        Ok(octets)
    }
}

impl Random for SoftSession<'_> {
    fn fill(&mut self, buf: &mut [u8]) -> Result<(), DeviceError> {
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        random.fill(buf)
    }
}

impl Session for SoftSession<'_> {
    fn keys(&mut self) -> Result<Vec<KeyInfo>, DeviceError> {
        self.keys.all()?.iter().map(|entry| entry.info()).collect()
    }

    fn key(&mut self, label: &KeyLabel) -> Result<KeyInfo, DeviceError> {
        self.keys.find(label)?.info()
    }

    fn generate(&mut self, label: &KeyLabel, kind: KeyKind) -> Result<KeyInfo, DeviceError> {
        let octets = self.draw(kind)?;
        self.keys.add(label, kind, &octets, self)
    }

    fn destroy(&mut self, label: &KeyLabel) -> Result<(), DeviceError> {
        self.keys.remove(label)
    }

    fn sign_digest(&mut self, label: &KeyLabel, e: &Digest) -> Result<Signature, DeviceError> {
        self.sign_with(label, |_| *e)
    }

    fn sign(
        &mut self,
        label: &KeyLabel,
        id: &UserId,
        message: &[u8],
    ) -> Result<Signature, DeviceError> {
        self.sign_with(label, |key| key.digest(id, message))
    }

    fn decrypt(
        &mut self,
        label: &KeyLabel,
        ciphertext: &Ciphertext,
    ) -> Result<Zeroizing<Vec<u8>>, DeviceError> {
        match &self.keys.find(label)?.secret {
            Secret::Sm2Decrypt(key) => Ok(key.decrypt(ciphertext)?),
            _ => Err(RefusedReason::WrongKind.into()),
        }
    }

    fn hmac(&mut self, label: &KeyLabel, data: &[u8]) -> Result<Digest, DeviceError> {
        match &self.keys.find(label)?.secret {
            Secret::Hmac(key) => Ok(sm3::hmac(key, data)),
            _ => Err(RefusedReason::WrongKind.into()),
        }
    }

    fn seal(&mut self, label: &KeyLabel, aad: &[u8], plain: &[u8]) -> Result<Vec<u8>, DeviceError> {
        self.seal_under(label, &bound_data(aad), plain)
    }

    fn open(
        &mut self,
        label: &KeyLabel,
        aad: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, DeviceError> {
        self.open_under(label, &bound_data(aad), sealed)
    }

    fn generate_wrapped(&mut self, kek: &KeyLabel) -> Result<WrappedKey, DeviceError> {
        let key = PrivateKey::generate(self)?;
        let public_key = *key.public_key();
        let sealed = self.seal_under(kek, &bound_key(&public_key), &key.to_bytes()[..])?;
        Ok(WrappedKey { public_key, sealed })
    }

    fn envelope_wrapped(
        &mut self,
        kek: &KeyLabel,
        key: &WrappedKey,
        to: &PublicKey,
    ) -> Result<EnvelopedKey, DeviceError> {
        let private = self.open_under(kek, &bound_key(&key.public_key), &key.sealed)?;
        let mut fresh = Zeroizing::new([0; BLOCK]);
        self.fill(&mut fresh[..])?;
        let key_cipher = sm2::encrypt(to, &fresh[..], self)?;
        let encrypted = sm4::ecb_encrypt(&fresh, &private).map_err(bad_input)?;
        Ok(EnvelopedKey {
            key_cipher,
            public_key: key.public_key,
            encrypted_private_key: encrypted.try_into().map_err(|_| RefusedReason::BadInput)?,
        })
    }

    fn import_enveloped(
        &mut self,
        label: &KeyLabel,
        key: &EnvelopedKey,
        owner: &KeyLabel,
    ) -> Result<KeyInfo, DeviceError> {
        let entry = self.keys.find(owner)?;
        let Secret::Sm2Sign(owner) = &entry.secret else {
            return Err(RefusedReason::WrongKind.into());
        };
        let fresh = owner.decrypt(&key.key_cipher)?;
        let fresh: &[u8; BLOCK] =
            fresh.as_slice().try_into().map_err(|_| RefusedReason::BadInput)?;
        let scalar = sm4::ecb_decrypt(fresh, &key.encrypted_private_key).map_err(bad_input)?;
        let octets = scalar.as_slice().try_into().map_err(|_| RefusedReason::BadInput)?;
        let private = PrivateKey::from_bytes(octets).map_err(|_| RefusedReason::BadInput)?;
        if *private.public_key() != key.public_key {
            return Err(RefusedReason::BadInput.into());
        }
        self.keys.add(label, KeyKind::Sm2Decrypt, &scalar, self)
    }

    fn split(
        &mut self,
        label: &KeyLabel,
        threshold: u8,
        shares: u8,
    ) -> Result<Vec<KeyShare>, DeviceError> {
        match &self.keys.find(label)?.secret {
            Secret::Sm2Sign(key) => share::split(key, threshold, shares, self),
            _ => Err(RefusedReason::WrongKind.into()),
        }
    }

    fn combine(
        &mut self,
        label: &KeyLabel,
        shares: &[KeyShare],
        expect: &PublicKey,
    ) -> Result<KeyInfo, DeviceError> {
        let key = share::combine(shares, expect)?;
        self.keys.add(label, KeyKind::Sm2Sign, &key.to_bytes()[..], self)
    }
}

/// Data and wrapped keys live under different prefixes: neither opens as the other, so that
/// nobody can have a wrapped private key opened as data.
fn bound_data(aad: &[u8]) -> Vec<u8> {
    [b"yinxin data 1\0", aad].concat()
}

fn bound_key(key: &PublicKey) -> Vec<u8> {
    [&b"yinxin wrapped key 1\0"[..], &key.to_sec1()].concat()
}

fn bad_input(_: FormatError) -> DeviceError {
    RefusedReason::BadInput.into()
}
