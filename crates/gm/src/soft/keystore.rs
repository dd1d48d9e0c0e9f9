//! The keys of an open software device: in memory ready for use, on disk sealed.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
    time::{SystemTime, UNIX_EPOCH},
};

use zeroize::Zeroizing;

use super::{
    counter::Counter,
    files::{self, Hold, Kept},
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
    /// Its file, where another process may put one in its place.
    kept: Option<Kept>,
    pub(super) secret: Secret,
    pub(super) counter: Counter,
}

impl Entry {
    pub(super) fn info(&self) -> Result<KeyInfo, DeviceError> {
        Ok(KeyInfo {
            label: self.facts.label.clone(),
            kind: self.facts.kind,
            public_key: self.facts.public_key,
            created: self.facts.created,
            uses: self.counter.get()?,
        })
    }
}

/// All keys. Readers hold the map for a look-up only; no lock is held during arithmetic or
/// disk writes. Where processes share the folder, the files are what is: a key that another process made
/// is read when it is asked for, and one that another destroyed is gone.
pub(super) struct Keystore {
    folder: PathBuf,
    hold: Hold,
    master: Zeroizing<[u8; 32]>,
    entries: RwLock<BTreeMap<KeyLabel, Arc<Entry>>>,
    /// Held by the one that makes or destroys a key.
    changes: Mutex<()>,
}

impl Keystore {
    /// Opens every key of the folder. A key that does not open stops the device.
    pub(super) fn load(
        folder: &Path,
        master: Zeroizing<[u8; 32]>,
        hold: Hold,
    ) -> Result<Self, DeviceError> {
        let keys = Self {
            folder: folder.to_path_buf(),
            hold,
            master,
            entries: RwLock::default(),
            changes: Mutex::new(()),
        };
        let changing = keys.changing()?;
        // With others at work, what is unfinished may be what one of them is writing.
        if hold == Hold::Alone {
            for leftover in files::list(folder, files::UNFINISHED)? {
                files::remove(&leftover)?;
            }
        }
        for path in files::list(folder, KEY)? {
            keys.insert(load(&path, &keys.master, hold)?);
        }
        drop(changing);
        Ok(keys)
    }

    pub(super) fn all(&self) -> Result<Vec<Arc<Entry>>, DeviceError> {
        if self.hold == Hold::Shared {
            self.follow()?;
        }
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        Ok(entries.values().cloned().collect())
    }

    pub(super) fn find(&self, label: &KeyLabel) -> Result<Arc<Entry>, DeviceError> {
        match self.hold {
            Hold::Alone => self.loaded(label).ok_or_else(|| RefusedReason::NoSuchKey.into()),
            Hold::Shared => self.current(label),
        }
    }

