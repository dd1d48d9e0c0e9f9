//! Certification requests: good ones are taken, each bad one is refused with a
//! code of its own, and none leads to a CA certificate (T-19).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

mod support;

use gm::UserId;
use gm::sm2::PrivateKey;
use pki::ext::{BasicConstraints, Extension, KeyUsage, TypedExtension};
use pki::strict::{Tag, Writer};
use pki::{CertificationRequest, Name, Spki, SubjectInput, oid};
use proptest::prelude::*;
use support::{World, issue, new_key};

/// The parts of a request, to be bent.
struct Parts {
    version: u64,
    subject: Name,
    spki: Vec<u8>,
    attributes: Vec<Vec<u8>>,
    algorithm: Vec<u8>,
}

fn name(parts: &[(pki::Oid, &str)]) -> Name {
    Name::from_attributes(parts.iter().map(|(oid, text)| {
        let tag = if *oid == oid::COUNTRY { Tag::PRINTABLE_STRING } else { Tag::UTF8_STRING };
        (*oid, tag, *text)
    }))
}

fn algorithm(parameters: &[u8]) -> Vec<u8> {
    Writer::build(|w| {
        w.sequence(|w| {
            w.oid(&oid::SM2_WITH_SM3);
            w.raw(parameters);
        });
    })
}

fn attribute(oid: &pki::Oid, values: Vec<Vec<u8>>) -> Vec<u8> {
    Writer::build(|w| {
        w.sequence(|w| {
            w.oid(oid);
            w.set_of(values);
        });
    })
}

fn extension_request(extensions: &[Extension]) -> Vec<u8> {
    let list = Writer::build(|w| {
        w.sequence(|w| extensions.iter().for_each(|extension| extension.write(w)))
    });
    attribute(&oid::EXTENSION_REQUEST, vec![list])
}

impl Parts {
    fn good(key: &PrivateKey) -> Self {
        Self {
            version: 0,
            subject: name(&[(oid::COUNTRY, "CN"), (oid::COMMON_NAME, "张三")]),
            spki: Spki::of(key.public_key()).der().to_vec(),
            attributes: Vec::new(),
            algorithm: algorithm(&[]),
        }
    }

    fn signed(self, key: &PrivateKey) -> Vec<u8> {
        let info = Writer::build(|w| {
            w.sequence(|w| {
                w.uint(self.version);
                w.raw(self.subject.der());
                w.raw(&self.spki);
                w.set_of_tagged(Tag::context_constructed(0), self.attributes);
            });
        });
        let signature = key.sign(&UserId::default(), &info);
        Writer::build(|w| {
            w.sequence(|w| {
                w.raw(&info);
                w.raw(&self.algorithm);
                w.bit_string(&signature.to_der());
            });
        })
    }
}

fn outcome(der: &[u8]) -> &'static str {
    let proof = CertificationRequest::from_der(der)
        .and_then(|csr| csr.prove_possession(&UserId::default()));
    proof.map_or_else(|error| error.code(), |_| "ok")
}

fn bent(bend: impl FnOnce(&mut Parts)) -> &'static str {
    let key = new_key();
    let mut parts = Parts::good(&key);
    bend(&mut parts);
    outcome(&parts.signed(&key))
}

fn spki(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
    Writer::build(|w| {
        w.sequence(|w| {
            w.sequence(|w| w.raw(algorithm));
            w.bit_string(key);
        });
    })
}

#[test]
fn a_good_request_proves_possession_of_its_key() {
    let key = new_key();
    let der = Parts::good(&key).signed(&key);
    let csr = CertificationRequest::from_der(&der).unwrap();
    let proof = csr.prove_possession(&UserId::default()).unwrap();
    assert_eq!(proof.public_key(), key.public_key());
    assert_eq!(proof.csr_der(), der);
    assert_eq!(csr.subject().to_string(), "CN=张三, C=CN");
}

