//! The strict gate: one certificate, broken in one way at a time, is refused
//! each time, and for that very reason.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

mod support;

use pki::{Certificate, oid};
use proptest::prelude::*;
use support::der::{Length, Node, leaf, tree};
use support::{World, urls};

/// Fields of TBSCertificate by place.
const VERSION: usize = 0;
const SERIAL: usize = 1;
const ALGORITHM: usize = 2;
const ISSUER: usize = 3;
const VALIDITY: usize = 4;
const SUBJECT: usize = 5;
const SPKI: usize = 6;
const EXTENSIONS: usize = 7;

type Mutation = fn(&mut Node);

fn good() -> Vec<u8> {
    assert!(!urls().crl.is_empty());
    World::new().leaf("person-sign").certificate.der().to_vec()
}

fn code(der: &[u8]) -> &'static str {
    Certificate::from_der(der).map_or_else(|error| error.code(), |_| "ok")
}

fn tbs(cert: &mut Node, field: usize) -> &mut Node {
    cert.at(&[0, field])
}

/// Content of the OCTET STRING of an extension.
fn value<'a>(cert: &'a mut Node, wanted: &pki::Oid) -> &'a mut Vec<u8> {
    let all = cert.at(&[0, EXTENSIONS, 0]).children();
    let at = all
        .iter_mut()
        .position(|extension| extension.at(&[0]).octets() == wanted.as_bytes())
        .unwrap();
    all[at].children().last_mut().unwrap().octets()
}

fn add_extension(cert: &mut Node, wanted: &pki::Oid, value: &[u8]) {
    let extension = tree(0x30, vec![leaf(6, wanted.as_bytes()), leaf(4, value)]);
    cert.at(&[0, EXTENSIONS, 0]).children().push(extension);
}

fn set_both_algorithms(cert: &mut Node, parameters: Node) {
    for path in [&[0, ALGORITHM][..], &[1]] {
        cert.at(path).children().truncate(1);
        cert.at(path).children().push(parameters.clone());
    }
}

/// The subject's common name: last RDN, its one pair, the text.
fn common_name(cert: &mut Node) -> &mut Node {
    tbs(cert, SUBJECT).children().last_mut().unwrap().at(&[0, 1])
}

