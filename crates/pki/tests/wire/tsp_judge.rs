//! OpenSSL asks for timestamps, and reads ours. `openssl ts -verify` knows no SM2 user ID, so
//! the signed octets are taken out and judged by `openssl dgst`.

use std::process::Command;

use pki::tsp::{Failure, Format, HashAlgorithm, Request, Token, granted};

use crate::openssl::{Desk, run, text_of};
use crate::tsp::{POLICY, draft, request, stamper, token};
use crate::world;

#[test]
fn a_request_by_openssl_is_read() {
    let desk = Desk::new();
    let data = desk.put("data.txt", "电子公文".as_bytes());
    let file = desk.path("request.tsq");
    for (digest, algorithm) in [
        ("-sm3", HashAlgorithm::Sm3),
        ("-sha256", HashAlgorithm::Sha256),
        ("-sha384", HashAlgorithm::Sha384),
        ("-sha512", HashAlgorithm::Sha512),
    ] {
        for more in [&[][..], &["-cert"], &["-no_nonce"], &["-cert", "-tspolicy", "1.2.156.99.8.1"]]
        {
            let output = Command::new("openssl")
                .args(["ts", "-query", digest])
                .args(more)
                .arg("-data")
                .arg(&data)
                .arg("-out")
                .arg(&file)
                .output()
                .unwrap();
            text_of(&output);
            let der = std::fs::read(&file).unwrap();
            let asked = Request::from_der(&der).unwrap();
            assert_eq!(asked.imprint().algorithm(), algorithm);
            assert!(asked.imprint().covers("电子公文".as_bytes()));
            assert_eq!(asked.nonce().is_none(), more.contains(&"-no_nonce"));
            assert_eq!(asked.wants_certificate(), more.contains(&"-cert"));
            assert_eq!(asked.policy().copied(), more.contains(&"-tspolicy").then_some(POLICY));
        }
    }
}

#[test]
fn openssl_reads_our_request() {
    let desk = Desk::new();
    let text = run(&["ts", "-query", "-text", "-in"], &desk.put("q.tsq", request(true).der()));
    assert!(text.contains("Hash Algorithm: sm3"), "{text}");
    assert!(text.contains("Nonce: 0x8F01020304050607"), "{text}");
    assert!(text.contains("Certificate required: yes"), "{text}");
}

#[test]
fn openssl_reads_the_answer_and_verifies_its_signature() {
    let issuer = world::authority("颁发者");
    let person = stamper(&issuer);
    let desk = Desk::new();
    for certificate in [true, false] {
        let asked = request(certificate);
        let der = token(&person, &draft(&person, &asked, Format::Rfc));
        let text = run(&["ts", "-reply", "-text", "-in"], &desk.put("r.tsr", &granted(&der)));
        for expected in [
            "Status: Granted.",
            "Version: 1",
            "Policy OID: 1.2.156.99.8.1",
            "Hash Algorithm: sm3",
            "Serial number: 0x7EEE0001",
            "Time stamp: Nov 22 04:00:00.123 2026 GMT",
            "Accuracy: 0x01 seconds, 0x01F4 millis, unspecified micros",
            "Ordering: no",
            "Nonce: 0x8F01020304050607",
            "TSA: DirName:",
        ] {
            assert!(text.contains(expected), "{expected}: {text}");
        }
    }
}

#[test]
fn openssl_takes_tokens_of_both_formats_apart_and_verifies_their_signatures() {
    let issuer = world::authority("颁发者");
    let person = stamper(&issuer);
    let desk = Desk::new();
    for (format, signed_data) in
        [(Format::Gm, "1.2.156.10197.6.1.4.2.2"), (Format::Rfc, "pkcs7-signedData")]
    {
        let asked = request(true);
        let der = token(&person, &draft(&person, &asked, format));
        let file = desk.put("token.der", &der);
        let text = run(&["asn1parse", "-inform", "DER", "-in"], &file);
        assert!(text.contains(signed_data), "{text}");
        assert!(text.contains("id-smime-ct-TSTInfo"), "{text}");
        let read = Token::from_der(&der).unwrap();
        let (signed, signature) = read.signed();
        assert!(desk.judge_signature(person.public(), signed, &signature.to_der()));
        assert!(!desk.judge_signature(issuer.public(), signed, &signature.to_der()));
    }
}

#[test]
fn openssl_reads_every_refusal() {
    let desk = Desk::new();
    for (failure, words) in [
        (Failure::BadAlg, "unrecognized or unsupported algorithm identifier"),
        (Failure::BadRequest, "transaction not permitted or supported"),
        (Failure::BadDataFormat, "the data submitted has the wrong format"),
        (Failure::TimeNotAvailable, "the TSA's time source is not available"),
        (Failure::UnacceptedPolicy, "the requested TSA policy is not supported by the TSA"),
        (Failure::UnacceptedExtension, "the requested extension is not supported by the TSA"),
        (
            Failure::AddInfoNotAvailable,
            "the additional information requested could not be understood",
        ),
        (Failure::SystemFailure, "the request cannot be handled due to system failure"),
    ] {
        let text = run(&["ts", "-reply", "-text", "-in"], &desk.put("r.tsr", &failure.der()));
        assert!(text.contains("Status: Rejected."), "{text}");
        assert!(text.contains(words), "{failure:?}: {text}");
    }
}