#[test]
fn tolerated_forms_are_taken() {
    let key = new_key();
    let point = key.public_key().to_sec1();
    let sm2_oid = Writer::build(|w| w.oid(&oid::SM2));
    let with_null = [&sm2_oid[..], &[5, 0]].concat();
    let password = |oid, tag: Tag| attribute(&oid, vec![Writer::build(|w| w.tlv(tag, b"111111"))]);
    type Bend = fn(&mut Parts, &[Vec<u8>]);
    let cases: [Bend; 6] = [
        |parts, _| parts.algorithm = algorithm(&[5, 0]),
        |parts, pieces| parts.spki.clone_from(&pieces[0]),
        |parts, pieces| parts.spki.clone_from(&pieces[1]),
        |parts, pieces| parts.attributes.push(pieces[2].clone()),
        |parts, pieces| parts.attributes.push(pieces[3].clone()),
        |parts, _| {
            parts.attributes.push(extension_request(&[KeyUsage::SIGNING.to_extension(true)]))
        },
    ];
    let pieces = [
        spki(&sm2_oid, &point),
        spki(&with_null, &point),
        password(oid::CHALLENGE_PASSWORD, Tag::UTF8_STRING),
        password(oid::GM_CHALLENGE_PASSWORD, Tag::PRINTABLE_STRING),
    ];
    for (at, bend) in cases.iter().enumerate() {
        let mut parts = Parts::good(&key);
        bend(&mut parts, &pieces);
        assert_eq!(outcome(&parts.signed(&key)), "ok", "case {at}");
    }
}

#[test]
fn the_challenge_password_of_gmt_0092_is_read() {
    let key = new_key();
    let mut parts = Parts::good(&key);
    parts.attributes.push(attribute(
        &oid::GM_CHALLENGE_PASSWORD,
        vec![Writer::build(|w| w.printable_string("111111"))],
    ));
    let csr = CertificationRequest::from_der(&parts.signed(&key)).unwrap();
    assert_eq!(csr.challenge_password().as_deref(), Some("111111"));
}

#[test]
fn a_request_signed_by_another_key_or_id_is_refused() {
    let (key, other) = (new_key(), new_key());
    assert_eq!(outcome(&Parts::good(&key).signed(&other)), "csr.signature");
    let csr = CertificationRequest::from_der(&Parts::good(&key).signed(&key)).unwrap();
    let id = UserId::new(*b"ALICE").unwrap();
    assert_eq!(csr.prove_possession(&id).unwrap_err().code(), "csr.signature");
}

#[test]
fn any_changed_octet_of_the_signed_part_is_noticed() {
    let key = new_key();
    let good = Parts::good(&key).signed(&key);
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 0x01;
        assert_ne!(outcome(&bad), "ok", "octet {at}");
    }
}

#[test]
fn unusable_keys_are_refused() {
    let key = new_key();
    let curve = Spki::of(key.public_key()).algorithm().parameters.clone().unwrap();
    let ec = |parameters: &[u8], point: &[u8]| {
        let algorithm = [&Writer::build(|w| w.oid(&oid::EC_PUBLIC_KEY))[..], parameters].concat();
        spki(&algorithm, point)
    };
    let point = key.public_key().to_sec1();
    let mut off = point;
    off[64] ^= 1;
    let mut wide = point;
    wide[1..33].fill(0xff);
    let p256 = Writer::build(|w| w.oid(&oid::P256));
    let rsa = [&Writer::build(|w| w.oid(&oid::RSA))[..], &[5, 0]].concat();
    for (bytes, expected) in [
        (ec(&curve, &off), "key.off-curve"),
        (ec(&curve, &wide), "key.off-curve"),
        (ec(&curve, &[0]), "key.infinity"),
        (ec(&curve, &[&[4][..], &[0; 64]].concat()), "key.infinity"),
        (ec(&curve, &point[..33]), "key.point-form"),
        (ec(&p256, &point), "key.not-sm2"),
        (ec(&[0x30, 0], &point), "key.explicit-curve"),
        (spki(&rsa, &[0x30, 6, 2, 1, 5, 2, 1, 3]), "key.not-sm2"),
    ] {
        assert_eq!(bent(|parts| parts.spki = bytes), expected);
    }
}

