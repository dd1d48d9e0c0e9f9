//! OpenSSL as a judge: it verifies what we issue, link by link, and we accept
//! the requests that it makes.
//!
//! OpenSSL 3.0 hands the SM2 ID to the leaf only, so chains are verified one
//! link at a time with `-partial_chain`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

mod support;

use std::path::Path;
use std::process::Command;

use gm::UserId;
use pki::{Certificate, CertificationRequest, SubjectInput};
use support::{World, issue, now};

const ID: &str = "distid:1234567812345678";

fn openssl(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let output = Command::new("openssl")
        .current_dir(folder)
        .args(arguments)
        .output()
        .expect("openssl is installed");
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    (output.status.success(), text)
}

fn write(folder: &Path, name: &str, certificate: &Certificate) {
    std::fs::write(folder.join(name), certificate.to_pem().unwrap()).unwrap();
}

fn verifies(folder: &Path, issuer: &str, certificate: &str) {
    let at = (now().as_second() + 3600).to_string();
    let options = [
        "verify",
        "-partial_chain",
        "-x509_strict",
        "-attime",
        &at,
        "-vfyopt",
        ID,
        "-CAfile",
        issuer,
        certificate,
    ];
    let (ok, text) = openssl(folder, &options);
    assert!(ok && text.contains(": OK"), "{certificate} by {issuer}: {text}");
}

#[test]
fn openssl_verifies_every_kind_of_certificate_link_by_link() {
    let (world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let folder = folder.path();
    write(folder, "root.pem", &world.root.certificate);
    write(folder, "ca.pem", &world.ca.certificate);
    verifies(folder, "root.pem", "root.pem");
    verifies(folder, "root.pem", "ca.pem");
    for profile in world.profiles.iter().filter(|profile| !profile.is_ca()) {
        let name = format!("{}.pem", profile.name());
        write(folder, &name, &world.leaf(profile.name()).certificate);
        verifies(folder, "ca.pem", &name);
    }
}

#[test]
fn openssl_refuses_a_certificate_of_another_ca() {
    let (world, other, folder) = (World::new(), World::new(), tempfile::tempdir().unwrap());
    write(folder.path(), "ca.pem", &other.ca.certificate);
    write(folder.path(), "leaf.pem", &world.leaf("person-sign").certificate);
    let (ok, _) = openssl(
        folder.path(),
        &["verify", "-partial_chain", "-vfyopt", ID, "-CAfile", "ca.pem", "leaf.pem"],
    );
    assert!(!ok);
}

#[test]
fn openssl_shows_names_and_usages_as_they_are_meant() {
    let (world, folder) = (World::new(), tempfile::tempdir().unwrap());
    write(folder.path(), "leaf.pem", &world.leaf("staff-sign").certificate);
    let (ok, text) = openssl(
        folder.path(),
        &["x509", "-in", "leaf.pem", "-noout", "-text", "-nameopt", "RFC2253,utf8,-esc_msb"],
    );
    assert!(ok);
    for expected in [
        "Subject: CN=李四,OU=一处,OU=信息中心,O=某市大数据管理局,C=CN",
        "Digital Signature, Non Repudiation",
        "URI:http://crl.example.gov.cn/ca.crl",
        "OCSP - URI:http://ocsp.example.gov.cn/",
        "CPS: http://ca.example.gov.cn/cps",
        "Signature Algorithm: SM2-with-SM3",
        "ASN1 OID: SM2",
    ] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
}

/// A key and a request made by OpenSSL.
fn request(folder: &Path, extra: &[&str]) -> Vec<u8> {
    let (ok, text) = openssl(
        folder,
        &["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2", "-out", "k.pem"],
    );
    assert!(ok, "{text}");
    let arguments = [
        "req",
        "-new",
        "-key",
        "k.pem",
        "-sm3",
        "-sigopt",
        ID,
        "-utf8",
        "-subj",
        "/C=CN/O=某市大数据管理局/CN=王五",
        "-out",
        "r.pem",
    ];
    let (ok, text) = openssl(folder, &[&arguments[..], extra].concat());
    assert!(ok, "{text}");
    std::fs::read(folder.join("r.pem")).unwrap()
}

#[test]
fn a_request_made_by_openssl_becomes_a_certificate_that_openssl_verifies() {
    let (world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let pem = request(folder.path(), &["-addext", "keyUsage=critical,digitalSignature"]);
    let csr = CertificationRequest::from_pem_or_der(&pem).unwrap();
    assert_eq!(csr.requested_extensions().len(), 1);
    let proof = csr.prove_possession(&UserId::default()).unwrap();
    let subject = SubjectInput::from_name(csr.subject());
    assert_eq!(
        (subject.common_name.as_str(), subject.organization.as_deref()),
        ("王五", Some("某市大数据管理局"))
    );
    let key = std::fs::read_to_string(folder.path().join("k.pem")).unwrap();
    let key = pki::pem::blocks(key.as_bytes(), "PRIVATE KEY").unwrap().remove(0);
    let key = gm::sm2::PrivateKey::from_pkcs8_der(&key).unwrap();
    assert_eq!(proof.public_key(), key.public_key());
    let certificate = issue(world.profile("person-sign"), Some(&world.ca), &subject, &key);
    write(folder.path(), "ca.pem", &world.ca.certificate);
    write(folder.path(), "leaf.pem", &certificate);
    verifies(folder.path(), "ca.pem", "leaf.pem");
}

#[test]
fn a_ca_request_made_by_openssl_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (extension, expected) in [
        ("basicConstraints=critical,CA:TRUE", "csr.ca-requested"),
        ("keyUsage=keyCertSign,cRLSign", "csr.cert-sign-requested"),
    ] {
        let pem = request(folder.path(), &["-addext", extension]);
        assert_eq!(CertificationRequest::from_pem_or_der(&pem).unwrap_err().code(), expected);
    }
}

#[test]
fn a_request_signed_without_the_usual_id_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    request(folder.path(), &[]);
    let arguments =
        ["req", "-new", "-key", "k.pem", "-sm3", "-subj", "/C=CN/CN=x", "-out", "r2.pem"];
    assert!(openssl(folder.path(), &arguments).0);
    let pem = std::fs::read(folder.path().join("r2.pem")).unwrap();
    let csr = CertificationRequest::from_pem_or_der(&pem).unwrap();
    assert_eq!(csr.prove_possession(&UserId::default()).unwrap_err().code(), "csr.signature");
}
