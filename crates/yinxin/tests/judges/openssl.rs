//! OpenSSL on the command line: as a subscriber, and as a judge of keys.

use std::path::Path;
use std::process::Command;

/// As a subscriber with nothing but OpenSSL would.
pub fn request(key: &Path, csr: &Path) {
    let curve = ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2"];
    finished(Command::new("openssl").args(curve).arg("-out").arg(key));
    let request = ["req", "-new", "-utf8", "-sm3", "-sigopt", "distid:1234567812345678"];
    let mut command = Command::new("openssl");
    command.args(request).args(["-subj", "/C=CN/CN=待定", "-key"]).arg(key);
    finished(command.arg("-out").arg(csr));
}

/// The request is signed by its own key; OpenSSL says so on its standard error.
pub fn verifies_request(csr: &Path) {
    let mut command = Command::new("openssl");
    command.args(["req", "-noout", "-verify", "-vfyopt", "distid:1234567812345678", "-in"]);
    let done = command.arg(csr).output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success() && said.contains("verify OK"), "{}: {said}", csr.display());
}

/// The private key belongs to the certificate, says OpenSSL.
pub fn fits(key: &Path, certificate: &Path) {
    let of_key = finished(Command::new("openssl").args(["pkey", "-pubout", "-in"]).arg(key));
    let mut command = Command::new("openssl");
    let of_certificate =
        finished(command.args(["x509", "-noout", "-pubkey", "-in"]).arg(certificate));
    assert_eq!(of_key, of_certificate);
}

/// Runs a program that must succeed; what it printed.
pub fn finished(command: &mut Command) -> String {
    let done = command.output().unwrap();
    let error = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{command:?}: {error}");
    String::from_utf8(done.stdout).unwrap()
}
