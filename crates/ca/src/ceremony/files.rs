//! Files of a ceremony: whole or not at all, readable by the owner only.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;

use crate::error::Error;

/// Writes beside the target, syncs, and renames: a crash leaves the old file or the new one.
pub(super) fn write(path: &Path, content: &[u8]) -> Result<(), Error> {
    let failed = |cause| file_error(path, &cause);
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    fs::create_dir_all(folder).map_err(failed)?;
    let beside = path.with_extension("new");
    let mut file = private().open(&beside).map_err(failed)?;
    file.write_all(content).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    fs::rename(&beside, path).map_err(failed)?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
}

/// The whole content.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|cause| file_error(path, &cause))
}

/// Away, also after a crash.
pub(super) fn remove(path: &Path) -> Result<(), Error> {
    let failed = |cause| file_error(path, &cause);
    fs::remove_file(path).map_err(failed)?;
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn file_error(path: &Path, cause: &std::io::Error) -> Error {
    Error::File { path: path.display().to_string(), cause: cause.to_string() }
}