#[test]
fn published_keys_are_refused_although_their_signature_holds() {
    let sample =
        hex::decode("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8").unwrap();
    let mut one = [0; 32];
    one[31] = 1;
    for scalar in [sample.try_into().unwrap(), one] {
        let key = PrivateKey::from_bytes(&scalar).unwrap();
        assert_eq!(outcome(&Parts::good(&key).signed(&key)), "csr.weak-key");
    }
}

#[test]
fn names_beyond_the_bounds_are_refused() {
    let long = "长".repeat(65);
    let units: Vec<_> = (0..40).map(|n| format!("{n}{}", "处".repeat(40))).collect();
    let many: Vec<_> = units.iter().map(|unit| (oid::ORGANIZATIONAL_UNIT, unit.as_str())).collect();
    for (subject, expected) in [
        (name(&[(oid::COMMON_NAME, &long)]), "name.attribute-too-long"),
        (name(&many), "name.too-long"),
        (name(&[(oid::COMMON_NAME, "a"), (oid::COMMON_NAME, "b")]), "name.attribute-duplicate"),
        (name(&[(oid::COMMON_NAME, "")]), "name.attribute-empty"),
        (name(&[(oid::COMMON_NAME, "a\u{0}b")]), "name.control-character"),
        (name(&[(oid::COUNTRY, "cn")]), "name.country-form"),
        (name(&[(oid::COUNTRY, "CHN")]), "name.attribute-too-long"),
    ] {
        assert_eq!(bent(|parts| parts.subject = subject), expected);
    }
}

#[test]
fn requests_for_the_powers_of_a_ca_are_refused() {
    let ca = BasicConstraints { ca: true, path_len: None }.to_extension(true);
    let usage = |usage: KeyUsage| usage.to_extension(true);
    for (extensions, expected) in [
        (vec![ca.clone()], "csr.ca-requested"),
        (vec![usage(KeyUsage::KEY_CERT_SIGN)], "csr.cert-sign-requested"),
        (vec![usage(KeyUsage::SIGNING.with(KeyUsage::CRL_SIGN))], "csr.cert-sign-requested"),
        (vec![ca.clone(), ca.clone()], "csr.extension-duplicate"),
        (vec![BasicConstraints { ca: false, path_len: None }.to_extension(true)], "ok"),
    ] {
        assert_eq!(bent(|parts| parts.attributes.push(extension_request(&extensions))), expected);
    }
    let microsoft = Writer::build(|w| w.sequence(|w| ca.write(w)));
    let microsoft = attribute(&oid::MS_EXTENSION_REQUEST, vec![microsoft]);
    assert_eq!(bent(|parts| parts.attributes.push(microsoft)), "csr.ca-requested");
}

#[test]
fn malformed_requests_have_codes_of_their_own() {
    fn usage() -> Vec<u8> {
        extension_request(&[KeyUsage::SIGNING.to_extension(true)])
    }
    fn only(oid: pki::Oid, values: &[&[u8]]) -> Vec<Vec<u8>> {
        vec![attribute(&oid, values.iter().map(|value| value.to_vec()).collect())]
    }
    type Bend = fn(&mut Parts);
    let cases: [(Bend, &str); 7] = [
        (|parts| parts.version = 1, "csr.version"),
        (|parts| parts.algorithm = algorithm(&[0x30, 0]), "csr.algorithm"),
        (|parts| parts.attributes = vec![usage(), usage()], "csr.attribute-duplicate"),
        (|parts| parts.attributes = only(oid::CHALLENGE_PASSWORD, &[]), "csr.attribute-values"),
        (
            |parts| parts.attributes = only(oid::CHALLENGE_PASSWORD, &[&[2, 1, 1]]),
            "csr.challenge-password",
        ),
        (
            |parts| parts.attributes = only(oid::EMAIL_ADDRESS, &[&[2, 1, 1], &[5, 0]]),
            "csr.attribute-values",
        ),
        (
            |parts| parts.attributes = only(oid::EXTENSION_REQUEST, &[&[0x30, 0]]),
            "structure.malformed",
        ),
    ];
    for (bend, expected) in cases {
        assert_eq!(bent(bend), expected);
    }
}

