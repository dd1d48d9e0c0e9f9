//! Where passphrases come from: a file, an environment variable that names a file, or the
//! terminal. Never an argument, which other users of the machine could read.

use std::path::{Path, PathBuf};

use anyhow::Context;
use zeroize::Zeroizing;

use crate::out::Unusable;

/// The environment variable that names the passphrase file of the institution's device.
pub const DEVICE_FILE: &str = "YINXIN_PASSPHRASE_FILE";
/// The same for the key centre's device.
pub const KMC_DEVICE_FILE: &str = "YINXIN_KMC_PASSPHRASE_FILE";

/// The passphrase out of `file`, or else of the file that `variable` names, or else asked for.
pub fn passphrase(
    file: Option<&Path>,
    variable: &str,
    what: &str,
) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    match file.map(Path::to_path_buf).or_else(|| from_environment(variable)) {
        Some(path) => read(&path),
        None => ask(what),
    }
}

fn from_environment(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).filter(|v| !v.is_empty()).map(PathBuf::from)
}

/// The first line of a passphrase file.
pub fn read(path: &Path) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let bytes = Zeroizing::new(
        std::fs::read(path).with_context(|| format!("无法读取口令文件 {}", path.display()))?,
    );
    let line = bytes.split(|b| *b == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.is_empty() {
        return Err(Unusable::error(format!("口令文件 {} 是空的", path.display())));
    }
    Ok(Zeroizing::new(line.to_vec()))
}

fn ask(what: &str) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let text = rpassword::prompt_password(format!("请输入{what}口令：")).map_err(|e| {
        Unusable::error(format!(
            "无法从终端读取{what}口令（{e}）；请用 --passphrase-file 指定口令文件"
        ))
    })?;
    let text = Zeroizing::new(text);
    if text.is_empty() {
        return Err(Unusable::error(format!("{what}口令不能为空")));
    }
    Ok(Zeroizing::new(text.as_bytes().to_vec()))
}

/// Writes a new file that only its owner can read. An existing file is not overwritten.
pub fn write_private(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("无法新建文件 {}（已存在的文件不会被覆盖）", path.display()))?;
    file.write_all(bytes).and_then(|()| file.sync_all())?;
    Ok(())
}

/// A random passphrase of 192 bits, for the demonstration alone.
pub fn random() -> anyhow::Result<Zeroizing<String>> {
    use gm::Random;
    let mut octets = Zeroizing::new([0u8; 24]);
    gm::OsRandom.fill(octets.as_mut())?;
    Ok(Zeroizing::new(hex::encode(octets.as_ref())))
}
