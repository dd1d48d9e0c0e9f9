//! The operations: issue, find, verify. Who may is asked by the caller: this crate knows no people.

mod find;
mod issue;
mod verify;

use std::sync::Arc;

use gm::{Device, KeyLabel, PublicKey};
use store::Store;
use tokio::sync::Mutex;

use crate::catalogue::Catalogue;
use crate::error::Error;

pub use verify::{Presented, Verdict};

/// Who issues the letters, and with which key.
#[derive(Debug, Clone)]
pub struct LettersConfig {
    /// The institution's full name.
    pub issuer: String,
    /// Its unified social credit code.
    pub issuer_code: String,
    /// The page where letters are verified.
    pub address: String,
    /// The name of the signing key in the device.
    pub label: KeyLabel,
    /// Its public half.
    pub key: PublicKey,
}

/// The letters of an institution. Cheap to clone.
#[derive(Clone)]
pub struct Letters(Arc<Inner>);

struct Inner {
    store: Store,
    device: Arc<dyn Device>,
    catalogue: Catalogue,
    config: LettersConfig,
    /// Letters of one process are numbered one after the other; several processes try again.
    turn: Mutex<()>,
}

impl std::fmt::Debug for Letters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Letters({})", self.0.config.issuer)
    }
}

impl Letters {
    /// Reads the texts and is ready. [`Error::Catalogue`] when they contradict themselves.
    pub fn open(
        store: Store,
        device: Arc<dyn Device>,
        config: LettersConfig,
    ) -> Result<Self, Error> {
        let (catalogue, turn) = (Catalogue::embedded()?, Mutex::new(()));
        Ok(Self(Arc::new(Inner { store, device, catalogue, config, turn })))
    }

    /// The texts.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.0.catalogue
    }

    /// The key that signs letters.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        &self.0.config.key
    }

    fn store(&self) -> &Store {
        &self.0.store
    }

    fn config(&self) -> &LettersConfig {
        &self.0.config
    }

    fn random(&self) -> Result<[u8; 16], Error> {
        let mut octets = [0; 16];
        self.0.device.session()?.fill(&mut octets)?;
        Ok(octets)
    }

    /// The keyed hash of a number with its code.
    fn code_index(&self, number: &str, code: &str) -> Result<String, Error> {
        Ok(self.store().blind_index("letter.code", &format!("{number}/{code}"))?)
    }

    /// The keyed hash of octets.
    fn content_index(&self, field: &str, octets: &[u8]) -> Result<String, Error> {
        Ok(self.store().blind_index(field, &gm::sm3::hash(octets).to_hex())?)
    }
}