    fn loaded(&self, label: &KeyLabel) -> Option<Arc<Entry>> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.get(label).map(Arc::clone)
    }

    /// The key as its file is now.
    fn current(&self, label: &KeyLabel) -> Result<Arc<Entry>, DeviceError> {
        let path = self.path(label, KEY);
        if let Some(number) = files::number(&path)?
            && let Some(entry) = self.loaded(label)
            && entry.kept.as_ref().is_some_and(|kept| kept.is(number))
        {
            return Ok(entry);
        }
        let _changing = self.changing()?;
        if files::number(&path)?.is_none() {
            self.forget(label);
            return Err(RefusedReason::NoSuchKey.into());
        }
        Ok(self.insert(load(&path, &self.master, self.hold)?))
    }

    /// Takes over what other processes made and destroyed.
    fn follow(&self) -> Result<(), DeviceError> {
        let mut labels: BTreeSet<KeyLabel> = BTreeSet::new();
        for path in files::list(&self.folder, KEY)? {
            let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            labels.insert(KeyLabel::new(stem).map_err(|_| damaged(&path))?);
        }
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        labels.extend(entries.keys().cloned());
        drop(entries);
        for label in labels {
            match self.current(&label) {
                Ok(_) | Err(DeviceError::Refused(RefusedReason::NoSuchKey)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The turn to change keys, among threads and among the processes that share the folder.
    fn changing(&self) -> Result<(MutexGuard<'_, ()>, Option<File>), DeviceError> {
        let of_threads = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        let of_processes = match self.hold {
            Hold::Alone => None,
            Hold::Shared => Some(files::turn_to_change(&self.folder)?),
        };
        Ok((of_threads, of_processes))
    }

    /// Whether there is a key of this name; whoever asks has the turn to change keys.
    fn is_taken(&self, label: &KeyLabel) -> Result<bool, DeviceError> {
        Ok(match self.hold {
            Hold::Alone => self.loaded(label).is_some(),
            Hold::Shared => files::number(&self.path(label, KEY))?.is_some(),
        })
    }

    /// Stores a new key; durable when this returns.
    pub(super) fn add(
        &self,
        label: &KeyLabel,
        kind: KeyKind,
        octets: &[u8],
        random: &mut dyn Random,
    ) -> Result<KeyInfo, DeviceError> {
        let _changing = self.changing()?;
        if self.is_taken(label)? {
            return Err(RefusedReason::LabelTaken.into());
        }
        let secret = Secret::new(kind, octets).ok_or(RefusedReason::BadInput)?;
        let facts =
            Facts { label: label.clone(), kind, created: now(), public_key: secret.public_key() };
        let file = key_file::encode(&facts, octets, &self.master, random)?;
        // The count first: a key without its count would be damage.
        let counter = Counter::create(&self.path(label, COUNT), self.hold)?;
        files::write(&self.path(label, KEY), &file)?;
        let kept = kept(&self.path(label, KEY), self.hold)?;
        self.insert(Entry { facts, kept, secret, counter }).info()
    }

    /// Removes a key; sessions that are using it finish.
    pub(super) fn remove(&self, label: &KeyLabel) -> Result<(), DeviceError> {
        let _changing = self.changing()?;
        if !self.is_taken(label)? {
            return Err(RefusedReason::NoSuchKey.into());
        }
        files::remove(&self.path(label, KEY))?;
        self.forget(label);
        // The key is gone; a count that stays is overwritten by the next key of this name.
        let _ = fs::remove_file(self.path(label, COUNT));
        Ok(())
    }

    fn insert(&self, entry: Entry) -> Arc<Entry> {
        let entry = Arc::new(entry);
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        entries.insert(entry.facts.label.clone(), Arc::clone(&entry));
        entry
    }

    fn forget(&self, label: &KeyLabel) {
        self.entries.write().unwrap_or_else(PoisonError::into_inner).remove(label);
    }

    fn path(&self, label: &KeyLabel, extension: &str) -> PathBuf {
        self.folder.join(format!("{label}.{extension}"))
    }
}

fn load(path: &Path, master: &[u8; 32], hold: Hold) -> Result<Entry, DeviceError> {
    let kept = kept(path, hold)?;
    let (facts, octets) =
        key_file::decode(&files::read(path)?, master).ok_or_else(|| damaged(path))?;
    let secret = Secret::new(facts.kind, &octets).ok_or_else(|| damaged(path))?;
    let named = path.file_stem().and_then(|stem| stem.to_str()) == Some(facts.label.as_str());
    if !named || secret.public_key() != facts.public_key {
        return Err(damaged(path));
    }
    let counter = Counter::open(&path.with_extension(COUNT), hold)?;
    Ok(Entry { facts, kept, secret, counter })
}

fn kept(path: &Path, hold: Hold) -> Result<Option<Kept>, DeviceError> {
    (hold == Hold::Shared).then(|| Kept::open(path)).transpose()
}

fn damaged(path: &Path) -> DeviceError {
    DeviceError::Broken(format!("{} 内容损坏或不属于该设备", path.display()))
}

fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_secs()).ok())
        .unwrap_or_default()
}
