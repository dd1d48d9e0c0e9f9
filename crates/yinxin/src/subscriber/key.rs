//! The subscriber's key file: PKCS#8 PEM, or sealed under a passphrase.

use std::path::Path;

use anyhow::Context;
use gm::OsRandom;
use gm::passphrase::{self, Stretch};
use gm::sm2::PrivateKey;
use zeroize::Zeroizing;

use crate::out::{self, Outcome, Unusable};
use crate::secret;

const PLAIN: &str = "PRIVATE KEY";
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

/// Reads a private key file of this tool, or PKCS#8/SEC1 of another (OpenSSL).
pub fn load(path: &Path, file: Option<&Path>) -> anyhow::Result<PrivateKey> {
    match (is_sealed(path)?, file) {
        (true, None) => Err(unusable(path, "已用口令加密；请用 --passphrase-file 给出口令文件")),
        (true, Some(file)) => unseal(path, &secret::read(file)?),
        (false, _) => unseal(path, b""),
    }
}

/// Whether a private key file needs a passphrase.
pub fn is_sealed(path: &Path) -> anyhow::Result<bool> {
    Ok(contents(path)?.starts_with(b"{"))
}

/// Reads a private key file; the passphrase counts only where the file is sealed.
pub fn unseal(path: &Path, phrase: &[u8]) -> anyhow::Result<PrivateKey> {
    let text = contents(path)?;
    if text.starts_with(b"{") {
        let der = passphrase::open(phrase, PURPOSE, &text)
            .map_err(|_| unusable(path, "无法打开：口令不对，或文件已损坏"))?;
        return PrivateKey::from_pkcs8_der(&der).map_err(|_| unusable(path, "内容不是 SM2 私钥"));
    }
    let pkcs8 = pki::pem::blocks(&text, PLAIN).unwrap_or_default();
    let sec1 = pki::pem::blocks(&text, "EC PRIVATE KEY").unwrap_or_default();
    pkcs8
        .first()
        .and_then(|der| PrivateKey::from_pkcs8_der(der).ok())
        .or_else(|| sec1.first().and_then(|der| PrivateKey::from_sec1_der(der).ok()))
        .ok_or_else(|| {
            let why = "不是 SM2 私钥；请使用 yinxin subscriber new 或 openssl genpkey 生成的文件";
            unusable(path, why)
        })
}

fn contents(path: &Path) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let read = std::fs::read(path);
    read.with_context(|| format!("无法读取私钥文件 {}", path.display())).map(Zeroizing::new)
}

fn unusable(path: &Path, why: &str) -> anyhow::Error {
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
