//! The anchor: two small files outside of the database that remember how far the journal had come.
//!
//! `<schema>.head` is the head after the last commit, sealed by the device; `<schema>.checkpoint` the
//! last signed checkpoint. A file is only ever replaced as a whole (new file, fsync, rename, fsync of
//! the folder), under a lock, and only if it still holds what the writer last saw
//! (compare-and-swap): two writers cannot both believe that theirs is the next head.
//!
//! The anchor does not judge what it holds; the journal does.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::{Error, Schema};

/// Which of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Slot {
    /// The head after the last commit.
    Head,
    /// The last signed checkpoint.
    Checkpoint,
}

/// The files of one journal.
#[derive(Debug)]
pub struct Anchor {
    folder: PathBuf,
    schema: Schema,
    handle: File,
    /// Locked against threads by the mutex, against processes by flock.
    lock: Mutex<File>,
}

/// Longer files are not ours.
const MAX_LENGTH: u64 = 64 * 1024;

impl Anchor {
    /// Opens the folder and creates it if need be; it makes no file that anchors anything.
    pub fn open(folder: &Path, schema: Schema) -> Result<Self, Error> {
        let at = |path: &Path| {
            let path = path.to_owned();
            move |cause| Error::file(&path, cause)
        };
        fs::create_dir_all(folder).map_err(at(folder))?;
        let handle = File::open(folder).map_err(at(folder))?;
        let lock = folder.join(format!("{}.lock", schema.name()));
        let lock = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&lock)
            .map_err(at(&lock))?;
        Ok(Self { folder: folder.to_owned(), schema, handle, lock: Mutex::new(lock) })
    }

    /// Where a file is.
    pub fn path(&self, slot: Slot) -> PathBuf {
        let end = match slot {
            Slot::Head => "head",
            Slot::Checkpoint => "checkpoint",
        };
        self.folder.join(format!("{}.{end}", self.schema.name()))
    }

    /// What a file holds; `None` if it does not exist.
    pub fn read(&self, slot: Slot) -> Result<Option<String>, Error> {
        let path = self.path(slot);
        match read_short(&path) {
            Ok(text) => Ok(Some(text)),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(Error::file(&path, cause)),
        }
    }

    /// Replaces a file if it still holds `expected`. Otherwise it stays and the answer is `false`.
    pub fn swap(&self, slot: Slot, expected: Option<&str>, new: &str) -> Result<bool, Error> {
        let path = self.path(slot);
        let lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        lock.lock().map_err(|cause| Error::file(&path, cause))?;
        let swapped = self.swap_locked(slot, expected, new);
        lock.unlock().map_err(|cause| Error::file(&path, cause))?;
        swapped
    }

    fn swap_locked(&self, slot: Slot, expected: Option<&str>, new: &str) -> Result<bool, Error> {
        if self.read(slot)?.as_deref() != expected {
            return Ok(false);
        }
        let path = self.path(slot);
        self.replace(&path, new).map_err(|cause| Error::file(&path, cause))?;
        Ok(true)
    }

    fn replace(&self, path: &Path, text: &str) -> io::Result<()> {
        let beside = path.with_extension("new");
        let mut file = File::create(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        self.handle.sync_all()
    }
}

fn read_short(path: &Path) -> io::Result<String> {
    if fs::metadata(path)?.len() > MAX_LENGTH {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "file too long"));
    }
    fs::read_to_string(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_only_from_what_was_seen_last() {
        let folder = tempfile::tempdir().unwrap();
        let anchor = Anchor::open(&folder.path().join("a/b"), Schema::Kmc).unwrap();
        assert_eq!(anchor.read(Slot::Head).unwrap(), None);
        assert!(!anchor.swap(Slot::Head, Some("x"), "1").unwrap());
        assert!(anchor.swap(Slot::Head, None, "1").unwrap());
        assert!(!anchor.swap(Slot::Head, None, "2").unwrap());
        assert!(anchor.swap(Slot::Head, Some("1"), "2").unwrap());
        assert_eq!(anchor.read(Slot::Head).unwrap().as_deref(), Some("2"));
        assert_eq!(anchor.read(Slot::Checkpoint).unwrap(), None);
    }

    #[test]
    fn of_many_writers_with_the_same_view_one_wins() {
        let folder = tempfile::tempdir().unwrap();
        let wins = std::thread::scope(|scope| {
            let run = |n: usize| {
                let anchor = Anchor::open(folder.path(), Schema::Kmc).unwrap();
                move || anchor.swap(Slot::Head, None, &n.to_string()).unwrap()
            };
            let threads: Vec<_> = (0..8).map(|n| scope.spawn(run(n))).collect();
            threads.into_iter().map(|t| t.join().unwrap()).filter(|w| *w).count()
        });
        assert_eq!(wins, 1);
    }

    #[test]
    fn the_anchors_of_two_schemas_do_not_meet() {
        let folder = tempfile::tempdir().unwrap();
        let one = Anchor::open(folder.path(), Schema::Kmc).unwrap();
        let two = Anchor::open(folder.path(), Schema::Institution).unwrap();
        assert!(one.swap(Slot::Head, None, "kmc").unwrap());
        assert_eq!(two.read(Slot::Head).unwrap(), None);
    }
}