#[test]
fn what_is_not_der_or_too_large_is_refused_before_anything_else() {
    let key = new_key();
    let good = Parts::good(&key).signed(&key);
    let mut indefinite = good.clone();
    indefinite.splice(1..3, [0x80]);
    indefinite.extend([0, 0]);
    assert_eq!(outcome(&indefinite), "der.length-indefinite");
    assert_eq!(outcome(&[&good[..], b"x"].concat()), "der.trailing");
    assert_eq!(outcome(&vec![0; 10_000_000]), "input.too-large");
    assert_eq!(outcome(&[0; 1000]), "der.end-of-contents");
    let zeros = CertificationRequest::from_pem_or_der(&vec![0; 10_000_000]);
    assert_eq!(zeros.unwrap_err().code(), "input.too-large");
}

/// A wish for an extension, from harmless to hostile.
fn wish() -> impl Strategy<Value = Extension> {
    let oids = [
        oid::BASIC_CONSTRAINTS,
        oid::KEY_USAGE,
        oid::EXTENDED_KEY_USAGE,
        oid::NAME_CONSTRAINTS,
        oid::SUBJECT_ALT_NAME,
    ];
    let values = prop_oneof![
        Just(vec![0x30, 3, 1, 1, 0xff]),
        Just(vec![0x30, 6, 1, 1, 0xff, 2, 1, 0]),
        Just(vec![0x30, 0]),
        Just(vec![3, 2, 1, 6]),
        Just(vec![3, 2, 2, 4]),
        Just(vec![3, 2, 6, 0xc0]),
        proptest::collection::vec(any::<u8>(), 0..24),
    ];
    (proptest::sample::select(oids.to_vec()), any::<bool>(), values)
        .prop_map(|(oid, critical, value)| Extension { oid, critical, value })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// T-19: whatever a request asks for, no certificate made for its key and
    /// name is a CA's.
    #[test]
    fn no_request_leads_to_a_ca_certificate(
        wishes in proptest::collection::vec(wish(), 0..4),
        old_oid in any::<bool>(),
        common_name in "\\PC{1,20}",
    ) {
        static WORLD: std::sync::OnceLock<World> = std::sync::OnceLock::new();
        let world = WORLD.get_or_init(World::new);
        let key = new_key();
        let mut parts = Parts::good(&key);
        parts.subject = name(&[(oid::COUNTRY, "CN"), (oid::COMMON_NAME, &common_name)]);
        let list = Writer::build(|w| w.sequence(|w| wishes.iter().for_each(|wish| wish.write(w))));
        let kind = if old_oid { oid::MS_EXTENSION_REQUEST } else { oid::EXTENSION_REQUEST };
        parts.attributes.push(attribute(&kind, vec![list]));
        let der = parts.signed(&key);
        let Ok(csr) = CertificationRequest::from_der(&der) else { return Ok(()) };
        let Ok(proof) = csr.prove_possession(&UserId::default()) else { return Ok(()) };
        let wished = SubjectInput::from_name(proof.request().subject());
        let subject = SubjectInput { common_name: "张三".into(), ..wished };
        for profile in ["person-sign", "person-enc"] {
            let certificate = issue(world.profile(profile), Some(&world.ca), &subject, &key);
            prop_assert!(!certificate.is_ca());
            prop_assert!(!certificate.key_usage().unwrap().intersects(KeyUsage::CA));
        }
    }

    #[test]
    fn bent_requests_never_panic_and_never_verify(at in 0_usize..200, octet in any::<u8>()) {
        let key = new_key();
        let mut der = Parts::good(&key).signed(&key);
        let at = at % der.len();
        prop_assume!(der[at] != octet);
        der[at] = octet;
        prop_assert_ne!(outcome(&der), "ok");
    }
}
