//! A device in software: a folder with one file per key.
//!
//! ```text
//! device/
//!   lock            held while a process has the device open
//!   changes         held while one of several processes makes or destroys a key
//!   device.json     the master key under the passphrase (gm::passphrase)
//!   ca.key          one key: public facts in the clear, the secret under SM4-GCM
//!   ca.count        signatures made with it
//! ```
//!
//! Secrets are in memory while the device is open and are wiped when it is dropped. Files are
//! written beside their place, synced and renamed, so that a crash leaves the old or the new.
//!
//! One process has the device for itself, or several of one machine share it, as they would share a
//! card ([`SoftDevice::open_shared`]): what one of them makes, uses and destroys counts for all.
//! It guards keys against whoever reads the disk, not against whoever reads the memory of the
//! process: for the latter take a certified module. GM/T 0034 has an institution's keys made and
//! used in hardware only; [`Device::info`] therefore names no product (Measures Art. 20 ¶2).

mod counter;
mod files;
mod key_file;
mod keystore;
mod session;
mod share;

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use zeroize::Zeroizing;

pub use crate::passphrase::Stretch;
use crate::{
    Device, DeviceError, DeviceInfo, OsRandom, Random, RefusedReason, Session, Tested, passphrase,
};
use files::Hold;
use keystore::Keystore;
use session::SoftSession;

const HEADER: &str = "device.json";
const PURPOSE: &str = "yinxin soft device";

/// The software device. Any number of threads; one process, or several that share it.
pub struct SoftDevice {
    folder: PathBuf,
    keys: Keystore,
    random: Mutex<Tested<Box<dyn Random + Send>>>,
    // Last, so that the folder is released after the keys are gone.
    _lock: File,
}

impl SoftDevice {
    /// Makes a new device in `folder`, which may exist. `DeviceExists` if there is one already.
    pub fn create(folder: &Path, passphrase: &[u8], stretch: Stretch) -> Result<Self, DeviceError> {
        Self::create_with_random(folder, passphrase, stretch, Box::new(OsRandom))
    }

    /// As [`SoftDevice::create`] with another source of random octets.
    pub fn create_with_random(
        folder: &Path,
        passphrase: &[u8],
        stretch: Stretch,
        source: Box<dyn Random + Send>,
    ) -> Result<Self, DeviceError> {
        files::make_folder(folder)?;
        let lock = files::lock(folder, Hold::Alone)?;
        if files::exists(&folder.join(HEADER))? {
            return Err(RefusedReason::DeviceExists.into());
        }
        let mut random = Tested::new(source)?;
        let mut master = Zeroizing::new([0; 32]);
        random.fill(&mut master[..])?;
        write_header(folder, &master, passphrase, stretch, &mut random)?;
        Self::start(folder, (lock, Hold::Alone), &master, random)
    }

    /// Opens a device. `Gone` if there is none, `Busy` if a process has it, `WrongPassphrase`.
    pub fn open(folder: &Path, passphrase: &[u8]) -> Result<Self, DeviceError> {
        Self::with_random(folder, passphrase, Box::new(OsRandom))
    }

    /// Opens a device beside other processes of this machine that open it in the same way. `Busy` if a
    /// process has it for itself; for [`SoftDevice::open`] it is busy while anybody shares it.
    pub fn open_shared(folder: &Path, passphrase: &[u8]) -> Result<Self, DeviceError> {
        Self::open_with(folder, passphrase, Box::new(OsRandom), Hold::Shared)
    }

    /// As [`SoftDevice::open`] with another source of random octets.
    pub fn with_random(
        folder: &Path,
        passphrase: &[u8],
        source: Box<dyn Random + Send>,
    ) -> Result<Self, DeviceError> {
        Self::open_with(folder, passphrase, source, Hold::Alone)
    }

    fn open_with(
        folder: &Path,
        passphrase: &[u8],
        source: Box<dyn Random + Send>,
        hold: Hold,
    ) -> Result<Self, DeviceError> {
        let header = files::read(&folder.join(HEADER))?;
        let lock = files::lock(folder, hold)?;
        let master = open_header(&header, passphrase)?;
        Self::start(folder, (lock, hold), &master, Tested::new(source)?)
    }

    /// Seals the master key anew; keys and their files stay.
    pub fn change_passphrase(
        &self,
        old: &[u8],
        new: &[u8],
        stretch: Stretch,
    ) -> Result<(), DeviceError> {
        let header = files::read(&self.folder.join(HEADER))?;
        let master = open_header(&header, old)?;
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        write_header(&self.folder, &master, new, stretch, &mut *random)
    }

    fn start(
        folder: &Path,
        (lock, hold): (File, Hold),
        master: &Zeroizing<[u8; 32]>,
        random: Tested<Box<dyn Random + Send>>,
    ) -> Result<Self, DeviceError> {
        Ok(Self {
            folder: folder.to_path_buf(),
            keys: Keystore::load(folder, master.clone(), hold)?,
            random: Mutex::new(random),
            _lock: lock,
        })
    }
}

impl Device for SoftDevice {
    fn info(&self) -> DeviceInfo {
        DeviceInfo { name: self.folder.display().to_string(), kind: "software", product: None }
    }

    fn session(&self) -> Result<Box<dyn Session + '_>, DeviceError> {
        Ok(Box::new(SoftSession::new(&self.keys, &self.random)))
    }
}

impl std::fmt::Debug for SoftDevice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SoftDevice({})", self.folder.display())
    }
}

fn write_header(
    folder: &Path,
    master: &[u8; 32],
    passphrase: &[u8],
    stretch: Stretch,
    random: &mut dyn Random,
) -> Result<(), DeviceError> {
    let header = passphrase::seal(passphrase, stretch, PURPOSE, master, random)?;
    files::write(&folder.join(HEADER), &header)
}

/// A damaged header is a fault of the device, not of the caller.
fn open_header(header: &[u8], passphrase: &[u8]) -> Result<Zeroizing<[u8; 32]>, DeviceError> {
    let damaged = || DeviceError::Broken(format!("{HEADER} 内容损坏"));
    let master = passphrase::open(passphrase, PURPOSE, header).map_err(|error| match error {
        DeviceError::Refused(RefusedReason::BadInput) => damaged(),
        other => other,
    })?;
    let master: &[u8; 32] = master.as_slice().try_into().map_err(|_| damaged())?;
    Ok(Zeroizing::new(*master))
}
