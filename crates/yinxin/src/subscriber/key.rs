//! The subscriber's key file: written as PKCS#8 PEM, or sealed under a passphrase; read as
//! other programs write it, too.

use std::io::Read as _;
use std::path::Path;

use anyhow::Context;
use gm::OsRandom;
use gm::passphrase::{self, Stretch};
use gm::sm2::PrivateKey;
use zeroize::Zeroizing;

use super::pbes2::{self, Refusal, Sealed};
use crate::out::{self, Outcome, Unusable};
use crate::secret;

const PLAIN: &str = "PRIVATE KEY";
const SEALED: &str = "ENCRYPTED PRIVATE KEY";
/// OpenSSL 3 may name the curve.
const SEC1: [&str; 2] = ["EC PRIVATE KEY", "SM2 PRIVATE KEY"];
/// A key file has a few hundred octets.
const MOST_OCTETS: usize = 64 << 10;
const PURPOSE: &str = "subscriber-key";

/// Makes a key and writes it.
pub fn create(path: &Path, passphrase_file: Option<&Path>) -> anyhow::Result<Outcome> {
    let private = PrivateKey::generate(&mut OsRandom)?;
    save(path, &private, passphrase_file)?;
    out::note(format!("签名私钥已写入 {}；请妥善保管，不要交给任何人", path.display()));
    if passphrase_file.is_none() {
        out::note(
            "提示：该私钥文件没有口令保护；正式使用请加 --passphrase-file，或使用经检测认证的密码设备",
        );
    }
    Ok(Outcome::Fine)
}

/// Writes a private key: sealed if a passphrase file is given.
pub fn save(path: &Path, private: &PrivateKey, file: Option<&Path>) -> anyhow::Result<()> {
    let der = private.to_pkcs8_der().map_err(|e| anyhow::anyhow!("无法编码私钥：{e}"))?;
    let contents = Zeroizing::new(match file {
        None => pki::pem::encode(PLAIN, &der)?.into_bytes(),
        Some(file) => {
            let phrase = secret::read(file)?;
            passphrase::seal(&phrase, Stretch::STRONG, PURPOSE, &der, &mut OsRandom)?
        }
    });
    secret::write_private(path, &contents)
}

/// Reads a private key file: of this tool, PKCS#8 under a passphrase (PBES2), or PKCS#8 and SEC1
/// in the clear, as OpenSSL and GmSSL write them.
pub fn load(path: &Path, file: Option<&Path>) -> anyhow::Result<PrivateKey> {
    match (is_sealed(path)?, file) {
        (true, None) => Err(unusable(path, "已用口令加密；请用 --passphrase-file 给出口令文件")),
        (true, Some(file)) => unseal(path, &secret::read(file)?),
        (false, _) => unseal(path, b""),
    }
}

/// Whether a private key file needs a passphrase. One that no passphrase opens is an error.
pub fn is_sealed(path: &Path) -> anyhow::Result<bool> {
    let octets = contents(path)?;
    match form(&octets).map_err(|refusal| unusable(path, refusal))? {
        Form::Own => Ok(true),
        Form::Pbes2(der) => {
            Sealed::read(&der).map(|_| true).map_err(|refusal| unusable(path, refusal))
        }
        Form::Clear => Ok(false),
    }
}

/// Reads a private key file; the passphrase counts only where the file is sealed.
pub fn unseal(path: &Path, phrase: &[u8]) -> anyhow::Result<PrivateKey> {
    let octets = contents(path)?;
    let der = match form(&octets).map_err(|refusal| unusable(path, refusal))? {
        Form::Own => passphrase::open(phrase, PURPOSE, &octets)
            .map_err(|_| unusable(path, Refusal::Passphrase))?,
        Form::Pbes2(der) => Sealed::read(&der)
            .and_then(|sealed| sealed.open(phrase))
            .map_err(|refusal| unusable(path, refusal))?,
        Form::Clear => return in_the_clear(path, &octets),
    };
    PrivateKey::from_pkcs8_der(&der).map_err(|_| unusable(path, "内容不是 SM2 私钥"))
}

/// What a key file is, before any passphrase.
enum Form {
    /// JSON of `gm::passphrase`.
    Own,
    /// EncryptedPrivateKeyInfo.
    Pbes2(Vec<u8>),
    /// Anything else.
    Clear,
}

fn form(octets: &[u8]) -> Result<Form, Refusal> {
    let holds = |text: &str| octets.windows(text.len()).any(|window| window == text.as_bytes());
    if octets.starts_with(b"{") {
        return Ok(Form::Own);
    }
    if pbes2::is_sealed(octets) {
        return Ok(Form::Pbes2(octets.to_vec()));
    }
    if holds("Proc-Type: 4,ENCRYPTED") {
        return Err(Refusal::Scheme("PEM 自带的加密".to_owned()));
    }
    if !holds("-----BEGIN ENCRYPTED PRIVATE KEY-----") {
        return Ok(Form::Clear);
    }
    let found = pki::pem::blocks(octets, SEALED)?.into_iter().next();
    found.map(Form::Pbes2).ok_or(Refusal::Damaged)
}

fn in_the_clear(path: &Path, octets: &[u8]) -> anyhow::Result<PrivateKey> {
    let of = |label| Zeroizing::new(pki::pem::blocks(octets, label).unwrap_or_default());
    let first = |label, read: fn(&[u8]) -> Result<PrivateKey, gm::KeyError>| {
        of(label).first().and_then(|der| read(der).ok())
    };
    first(PLAIN, PrivateKey::from_pkcs8_der)
        .or_else(|| SEC1.iter().find_map(|label| first(*label, PrivateKey::from_sec1_der)))
        .or_else(|| PrivateKey::from_pkcs8_der(octets).ok())
        .ok_or_else(|| {
            let why = "不是 SM2 私钥；请使用 yinxin subscriber new 或 openssl genpkey 生成的文件";
            unusable(path, why)
        })
}

/// The file; more than a key file can have is not read.
fn contents(path: &Path) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let mut octets = Zeroizing::new(Vec::with_capacity(MOST_OCTETS));
    let opened = std::fs::File::open(path).map(|file| file.take(MOST_OCTETS as u64));
    let read = opened.and_then(|mut file| file.read_to_end(&mut octets));
    read.with_context(|| format!("无法读取私钥文件 {}", path.display()))?;
    Ok(octets)
}

fn unusable(path: &Path, why: impl std::fmt::Display) -> anyhow::Error {
    Unusable::error(format!("私钥文件 {} {why}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sealed_key_opens_with_its_passphrase_only_and_is_never_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let (key, right, wrong) =
            (dir.path().join("k.pem"), dir.path().join("p1"), dir.path().join("p2"));
        std::fs::write(&right, "correct horse\n").unwrap();
        std::fs::write(&wrong, "battery staple\n").unwrap();
        create(&key, Some(&right)).unwrap();
        assert!(load(&key, Some(&right)).is_ok());
        assert!(load(&key, Some(&wrong)).is_err());
        assert!(load(&key, None).is_err());
        assert!(create(&key, None).is_err());
    }
}
