//! Files that survive a crash: written beside, synced, renamed, and the folder synced.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use crate::DeviceError;

const LOCK: &str = "lock";
/// Locked by the one of several processes that makes or destroys a key.
const CHANGES: &str = "changes";
/// Ends the name of a file that is not finished.
pub(super) const UNFINISHED: &str = "new";

/// Makes the folder for its owner only, if it is not there.
pub(super) fn make_folder(folder: &Path) -> Result<(), DeviceError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|cause| fault(folder, &cause))
}

/// How often a folder in use is asked for again, and after what pause: a second in all. A process
/// that is ending, and a child between fork and exec, keep the lock of another for a moment.
const LOCK_TRIES: u32 = 20;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// How a process has the folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    /// No other has it.
    Alone,
    /// Others may have it as well, which also share it.
    Shared,
}

/// Takes the folder for this process; the lock lives as long as the file. `Busy` after a second.
pub(super) fn lock(folder: &Path, hold: Hold) -> Result<File, DeviceError> {
    let path = folder.join(LOCK);
    let mut options = private();
    options.create(true).truncate(false);
    let file = options.open(&path).map_err(|cause| fault(&path, &cause))?;
    for _ in 0..LOCK_TRIES {
        let locked = match hold {
            Hold::Alone => file.try_lock(),
            Hold::Shared => file.try_lock_shared(),
        };
        match locked {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => thread::sleep(LOCK_PAUSE),
            Err(TryLockError::Error(cause)) => return Err(fault(&path, &cause)),
        }
    }
    Err(DeviceError::Busy)
}

/// Waits for the turn to change keys among the processes that share the folder; it lasts as long as the file.
pub(super) fn turn_to_change(folder: &Path) -> Result<File, DeviceError> {
    let path = folder.join(CHANGES);
    let mut options = private();
    let file = options.create(true).truncate(false).open(&path);
    let file = file.map_err(|cause| fault(&path, &cause))?;
    file.lock().map_err(|cause| fault(&path, &cause))?;
    Ok(file)
}

/// A file that is kept open, so that nothing put in its place can be taken for it: its number on the disk is
/// given to no other meanwhile.
pub(super) struct Kept {
    number: u64,
    _file: File,
}

impl Kept {
    pub(super) fn open(path: &Path) -> Result<Self, DeviceError> {
        let file = File::open(path).map_err(|cause| fault(path, &cause))?;
        let number = file.metadata().map_err(|cause| fault(path, &cause))?.ino();
        Ok(Self { number, _file: file })
    }

    /// Whether it is the file with this number.
    pub(super) fn is(&self, number: u64) -> bool {
        self.number == number
    }
}

/// The number of a file on its disk; none where there is no file.
pub(super) fn number(path: &Path) -> Result<Option<u64>, DeviceError> {
    match fs::metadata(path) {
        Ok(facts) => Ok(Some(facts.ino())),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(fault(path, &cause)),
    }
}

/// Whether the file is there.
pub(super) fn exists(path: &Path) -> Result<bool, DeviceError> {
    path.try_exists().map_err(|cause| fault(path, &cause))
}

/// The whole file. `Gone` if it is not there.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, DeviceError> {
    fs::read(path).map_err(|cause| fault(path, &cause))
}

/// Replaces or makes a file; durable when this returns.
pub(super) fn write(path: &Path, content: &[u8]) -> Result<(), DeviceError> {
    let beside = unfinished(path);
    let written = replace(path, &beside, content);
    if written.is_err() {
        // What could not be finished must not stay; the first cause is the one to report.
        let _ = fs::remove_file(&beside);
    }
    written.map_err(|cause| fault(path, &cause))
}

/// Removes a file; durable when this returns.
pub(super) fn remove(path: &Path) -> Result<(), DeviceError> {
    fs::remove_file(path).and_then(|()| sync_folder(path)).map_err(|cause| fault(path, &cause))
}

/// Opens a file of ours for reading and writing in place.
pub(super) fn open(path: &Path) -> Result<File, DeviceError> {
    private().open(path).map_err(|cause| fault(path, &cause))
}

/// The paths in the folder whose name ends in `.extension`, in order.
pub(super) fn list(folder: &Path, extension: &str) -> Result<Vec<PathBuf>, DeviceError> {
    let read = || -> io::Result<Vec<PathBuf>> {
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect()
    };
    let mut paths = read().map_err(|cause| fault(folder, &cause))?;
    paths.retain(|path| path.extension().is_some_and(|found| found == extension));
    paths.sort();
    Ok(paths)
}

/// `Gone` for what is not there, `Broken` for everything else.
pub(super) fn fault(path: &Path, cause: &io::Error) -> DeviceError {
    match cause.kind() {
        io::ErrorKind::NotFound => DeviceError::Gone,
        _ => DeviceError::Broken(format!("{}：{cause}", path.display())),
    }
}

fn replace(path: &Path, beside: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = private().create(true).truncate(true).open(beside)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(beside, path)?;
    sync_folder(path)
}

fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(UNFINISHED);
    PathBuf::from(name)
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    options
}
