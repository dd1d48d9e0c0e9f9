//! The keys of an open software device: in memory ready for use, on disk sealed.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::{SystemTime, UNIX_EPOCH},
};

use zeroize::Zeroizing;

use super::{
    counter::Counter,
    files,
    key_file::{self, Facts},
};
use crate::{
    DeviceError, KeyInfo, KeyKind, KeyLabel, Random, RefusedReason, sm2::PrivateKey, sm4::Gcm,
};

const KEY: &str = "key";
const COUNT: &str = "count";

/// A secret, ready for use.
pub(super) enum Secret {
    Sm2Sign(PrivateKey),
    Sm2Decrypt(PrivateKey),
    Sm4(Box<Gcm>),
    Hmac(Zeroizing<Vec<u8>>),
}

impl Secret {
    /// None if the octets do not make a key of this kind.
    pub(super) fn new(kind: KeyKind, octets: &[u8]) -> Option<Self> {
        let sm2 = || PrivateKey::from_bytes(octets.try_into().ok()?).ok();
        Some(match kind {
            KeyKind::Sm2Sign => Self::Sm2Sign(sm2()?),
            KeyKind::Sm2Decrypt => Self::Sm2Decrypt(sm2()?),
            KeyKind::Sm4 => Self::Sm4(Box::new(Gcm::new(octets.try_into().ok()?))),
            KeyKind::Hmac => Self::Hmac(Zeroizing::new(octets.to_vec())),
        })
    }

    fn public_key(&self) -> Option<crate::PublicKey> {
        match self {
            Self::Sm2Sign(key) | Self::Sm2Decrypt(key) => Some(*key.public_key()),
            Self::Sm4(_) | Self::Hmac(_) => None,
        }
    }
}

/// One key.
pub(super) struct Entry {
    facts: Facts,
    pub(super) secret: Secret,
    pub(super) counter: Counter,
}

impl Entry {
    pub(super) fn info(&self) -> KeyInfo {
        KeyInfo {
            label: self.facts.label.clone(),
            kind: self.facts.kind,
            public_key: self.facts.public_key,
            created: self.facts.created,
            uses: self.counter.get(),
        }
    }
}

/// All keys. Readers hold the map for a look-up only; no lock is held during arithmetic or
/// disk writes.
pub(super) struct Keystore {
    folder: PathBuf,
    master: Zeroizing<[u8; 32]>,
    entries: RwLock<BTreeMap<KeyLabel, Arc<Entry>>>,
    /// Held by the one that makes or destroys a key.
    changes: Mutex<()>,
}

impl Keystore {
    /// Opens every key of the folder. A key that does not open stops the device.
    pub(super) fn load(folder: &Path, master: Zeroizing<[u8; 32]>) -> Result<Self, DeviceError> {
        for leftover in files::list(folder, files::UNFINISHED)? {
            files::remove(&leftover)?;
        }
        let mut entries = BTreeMap::new();
        for path in files::list(folder, KEY)? {
            let entry = load(&path, &master)?;
            entries.insert(entry.facts.label.clone(), Arc::new(entry));
        }
        Ok(Self {
            folder: folder.to_path_buf(),
            master,
            entries: RwLock::new(entries),
            changes: Mutex::new(()),
        })
    }

    pub(super) fn all(&self) -> Vec<Arc<Entry>> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.values().cloned().collect()
    }

    pub(super) fn find(&self, label: &KeyLabel) -> Result<Arc<Entry>, DeviceError> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.get(label).ok_or(RefusedReason::NoSuchKey)?;
        Ok(Arc::clone(entry))
    }

    /// Stores a new key; durable when this returns.
    pub(super) fn add(
        &self,
        label: &KeyLabel,
        kind: KeyKind,
        octets: &[u8],
        random: &mut dyn Random,
    ) -> Result<KeyInfo, DeviceError> {
        let _changing = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        if self.find(label).is_ok() {
            return Err(RefusedReason::LabelTaken.into());
        }
        let secret = Secret::new(kind, octets).ok_or(RefusedReason::BadInput)?;
        let facts =
            Facts { label: label.clone(), kind, created: now(), public_key: secret.public_key() };
        let file = key_file::encode(&facts, octets, &self.master, random)?;
        // The count first: a key without its count would be damage.
        let counter = Counter::create(&self.path(label, COUNT))?;
        files::write(&self.path(label, KEY), &file)?;
        let entry = Entry { facts, secret, counter };
        let info = entry.info();
        self.insert(entry);
        Ok(info)
    }

    /// Removes a key; sessions that are using it finish.
    pub(super) fn remove(&self, label: &KeyLabel) -> Result<(), DeviceError> {
        let _changing = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        self.find(label)?;
        files::remove(&self.path(label, KEY))?;
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        entries.remove(label);
        drop(entries);
        // The key is gone; a count that stays is overwritten by the next key of this name.
        let _ = fs::remove_file(self.path(label, COUNT));
        Ok(())
    }

    fn insert(&self, entry: Entry) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        entries.insert(entry.facts.label.clone(), Arc::new(entry));
    }

    fn path(&self, label: &KeyLabel, extension: &str) -> PathBuf {
        self.folder.join(format!("{label}.{extension}"))
    }
}

fn load(path: &Path, master: &[u8; 32]) -> Result<Entry, DeviceError> {
    let damaged = || DeviceError::Broken(format!("{} 内容损坏或不属于该设备", path.display()));
    let (facts, octets) = key_file::decode(&files::read(path)?, master).ok_or_else(damaged)?;
    let secret = Secret::new(facts.kind, &octets).ok_or_else(damaged)?;
    let named = path.file_stem().and_then(|stem| stem.to_str()) == Some(facts.label.as_str());
    if !named || secret.public_key() != facts.public_key {
        return Err(damaged());
    }
    let counter = Counter::open(&path.with_extension(COUNT))?;
    Ok(Entry { facts, secret, counter })
}

fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_secs()).ok())
        .unwrap_or_default()
}
