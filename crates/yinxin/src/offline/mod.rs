//! Commands that need no institution: they work on anyone's files.

pub mod crl;
pub mod journal;
pub mod lint;
pub mod verify;

use std::path::Path;

use pki::Certificate;
use pki::crl::Crl;

use crate::out::Unusable;

/// Reads a file whole.
pub fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path)
        .map_err(|e| Unusable::error(format!("无法读取文件 {}：{e}", path.display())))
}

/// Largest CRL that is read, in octets.
const LIST_LIMIT: usize = 512 << 20;

/// A revocation list in DER or PEM.
pub fn list(input: &[u8]) -> Result<Crl, pki::Error> {
    Crl::from_der_within(pki::pem::der_of(input, &["X509 CRL", "CRL"], LIST_LIMIT)?, LIST_LIMIT)
}

/// The certificates of a file: one in DER, or any number in PEM.
fn certificates(path: &Path) -> anyhow::Result<Vec<Certificate>> {
    let input = read(path)?;
    let wrong = |e: pki::Error| Unusable::error(format!("{}：{e}", path.display()));
    if !input.starts_with(b"\x30") {
        let blocks = pki::pem::blocks(&input, "CERTIFICATE").map_err(wrong)?;
        if !blocks.is_empty() {
            let read = |der: &Vec<u8>| Certificate::from_der(der);
            return blocks.iter().map(read).collect::<Result<_, _>>().map_err(wrong);
        }
    }
    Ok(vec![Certificate::from_pem_or_der(&input).map_err(wrong)?])
}
