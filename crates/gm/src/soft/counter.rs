//! How many signatures a key has made, across crashes of the process.
//!
//! Sixteen octets, the count and its complement, rewritten in place before each signature. The
//! system keeps what a killed process wrote, so the count is never less than the signatures made.
//! There is no sync per signature: after a power failure the count may lag, and the journal, which
//! is synced, tells by how much.
//!
//! Where processes share the device, the file is the count: each locks it, reads it and counts on.

use std::{
    fs::File,
    os::unix::fs::{FileExt, MetadataExt},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use super::files::{self, Hold};
use crate::{DeviceError, RefusedReason};

/// The count of one key.
pub(super) struct Counter {
    file: File,
    path: PathBuf,
    hold: Hold,
    count: Mutex<u64>,
}

impl Counter {
    /// A count of zero; replaces the leftover of a key that was never finished.
    pub(super) fn create(path: &Path, hold: Hold) -> Result<Self, DeviceError> {
        files::write(path, &record(0))?;
        Self::open(path, hold)
    }

    /// The count as it was left.
    pub(super) fn open(path: &Path, hold: Hold) -> Result<Self, DeviceError> {
        let file = files::open(path).map_err(|_| damaged(path))?;
        let counter = Self { file, path: path.to_path_buf(), hold, count: Mutex::new(0) };
        counter.read_again()?;
        Ok(counter)
    }

    /// Counts one more, before the signature is made. `NoSuchKey` where another process destroyed the key.
    pub(super) fn count_one(&self) -> Result<(), DeviceError> {
        let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        let _turn = self.turn()?;
        if self.hold == Hold::Shared {
            let facts = self.file.metadata().map_err(|cause| files::fault(&self.path, &cause))?;
            if facts.nlink() == 0 {
                return Err(RefusedReason::NoSuchKey.into());
            }
            *count = self.read()?;
        }
        let next = count.saturating_add(1);
        self.file
            .write_all_at(&record(next), 0)
            .map_err(|cause| files::fault(&self.path, &cause))?;
        *count = next;
        Ok(())
    }

    /// The count now, of all processes.
    pub(super) fn get(&self) -> Result<u64, DeviceError> {
        match self.hold {
            Hold::Alone => Ok(*self.count.lock().unwrap_or_else(PoisonError::into_inner)),
            Hold::Shared => self.read_again(),
        }
    }

    fn read_again(&self) -> Result<u64, DeviceError> {
        let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        let _turn = self.turn()?;
        *count = self.read()?;
        Ok(*count)
    }

    /// What the file says; whoever shares it has the turn.
    fn read(&self) -> Result<u64, DeviceError> {
        let mut octets = [0; 16];
        self.file.read_exact_at(&mut octets, 0).map_err(|_| damaged(&self.path))?;
        let [a, b, c, d, e, f, g, h, ..] = octets;
        let count = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
        if record(count) != octets {
            return Err(damaged(&self.path));
        }
        Ok(count)
    }

    /// Keeps other processes from the file until it is dropped; threads of this one wait for the count.
    fn turn(&self) -> Result<Option<Turn<'_>>, DeviceError> {
        if self.hold == Hold::Alone {
            return Ok(None);
        }
        self.file.lock().map_err(|cause| files::fault(&self.path, &cause))?;
        Ok(Some(Turn(&self.file)))
    }
}

/// A file that is locked.
struct Turn<'f>(&'f File);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        // What can't be unlocked here is unlocked when the process ends.
        let _ = self.0.unlock();
    }
}

fn damaged(path: &Path) -> DeviceError {
    DeviceError::Broken(format!("{} 内容损坏或缺失", path.display()))
}

impl Drop for Counter {
    fn drop(&mut self) {
        // Best effort: a count that cannot be synced is still in the system's cache.
        let _ = self.file.sync_data();
    }
}

fn record(count: u64) -> [u8; 16] {
    let mut octets = [0; 16];
    let (value, check) = octets.split_at_mut(8);
    value.copy_from_slice(&count.to_be_bytes());
    check.copy_from_slice(&(!count).to_be_bytes());
    octets
}
