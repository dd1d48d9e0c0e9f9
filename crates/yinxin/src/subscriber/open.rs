//! Opens the answer of the institution (GM/T 0092): two certificates and the encryption key.

use std::path::Path;

use anyhow::Context;
use gm::sm2::PrivateKey;
use pki::response::CsrResponse;

use super::key;
use crate::out::{self, Outcome};

/// Names of PEM blocks in which an answer may come.
const LABELS: [&str; 1] = ["CERTIFICATE RESPONSE"];

/// Opens `response` and writes `sign.pem`, `enc.pem` and `enc.key.pem` into `folder`.
pub fn open(
    private: &PrivateKey,
    response: &Path,
    folder: &Path,
    passphrase_file: Option<&Path>,
) -> anyhow::Result<Outcome> {
    let input = std::fs::read(response)
        .with_context(|| format!("无法读取应答文件 {}", response.display()))?;
    let der = pki::pem::der_of(&input, &LABELS, 1 << 20)?;
    let opened = CsrResponse::decode(&der)?.open(private)?;
    std::fs::create_dir_all(folder)
        .with_context(|| format!("无法新建文件夹 {}", folder.display()))?;
    let sign = folder.join("sign.pem");
    std::fs::write(&sign, opened.sign_certificate.to_pem()?)?;
    out::line(format!("签名证书：{}", sign.display()));
    out::line(format!("  主体：{}", opened.sign_certificate.subject()));
    if let Some((certificate, encryption_key)) = &opened.encryption {
        let (enc, enc_key) = (folder.join("enc.pem"), folder.join("enc.key.pem"));
        key::save(&enc_key, encryption_key, passphrase_file)?;
        std::fs::write(&enc, certificate.to_pem()?)?;
        out::line(format!("加密证书：{}", enc.display()));
        out::line(format!("加密私钥：{}（已核对与加密证书成对）", enc_key.display()));
    }
    Ok(Outcome::Fine)
}
