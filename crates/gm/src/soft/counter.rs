//! How many signatures a key has made, across crashes of the process.
//!
//! Sixteen octets, the count and its complement, rewritten in place before each signature. The
//! system keeps what a killed process wrote, so the count is never less than the signatures made.
//! There is no sync per signature: after a power failure the count may lag, and the journal, which
//! is synced, tells by how much.

use std::{
    fs::File,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use super::files;
use crate::DeviceError;

/// The count of one key.
pub(super) struct Counter {
    file: File,
    path: PathBuf,
    count: Mutex<u64>,
}

impl Counter {
    /// A count of zero; replaces the leftover of a key that was never finished.
    pub(super) fn create(path: &Path) -> Result<Self, DeviceError> {
        files::write(path, &record(0))?;
        Self::open(path)
    }

    /// The count as it was left.
    pub(super) fn open(path: &Path) -> Result<Self, DeviceError> {
        let damaged = || DeviceError::Broken(format!("{} 内容损坏或缺失", path.display()));
        let file = files::open(path).map_err(|_| damaged())?;
        let mut octets = [0; 16];
        file.read_exact_at(&mut octets, 0).map_err(|_| damaged())?;
        let [a, b, c, d, e, f, g, h, ..] = octets;
        let count = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
        if record(count) != octets {
            return Err(damaged());
        }
        Ok(Self { file, path: path.to_path_buf(), count: Mutex::new(count) })
    }

    /// Counts one more, before the signature is made.
    pub(super) fn count_one(&self) -> Result<(), DeviceError> {
        let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        let next = count.saturating_add(1);
        self.file
            .write_all_at(&record(next), 0)
            .map_err(|cause| files::fault(&self.path, &cause))?;
        *count = next;
        Ok(())
    }

    /// The count now.
    pub(super) fn get(&self) -> u64 {
        *self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
