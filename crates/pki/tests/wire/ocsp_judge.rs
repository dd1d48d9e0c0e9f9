//! OpenSSL asks, and reads our answers.

use std::process::Command;

use gm::UserId;
use pki::crl::Reason;
use pki::ocsp::{CertStatus, HashAlgorithm, IssuerHashes, Request};

use crate::ocsp::{answer, cert_id, read, single};
use crate::openssl::{Desk, run, text_of};
use crate::world::{self, hours};

#[test]
fn a_question_by_openssl_is_read() {
    let issuer = world::authority("颁发者");
    let desk = Desk::new();
    let certificate = desk.put("issuer.pem", issuer.certificate.to_pem().unwrap().as_bytes());
    let hashes = IssuerHashes::of(issuer.name(), issuer.certificate.spki());
    for (digest, nonce) in [("-sha1", true), ("-sha256", false), ("-sm3", true)] {
        let file = desk.path("question.der");
        let output = Command::new("openssl")
            .args(["ocsp", digest, "-issuer"])
            .arg(&certificate)
            .args(["-serial", "0x1234", "-reqout"])
            .arg(&file)
            .args(if nonce { ["-nonce"] } else { ["-no_nonce"] })
            .output()
            .unwrap();
        text_of(&output);
        let der = std::fs::read(&file).unwrap();
        let request = Request::from_der(&der).unwrap();
        let [id] = request.certificates() else { panic!("one certificate") };
        assert!(hashes.matches(id), "{digest}");
        assert_eq!(*id.serial(), world::serial(0x1234));
        assert_eq!(request.nonce().is_some(), nonce);
        // What we would ask is what OpenSSL asks, octet for octet.
        let ours = Request::new(request.certificates().to_vec(), request.nonce().cloned());
        assert_eq!(ours.unwrap().der(), der);
        let ours = cert_id(&issuer, id.hash(), 0x1234);
        assert_eq!(ours.der(), id.der());
    }
}

#[test]
fn openssl_reads_the_answer_and_verifies_its_signature() {
    let issuer = world::authority("颁发者");
    let responder = world::responder(&issuer);
    let desk = Desk::new();
    let held = CertStatus::Revoked { at: hours(-2), reason: Reason::CertificateHold };
    let cases = [
        (CertStatus::Good, "Cert Status: good"),
        (held, "Revocation Reason: certificateHold (0x6)"),
        (CertStatus::Unknown, "Cert Status: unknown"),
    ];
    for (status, expected) in cases {
        let id = cert_id(&issuer, HashAlgorithm::Sm3, 5);
        let der = answer(&responder, &[single(&id, status)], None);
        let file = desk.put("answer.der", &der);
        let text = run(&["ocsp", "-noverify", "-resp_text", "-respin"], &file);
        assert!(text.contains("OCSP Response Status: successful (0x0)"), "{text}");
        assert!(text.contains(expected), "{text}");
        assert!(text.contains("Signature Algorithm: SM2-with-SM3"), "{text}");
        let response = read(&der);
        response.verify(&issuer.certificate, &UserId::default(), world::now()).unwrap();
        let (signed, signature) = (response.tbs_der(), response.signature());
        assert!(desk.judge_signature(responder.public(), signed, signature));
        assert!(!desk.judge_signature(issuer.public(), signed, signature));
    }
}