const ENCODING: &[(&str, Mutation)] = &[
    ("der.length-not-minimal", |cert| cert.length = Length::Padded),
    ("der.length-not-minimal", |cert| common_name(cert).length = Length::Padded),
    ("der.length-indefinite", |cert| cert.length = Length::Indefinite),
    ("der.length-indefinite", |cert| tbs(cert, SUBJECT).length = Length::Indefinite),
    ("der.integer-not-minimal", |cert| *tbs(cert, SERIAL).octets() = vec![0, 0x11]),
    ("der.integer-not-minimal", |cert| *tbs(cert, SERIAL).octets() = vec![0xff, 0x80]),
    ("der.integer-empty", |cert| tbs(cert, SERIAL).octets().clear()),
    ("der.boolean", |cert| *cert.at(&[0, EXTENSIONS, 0, 2, 1]).octets() = vec![0x01]),
    ("der.boolean", |cert| *cert.at(&[0, EXTENSIONS, 0, 2, 1]).octets() = vec![0xff, 0xff]),
    ("der.null", |cert| set_both_algorithms(cert, leaf(5, [0]))),
    ("der.oid-not-minimal", |cert| *cert.at(&[0, ALGORITHM, 0]).octets() = vec![0x2a, 0x80, 0x01]),
    ("der.oid-truncated", |cert| *cert.at(&[0, ALGORITHM, 0]).octets() = vec![0x2a, 0x81]),
    ("der.oid-empty", |cert| cert.at(&[0, ALGORITHM, 0]).octets().clear()),
    ("der.printable-string", |cert| *cert.at(&[0, SUBJECT, 0, 0, 1]).octets() = b"C@".to_vec()),
    ("der.utf8", |cert| *common_name(cert).octets() = vec![0xe5, 0xbc]),
    ("der.utf8", |cert| *common_name(cert).octets() = vec![0xc0, 0x80]),
    ("der.bmp-string", |cert| *common_name(cert) = leaf(0x1e, [0x5f])),
    ("der.bmp-string", |cert| *common_name(cert) = leaf(0x1e, [0xd8, 0x00])),
    ("der.universal-string", |cert| *common_name(cert) = leaf(0x1c, [0, 0, 0x5f])),
    ("der.numeric-string", |cert| *common_name(cert) = leaf(0x12, *b"12a")),
    ("der.visible-string", |cert| *common_name(cert) = leaf(0x1a, [0x07])),
    ("der.ia5-string", |cert| *common_name(cert) = leaf(0x16, [0x80])),
    ("der.unknown-tag", |cert| *common_name(cert) = leaf(0x1b, *b"x")),
    ("der.constructed", |cert| *common_name(cert) = tree(0x2c, vec![leaf(0x0c, *b"x")])),
    ("der.not-constructed", |cert| *tbs(cert, VALIDITY) = leaf(0x10, [])),
    ("der.high-tag", |cert| *common_name(cert) = leaf(0x1f, *b"x")),
    ("der.end-of-contents", |cert| tbs(cert, VALIDITY).children().push(leaf(0, []))),
    ("der.utc-time", |cert| *cert.at(&[0, VALIDITY, 0]) = leaf(0x17, *b"2611220800Z")),
    ("der.utc-time", |cert| *cert.at(&[0, VALIDITY, 0]) = leaf(0x17, *b"261122080000+0800")),
    ("der.utc-time", |cert| *cert.at(&[0, VALIDITY, 0]) = leaf(0x17, *b"260230080000Z")),
    ("der.generalized-time", |cert| {
        *cert.at(&[0, VALIDITY, 1]) = leaf(0x18, *b"20511122080000.5Z")
    }),
    ("der.generalized-time", |cert| *cert.at(&[0, VALIDITY, 1]) = leaf(0x18, *b"20511122080000")),
    ("der.set-order", |cert| {
        let pair = |text: &[u8]| {
            tree(0x30, vec![leaf(6, oid::ORGANIZATIONAL_UNIT.as_bytes()), leaf(0x0c, text)])
        };
        tbs(cert, SUBJECT).children().insert(1, tree(0x31, vec![pair(b"b"), pair(b"a")]));
    }),
    ("der.bit-string-unused", |cert| cert.at(&[0, SPKI, 1]).octets()[0] = 8),
    ("der.bit-string-padding", |cert| *cert.at(&[2]).octets() = vec![1, 0x01]),
    ("der.bit-string-padding", |cert| *value(cert, &oid::KEY_USAGE) = vec![3, 2, 7, 0xc0]),
    ("der.named-bits-not-minimal", |cert| *value(cert, &oid::KEY_USAGE) = vec![3, 2, 0, 0xc0]),
    ("der.named-bits-not-minimal", |cert| *value(cert, &oid::KEY_USAGE) = vec![3, 3, 0, 0xc0, 0]),
    ("der.trailing", |cert| tbs(cert, EXTENSIONS).children().push(leaf(5, []))),
    ("der.trailing", |cert| value(cert, &oid::KEY_USAGE).push(0)),
    ("der.trailing", |cert| cert.children().push(leaf(5, []))),
    ("der.truncated", |cert| cert.children().truncate(2)),
    ("der.default-encoded", |cert| {
        cert.at(&[0, EXTENSIONS, 0, 0]).children().insert(1, leaf(1, [0]))
    }),
    ("der.default-encoded", |cert| *cert.at(&[0, VERSION, 0]).octets() = vec![0]),
    ("der.default-encoded", |cert| {
        add_extension(cert, &oid::BASIC_CONSTRAINTS, &[0x30, 3, 1, 1, 0])
    }),
    ("der.ia5-string", |cert| {
        let uris = value(cert, &oid::CRL_DISTRIBUTION_POINTS);
        *uris.last_mut().unwrap() = 0xe9;
    }),
    ("der.unexpected-tag", |cert| value(cert, &oid::SUBJECT_KEY_IDENTIFIER)[0] = 0x0c),
];

const CONTENT: &[(&str, Mutation)] = &[
    ("serial.not-positive", |cert| *tbs(cert, SERIAL).octets() = vec![0]),
    ("serial.not-positive", |cert| *tbs(cert, SERIAL).octets() = vec![0x80, 1]),
    ("serial.too-long", |cert| *tbs(cert, SERIAL).octets() = vec![1; 21]),
    ("serial.too-long", |cert| *tbs(cert, SERIAL).octets() = [&[0][..], &[0xff; 20]].concat()),
    ("certificate.version", |cert| *cert.at(&[0, VERSION, 0]).octets() = vec![3]),
    ("certificate.version-extensions", |cert| *cert.at(&[0, VERSION, 0]).octets() = vec![1]),
    ("certificate.algorithm-mismatch", |cert| cert.at(&[1]).children().push(leaf(5, []))),
    ("certificate.algorithm-parameters", |cert| set_both_algorithms(cert, tree(0x30, vec![]))),
    ("certificate.signature-form", |cert| {
        *cert.at(&[2]).octets() = vec![0, 0x30, 7, 2, 2, 0, 1, 2, 1, 1]
    }),
    ("certificate.signature-form", |cert| *cert.at(&[2]).octets() = [0; 65].to_vec()),
    ("certificate.signature-form", |cert| cert.at(&[2]).octets().push(0)),
    ("certificate.issuer-empty", |cert| tbs(cert, ISSUER).children().clear()),
    ("certificate.time-type", |cert| *cert.at(&[0, VALIDITY, 1]) = leaf(0x18, *b"20491122080000Z")),
    ("certificate.validity-order", |cert| tbs(cert, VALIDITY).children().reverse()),
    ("certificate.extension-duplicate", |cert| {
        let again = value(cert, &oid::KEY_USAGE).clone();
        add_extension(cert, &oid::KEY_USAGE, &again);
    }),
    ("structure.malformed", |cert| cert.at(&[0, EXTENSIONS, 0]).children().clear()),
    ("structure.malformed", |cert| tbs(cert, SUBJECT).children().push(tree(0x31, vec![]))),
    ("structure.malformed", |cert| *value(cert, &oid::KEY_USAGE) = vec![3, 1, 0]),
    ("structure.malformed", |cert| *value(cert, &oid::AUTHORITY_INFO_ACCESS) = vec![0x30, 0]),
    ("structure.malformed", |cert| add_extension(cert, &oid::EXTENDED_KEY_USAGE, &[0x30, 0])),
    ("structure.malformed", |cert| {
        add_extension(cert, &oid::BASIC_CONSTRAINTS, &[0x30, 3, 2, 1, 0])
    }),
    ("key.off-curve", |cert| cert.at(&[0, SPKI, 1]).octets()[65] ^= 1),
    ("key.point-form", |cert| cert.at(&[0, SPKI, 1]).octets()[1] = 2),
    ("key.infinity", |cert| *cert.at(&[0, SPKI, 1]).octets() = vec![0, 0]),
];

