//! Software devices that vanish with the test.

use std::{path::Path, sync::Arc};

use gm::{
    Device, DeviceError, DeviceInfo, KeyKind, KeyLabel, Session,
    soft::{SoftDevice, Stretch},
};
use tempfile::TempDir;

/// The passphrase of every scratch device.
pub const PASSPHRASE: &[u8] = "口令 for tests only".as_bytes();

/// A software device in a temporary folder.
#[derive(Debug)]
pub struct Scratch {
    device: SoftDevice,
    folder: TempDir,
}

impl Scratch {
    /// A new, empty device.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let device =
            SoftDevice::create(folder.path(), PASSPHRASE, Stretch::FAST_FOR_TESTS).unwrap();
        Self { device, folder }
    }

    /// A new device with these keys, ready to be shared.
    pub fn with_keys(keys: &[(&str, KeyKind)]) -> Arc<Self> {
        let scratch = Self::new();
        let mut session = scratch.session().unwrap();
        for (label, kind) in keys {
            session.generate(&KeyLabel::new(*label).unwrap(), *kind).unwrap();
        }
        drop(session);
        Arc::new(scratch)
    }

    /// Where its files are.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The device itself.
    pub fn device(&self) -> &SoftDevice {
        &self.device
    }

    /// Closes it and opens it again, as a restarted process would.
    pub fn reopened(self) -> Self {
        let Self { device, folder } = self;
        drop(device);
        let device = SoftDevice::open(folder.path(), PASSPHRASE).unwrap();
        Self { device, folder }
    }
}

impl Default for Scratch {
    fn default() -> Self {
        Self::new()
    }
}

impl Device for Scratch {
    fn info(&self) -> DeviceInfo {
        self.device.info()
    }

    fn session(&self) -> Result<Box<dyn Session + '_>, DeviceError> {
        self.device.session()
    }
}
