//! OpenSSL as the judge. It applies the SM2 user ID to no CRL and no OCSP signature, so the
//! signed octets are taken out and judged by `openssl dgst`.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use gm::PublicKey;
use gm::sm2::PrivateKey;
use pki::Spki;

/// A folder for one test.
pub struct Desk(tempfile::TempDir);

impl Desk {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Puts a file on the desk.
    pub fn put(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn public_key(&self, key: &PublicKey) -> PathBuf {
        self.put(
            "public.pem",
            pki::pem::encode("PUBLIC KEY", Spki::of(key).der()).unwrap().as_bytes(),
        )
    }

    pub fn private_key(&self, key: &PrivateKey) -> PathBuf {
        let der = key.to_pkcs8_der().unwrap();
        self.put("private.pem", pki::pem::encode("PRIVATE KEY", &der).unwrap().as_bytes())
    }

    /// Holds an SM2 signature with the default user ID against the octets that were signed.
    pub fn judge_signature(&self, key: &PublicKey, signed: &[u8], signature: &[u8]) -> bool {
        let key = self.public_key(key);
        let signed = self.put("signed.bin", signed);
        let signature = self.put("signature.bin", signature);
        let arguments = ["dgst", "-sm3", "-sigopt", "distid:1234567812345678", "-verify"];
        let output = Command::new("openssl")
            .args(arguments)
            .arg(key)
            .arg("-signature")
            .args([&signature, &signed])
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).contains("Verified OK")
    }
}

/// Runs OpenSSL, which must succeed, and returns what it printed.
pub fn run(arguments: &[&str], file: &Path) -> String {
    let output = Command::new("openssl").args(arguments).arg(file).output().unwrap();
    text_of(&output)
}

pub fn text_of(output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl: {error}");
    String::from_utf8(output.stdout.clone()).unwrap()
}