#[test]
fn each_defect_is_refused_for_its_own_reason() {
    let good = good();
    assert_eq!(code(&good), "ok");
    assert_eq!(Node::parse(&good).encode(), good);
    for (at, (expected, mutate)) in ENCODING.iter().chain(CONTENT).enumerate() {
        let mut cert = Node::parse(&good);
        mutate(&mut cert);
        assert_eq!(code(&cert.encode()), *expected, "mutation {at}");
    }
}

#[test]
fn what_follows_or_is_missing_is_noticed() {
    let good = good();
    assert_eq!(code(&[&good[..], &[0]].concat()), "der.trailing");
    for len in 0..good.len() {
        assert_eq!(code(&good[..len]), "der.truncated", "{len}");
    }
}

#[test]
fn depth_and_size_are_bounded() {
    let deep = (0..64).fold(leaf(5, []), |inner, _| tree(0x30, vec![inner]));
    assert_eq!(code(&deep.encode()), "der.too-deep");
    assert_eq!(code(&vec![0; 10_000_000]), "input.too-large");
    assert_eq!(code(&[]), "der.truncated");
    assert_eq!(code(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]), "der.truncated");
    assert_eq!(code(&[0x30, 0x89, 1, 0, 0, 0, 0, 0, 0, 0, 0]), "der.length-too-long");
}

#[test]
fn certificates_of_the_field_are_read() {
    for (pem, subject) in [
        (include_str!("data/rootca-2012.pem"), "CN=ROOTCA, O=NRCAC, C=CN"),
        (include_str!("data/sheca-sm2.pem"), "CN=SHECA SM2, O=UniTrust, C=CN"),
    ] {
        let certificate = Certificate::from_pem_or_der(pem.as_bytes()).unwrap();
        assert_eq!(certificate.subject().to_string(), subject);
        assert!(certificate.is_ca());
        assert_eq!(certificate.ski().unwrap().0, certificate.spki().key_identifier());
    }
}

#[test]
fn the_signatures_of_the_national_root_hold() {
    let read = |pem: &str| Certificate::from_pem_or_der(pem.as_bytes()).unwrap();
    let (root, ca) =
        (read(include_str!("data/rootca-2012.pem")), read(include_str!("data/sheca-sm2.pem")));
    let (key, id) = (root.public_key().unwrap(), gm::UserId::default());
    root.verify_signature(&key, &id).unwrap();
    ca.verify_signature(&key, &id).unwrap();
    let empty = gm::UserId::new(*b"").unwrap();
    assert_eq!(ca.verify_signature(&key, &empty).unwrap_err().code(), "signature.wrong");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(certificate) = Certificate::from_der(&bytes) {
            prop_assert_eq!(certificate.der(), &bytes[..]);
        }
        let _ = pki::CertificationRequest::from_pem_or_der(&bytes);
        let _ = pki::strict::check(&bytes, &pki::strict::Limits::of("测试", 400));
    }
}

#[test]
fn every_single_bit_flip_is_refused_or_leaves_other_bytes_alone() {
    let good = good();
    let original = Certificate::from_der(&good).unwrap();
    for bit in 0..good.len() * 8 {
        let mut flipped = good.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        if let Ok(read) = Certificate::from_der(&flipped) {
            assert_eq!(read.der(), flipped);
            assert!(
                read.tbs_der() != original.tbs_der() || read.signature() != original.signature()
            );
        }
    }
}
