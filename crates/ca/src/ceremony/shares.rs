//! Shares on paper's successor: one file for each custodian, sealed under a passphrase.
//!
//! The file is readable JSON: whose it is, of which key, which of how many; the share itself
//! only inside `sealed` ([`gm::passphrase`]: Argon2id, HMAC-SM3, SM4-GCM). The purpose of the
//! sealing names key and index, so that a file cannot pose as another.

use std::path::{Path, PathBuf};

use gm::passphrase::{self, Stretch};
use gm::{Device, KeyLabel, KeyShare, PublicKey};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::participants::{Custodian, SHARES, THRESHOLD};
use super::{files, restore};
use crate::error::{Error, Invalid};

const FORMAT: &str = "yinxin-key-share/1";
/// Under which a key is restored to try shares out.
pub(super) const TRIAL: &str = "root-trial";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ShareFile {
    format: String,
    institution: String,
    /// SM3 of the public point of the split key, hexadecimal.
    key: String,
    /// The public point, hexadecimal: what a restored key must belong to.
    public_key: String,
    index: u8,
    threshold: u8,
    shares: u8,
    custodian: String,
    sealed: serde_json::Value,
}

/// A share file and the passphrase that opens it.
#[derive(Clone)]
pub struct SealedShare {
    /// Where it is.
    pub path: PathBuf,
    /// The custodian's passphrase.
    pub passphrase: Zeroizing<String>,
}

impl std::fmt::Debug for SealedShare {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SealedShare({})", self.path.display())
    }
}

/// How and where shares are written.
#[derive(Debug, Clone)]
pub struct ShareFolder<'a> {
    /// The folder; each custodian takes his file away from here.
    pub folder: &'a Path,
    /// The institution's name.
    pub institution: &'a str,
    /// How hard guessing is made.
    pub stretch: Stretch,
}

/// Splits a key and writes one file for each custodian; the paths, in the custodians' order.
/// All five are written anew each time: shares of two splits do not fit together.
pub(super) fn split(
    device: &dyn Device,
    label: &KeyLabel,
    custodians: &[Custodian],
    to: &ShareFolder<'_>,
) -> Result<Vec<PathBuf>, Error> {
    let mut session = device.session()?;
    let info = session.key(label)?;
    let public = info.public_key.ok_or_else(|| Error::stored("根密钥没有公钥"))?;
    let shares = session.split(label, THRESHOLD, SHARES)?;
    let mut paths = Vec::new();
    for (custodian, share) in custodians.iter().zip(&shares) {
        let purpose = purpose(&public.fingerprint(), share.index());
        let sealed = passphrase::seal(
            custodian.passphrase.as_bytes(),
            to.stretch,
            &purpose,
            &share.to_bytes(),
            &mut *session,
        )?;
        let file = ShareFile {
            format: FORMAT.into(),
            institution: to.institution.into(),
            key: public.fingerprint(),
            public_key: hex::encode(public.to_sec1()),
            index: share.index(),
            threshold: THRESHOLD,
            shares: SHARES,
            custodian: custodian.person.name.clone(),
            sealed: serde_json::from_slice(&sealed).map_err(|_| damaged("无法编码"))?,
        };
        let path = to.folder.join(format!("share-{}.json", share.index()));
        let text = serde_json::to_vec_pretty(&file).map_err(|_| damaged("无法编码"))?;
        files::write(&path, &text)?;
        paths.push(path);
    }
    Ok(paths)
}

/// Restores the key under `label` from sealed shares. Fewer than the threshold, shares of
/// another key or another split, and wrong passphrases are refused; nothing is stored then.
pub(super) fn combine(
    device: &dyn Device,
    label: &KeyLabel,
    sealed: &[SealedShare],
    expect: &PublicKey,
) -> Result<(), Error> {
    let opened: Vec<KeyShare> =
        sealed.iter().map(|share| open(share, expect)).collect::<Result<_, _>>()?;
    if opened.len() < usize::from(THRESHOLD) {
        return Err(damaged("恢复根密钥至少需要三份").into());
    }
    device.session()?.combine(label, &opened, expect)?;
    Ok(())
}

/// The numbers of shares as their files say, in order; nothing is opened.
pub(super) fn indices(sealed: &[SealedShare]) -> Result<Vec<u8>, Error> {
    let index = |share: &SealedShare| Ok::<_, Error>(read(share)?.index);
    let mut indices: Vec<_> = sealed.iter().map(index).collect::<Result<_, _>>()?;
    indices.sort_unstable();
    Ok(indices)
}

/// The key that a share's file names: SM3 of its public point, hexadecimal. Nothing is opened.
pub(super) fn key_of(sealed: &SealedShare) -> Result<String, Error> {
    Ok(read(sealed)?.key)
}

/// Shows that shares make up the key: restores it under another label, which is destroyed again.
pub(super) fn try_out(
    device: &dyn Device,
    sealed: &[SealedShare],
    expect: &PublicKey,
) -> Result<(), Error> {
    restore::destroy_if_there(device, TRIAL)?;
    combine(device, &restore::label(TRIAL)?, sealed, expect)?;
    store::fault::point("ca.64-shares-tried");
    restore::destroy_if_there(device, TRIAL)
}

/// The numbers of shares of a key (SM3 of its public point, hexadecimal) whose files are among these.
pub(super) fn there(paths: &[PathBuf], key: &str) -> Vec<u8> {
    paths.iter().filter_map(|path| index_of(path, key)).collect()
}

/// Removes the files of shares of a key; their numbers. Files that are gone, or are of another key, stay as they are.
pub(super) fn remove(paths: &[PathBuf], key: &str) -> Result<Vec<u8>, Error> {
    let mut removed = Vec::new();
    for path in paths {
        if let Some(index) = index_of(path, key) {
            files::remove(path)?;
            removed.push(index);
        }
    }
    Ok(removed)
}

/// The number of the share of a key in a file; `None` of what is not there, or no share of it.
fn index_of(path: &Path, key: &str) -> Option<u8> {
    let share = SealedShare { path: path.to_owned(), passphrase: Zeroizing::default() };
    let file = path.exists().then(|| read(&share).ok()).flatten()?;
    (file.key == key).then_some(file.index)
}

fn read(share: &SealedShare) -> Result<ShareFile, Error> {
    let file = serde_json::from_slice(&files::read(&share.path)?);
    Ok(file.map_err(|_| damaged("不是密钥分量文件，或已损坏"))?)
}

fn open(share: &SealedShare, expect: &PublicKey) -> Result<KeyShare, Error> {
    let file = read(share)?;
    if file.format != FORMAT || file.key != expect.fingerprint() {
        return Err(damaged("属于另一把密钥或另一版本").into());
    }
    let sealed = serde_json::to_vec(&file.sealed).map_err(|_| damaged("已损坏"))?;
    let purpose = purpose(&file.key, file.index);
    let octets = passphrase::open(share.passphrase.as_bytes(), &purpose, &sealed)?;
    let opened = KeyShare::from_bytes(&octets)?;
    if opened.index() != file.index {
        return Err(damaged("编号与内容不符").into());
    }
    Ok(opened)
}

fn purpose(key: &str, index: u8) -> String {
    format!("yinxin key share {key} {index}")
}

fn damaged(what: &str) -> Invalid {
    Invalid::Share(what.to_owned())
}
