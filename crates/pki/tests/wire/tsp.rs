//! Timestamps: requests read strictly, tokens made, read and believed.

use gm::{OsRandom, Random as _, UserId};
use jiff::SignedDuration;
use pki::ext::{ExtendedKeyUsage, Extension, TypedExtension};
use pki::path::{Options, Revocation, Validity};
use pki::strict::Writer;
use pki::tsp::{
    Accuracy, Defect, Draft, Failure, Format, HashAlgorithm, Imprint, Nonce, Reply, Request, Token,
    Trust, granted, is_time_stamping,
};
use pki::{Error, Oid, oid};
use proptest::prelude::*;

use crate::world::{self, Person, hours, now};

pub const POLICY: Oid = Oid::new("1.2.156.99.8.1");
const DATA: &[u8] = "电子公文".as_bytes();

/// An authority for timestamps by `issuer`.
pub fn stamper(issuer: &Person) -> Person {
    let purposes = ExtendedKeyUsage(vec![oid::TIME_STAMPING]).to_extension(true);
    world::person_with(issuer, "时间戳服务", 800, vec![purposes])
}

pub fn request(certificate: bool) -> Request {
    let nonce = Nonce::new(&[0x8f, 1, 2, 3, 4, 5, 6, 7]).unwrap();
    Request::new(Imprint::of(HashAlgorithm::Sm3, DATA), None, Some(nonce), certificate)
}

pub fn draft<'a>(person: &'a Person, request: &'a Request, format: Format) -> Draft<'a> {
    Draft {
        request,
        certificate: &person.certificate,
        format,
        policy: POLICY,
        serial: world::serial(0x7eee_0001),
        at: now().checked_add(SignedDuration::from_micros(123_456)).unwrap(),
        digits: 3,
        accuracy: Some(Accuracy::from_micros(1_500_000).unwrap()),
        is_named_by_sha1: format == Format::Gm,
    }
}

pub fn token(person: &Person, draft: &Draft<'_>) -> Vec<u8> {
    let unsigned = draft.encode().unwrap();
    let id = UserId::default();
    let signature = person.key.sign_digest(&unsigned.digest(person.public(), &id));
    unsigned.assemble(&id, &signature).unwrap()
}

fn refusal(der: &[u8]) -> Error {
    Request::from_der(der).unwrap_err()
}

/// A request out of parts that nobody checked.
fn raw(version: u64, imprint: &[u8], rest: impl FnOnce(&mut Writer)) -> Vec<u8> {
    Writer::build(|w| {
        w.sequence(|w| {
            w.uint(version);
            w.raw(imprint);
            rest(w);
        });
    })
}

fn imprint_of(algorithm: &Oid, octets: usize) -> Vec<u8> {
    Writer::build(|w| {
        w.sequence(|w| {
            w.sequence(|w| w.oid(algorithm));
            w.octet_string(&vec![7; octets]);
        });
    })
}

#[test]
fn what_is_asked_is_read_back() {
    for algorithm in HashAlgorithm::ALL {
        for (policy, nonce, certificate) in [
            (None, None, false),
            (Some(POLICY), None, true),
            (None, Some(Nonce::new(&[0xff; 20]).unwrap()), true),
            (Some(POLICY), Some(Nonce::new(&[]).unwrap()), false),
        ] {
            let asked = Request::new(Imprint::of(algorithm, DATA), policy, nonce, certificate);
            let read = Request::from_der(asked.der()).unwrap();
            assert_eq!(read, asked);
            assert!(read.imprint().covers(DATA));
        }
    }
}

#[test]
fn requests_that_cannot_be_answered_get_the_bit_that_says_why() {
    let good = imprint_of(&oid::SM3, 32);
    let extension = |w: &mut Writer| {
        w.explicit(0, |w| {
            w.sequence(|w| {
                w.oid(&Oid::new("1.2.3.4"));
                w.octet_string(&[]);
            });
        });
    };
    let sha1 = oid::SHA1;
    let md5 = Oid::new("1.2.840.113549.2.5");
    let whole = request(true).der().to_vec();
    let mut trailing = whole.clone();
    trailing.push(0);
    let mut indefinite = whole.clone();
    indefinite[1] = 0x80;
    for (what, der, failure) in [
        ("version 2", raw(2, &good, |_| ()), Failure::BadRequest),
        ("SHA-1", raw(1, &imprint_of(&sha1, 20), |_| ()), Failure::BadAlg),
        ("MD5", raw(1, &imprint_of(&md5, 16), |_| ()), Failure::BadAlg),
        ("31 octets", raw(1, &imprint_of(&oid::SM3, 31), |_| ()), Failure::BadDataFormat),
        ("64 for 48", raw(1, &imprint_of(&oid::SHA384, 64), |_| ()), Failure::BadDataFormat),
        ("an extension", raw(1, &good, extension), Failure::UnacceptedExtension),
        ("no list", raw(1, &good, |w| w.explicit(0, |_| ())), Failure::BadDataFormat),
        ("FALSE written", raw(1, &good, |w| w.boolean(false)), Failure::BadDataFormat),
        ("long nonce", raw(1, &good, |w| w.unsigned(&[1; 22])), Failure::BadDataFormat),
        (
            "wrong order",
            raw(1, &good, |w| {
                w.boolean(true);
                w.uint(5)
            }),
            Failure::BadDataFormat,
        ),
        ("trailing octet", trailing, Failure::BadDataFormat),
        ("indefinite length", indefinite, Failure::BadDataFormat),
        ("cut", whole[..whole.len() - 1].to_vec(), Failure::BadDataFormat),
        ("nothing", Vec::new(), Failure::BadDataFormat),
        ("a megabyte", vec![0x30; 1 << 20], Failure::BadRequest),
    ] {
        assert_eq!(Failure::of(&refusal(&der)), failure, "{what}: {}", refusal(&der));
    }
}

#[test]
fn a_token_of_either_format_is_read_and_believed() {
    let issuer = world::authority("颁发者");
    let person = stamper(&issuer);
    for format in Format::ALL {
        for certificate in [true, false] {
            let request = request(certificate);
            let der = token(&person, &draft(&person, &request, format));
            let Reply::Granted(read) = Reply::from_der(&granted(&der)).unwrap() else {
                panic!("not granted")
            };
            assert_eq!((read.der(), read.format()), (&der[..], format));
            assert_eq!(read.certificates().len(), usize::from(certificate));
            read.answers(&request).unwrap();
            read.verify_signature(&person.certificate, &UserId::default()).unwrap();
            let info = read.info();
            let millis = now().checked_add(SignedDuration::from_millis(123)).unwrap();
            assert_eq!(info.gen_time, millis);
            assert_eq!(info.accuracy.map(Accuracy::micros), Some(1_500_000));
            assert_eq!((info.policy, info.serial), (POLICY, world::serial(0x7eee_0001)));
            assert!(!info.ordering);
        }
    }
}

#[test]
fn the_path_is_judged_at_the_time_of_the_token() {
    let issuer = world::authority("颁发者");
    let person = stamper(&issuer);
    let request = request(true);
    let read = Token::from_der(&token(&person, &draft(&person, &request, Format::Gm))).unwrap();
    let options = Options { revocation: Revocation::NotAsked, ..Options::default() };
    let anchors = [issuer.certificate.clone()];
    let trust = Trust { untrusted: &[], anchors: &anchors, crls: &[], options: &options };
    let verified = read.verify(&trust).unwrap();
    assert_eq!(verified.certificate, person.certificate);
    assert_eq!(verified.verdict.valid, Validity::Valid, "{:?}", verified.verdict.checks);
    let strangers = [world::authority("旁人").certificate];
    let trust = Trust { anchors: &strangers, ..trust };
    assert_ne!(read.verify(&trust).unwrap().verdict.valid, Validity::Valid);
}

#[test]
fn a_token_answers_one_request_and_no_other() {
    let issuer = world::authority("颁发者");
    let person = stamper(&issuer);
    let asked = request(false);
    let read = Token::from_der(&token(&person, &draft(&person, &asked, Format::Rfc))).unwrap();
    let imprint = |data: &[u8]| Imprint::of(HashAlgorithm::Sm3, data);
    let nonce = asked.nonce().cloned();
    for (other, defect) in [
        (Request::new(imprint(b"x"), None, nonce.clone(), false), Defect::ImprintMismatch),
        (
            Request::new(Imprint::of(HashAlgorithm::Sha256, DATA), None, nonce.clone(), false),
            Defect::ImprintMismatch,
        ),
        (Request::new(imprint(DATA), None, None, false), Defect::NonceMismatch),
        (
            Request::new(imprint(DATA), Some(Oid::new("1.2.156.99.8.2")), nonce.clone(), false),
            Defect::PolicyMismatch,
        ),
        (Request::new(imprint(DATA), None, nonce, true), Defect::CertificateAnswer),
    ] {
        assert_eq!(read.answers(&other), Err(defect.into()));
    }
}

/// RFC 3161 §2.3: the purpose is critical and alone.
#[test]
fn only_a_certificate_for_timestamps_alone_stamps() {
    let issuer = world::authority("颁发者");
    let request = request(true);
    for purposes in [
        vec![],
        vec![ExtendedKeyUsage(vec![oid::TIME_STAMPING]).to_extension(false)],
        vec![ExtendedKeyUsage(vec![oid::TIME_STAMPING, oid::CODE_SIGNING]).to_extension(true)],
        vec![ExtendedKeyUsage(vec![oid::OCSP_SIGNING]).to_extension(true)],
    ] {
        let person = world::person_with(&issuer, "别的用途", 801, purposes);
        assert!(!is_time_stamping(&person.certificate));
        let refused = draft(&person, &request, Format::Gm).encode().unwrap_err();
        assert_eq!(refused, Defect::Purpose.into());
    }
    let person = stamper(&issuer);
    let late = Draft { at: hours(24 * 366), ..draft(&person, &request, Format::Gm) };
    assert_eq!(late.encode().unwrap_err(), Defect::CertificateExpired.into());
}

/// RFC 5816 §1: a token names its certificate, so that another one of the same key is no other
/// authority.
#[test]
fn a_second_certificate_of_the_same_key_does_not_take_over_a_token() {
    let issuer = world::authority("颁发者");
    let person = stamper(&issuer);
    let purposes = ExtendedKeyUsage(vec![oid::TIME_STAMPING]).to_extension(true);
    let more = Extension { oid: Oid::new("1.2.3.4"), critical: false, value: vec![5, 0] };
    let issued = (800, vec![purposes, more]);
    let twin = world::certificate_of(&issuer, "时间戳服务", &person.key, issued);
    assert_ne!(twin, person.certificate);
    assert_eq!(twin.serial(), person.certificate.serial());
    for format in Format::ALL {
        let request = request(false);
        let read = Token::from_der(&token(&person, &draft(&person, &request, format))).unwrap();
        let judged = read.verify_signature(&twin, &UserId::default());
        assert_eq!(judged, Err(Defect::NotNamed.into()));
    }
}

#[test]
fn a_wrong_signature_makes_no_token_and_a_changed_token_is_not_believed() {
    let issuer = world::authority("颁发者");
    let person = stamper(&issuer);
    let (id, request) = (UserId::default(), request(true));
    let unsigned = draft(&person, &request, Format::Gm).encode().unwrap();
    let wrong = issuer.key.sign_digest(&unsigned.digest(person.public(), &id));
    assert!(matches!(unsigned.assemble(&id, &wrong), Err(Error::Signature { .. })));

    let der = token(&person, &draft(&person, &request, Format::Gm));
    let from = b"20261122040000.123Z";
    let at = der.windows(from.len()).position(|window| window == from).unwrap();
    let mut changed = der.clone();
    changed[at + 13] = b'1';
    let read = Token::from_der(&changed).unwrap();
    let judged = read.verify_signature(&person.certificate, &id);
    assert!(matches!(judged, Err(Error::Signature { .. })), "{judged:?}");
    let someone = UserId::new(*b"someone").unwrap();
    let read = Token::from_der(&der).unwrap();
    assert!(read.verify_signature(&person.certificate, &someone).is_err());
}

#[test]
fn the_attributes_are_in_der_order_and_name_sm3() {
    let issuer = world::authority("颁发者");
    let person = stamper(&issuer);
    let request = request(false);
    for (format, names) in [(Format::Gm, 2), (Format::Rfc, 1)] {
        let unsigned = draft(&person, &request, format).encode().unwrap();
        pki::strict::check(unsigned.signed_der(), &pki::strict::Limits::of("签名属性", 4096))
            .unwrap();
        let mut set = pki::strict::Reader::new(unsigned.signed_der()).set().unwrap();
        let mut found = Vec::new();
        while !set.is_empty() {
            found.push(set.sequence().unwrap().oid().unwrap());
        }
        assert_eq!(found.len(), 2 + names);
        assert_eq!(found.contains(&oid::SIGNING_CERTIFICATE), names == 2);
        assert!(found.contains(&oid::SIGNING_CERTIFICATE_V2));
    }
}

#[test]
fn a_token_beside_a_refusal_or_none_beside_a_grant_is_no_answer() {
    let issuer = world::authority("颁发者");
    let person = stamper(&issuer);
    let request = request(false);
    let der = token(&person, &draft(&person, &request, Format::Gm));
    let answer = |status: u64, token: &[u8]| {
        let whole = Writer::build(|w| {
            w.sequence(|w| {
                w.sequence(|w| w.uint(status));
                w.raw(token);
            });
        });
        Reply::from_der(&whole)
    };
    assert!(matches!(answer(0, &der), Ok(Reply::Granted(_))));
    assert!(matches!(answer(1, &der), Ok(Reply::Granted(_))));
    for (status, token) in [(0, &[][..]), (2, &der), (6, &[]), (3, &der)] {
        assert!(answer(status, token).is_err(), "{status}");
    }
    assert!(matches!(answer(5, &[]), Ok(Reply::Refused { failure: None, .. })));
}

proptest! {
    #[test]
    fn whatever_comes_is_read_without_panic_and_kept_octet_for_octet(
        octets in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        if let Ok(request) = Request::from_der(&octets) {
            prop_assert_eq!(request.der(), &octets[..]);
        }
        let _ = Reply::from_der(&octets);
        let _ = Token::from_der(&octets);
    }

    #[test]
    fn one_changed_octet_of_a_token_is_never_believed(place in any::<usize>(), bit in 0_u8..8) {
        let issuer = world::authority("颁发者");
        let person = stamper(&issuer);
        let request = request(false);
        let mut der = token(&person, &draft(&person, &request, Format::Rfc));
        let at = place % der.len();
        der[at] ^= 1 << bit;
        if let Ok(read) = Token::from_der(&der) {
            let judged = read.verify_signature(&person.certificate, &UserId::default());
            // Algorithms that mean the same, and digests that nobody looks at, are outside of
            // what is signed; what the token says is not.
            let said = read.info() == Token::from_der(&{ der[at] ^= 1 << bit; der }).unwrap().info();
            prop_assert!(judged.is_err() || said);
        }
    }

    #[test]
    fn any_request_gets_a_token_that_answers_it(
        algorithm in 0_usize..4,
        length in 0_usize..20,
        has_policy: bool,
        certificate: bool,
        nanos in 0_i64..1_000_000_000,
        digits in 0_u8..=9,
    ) {
        let mut octets = vec![0; length];
        OsRandom.fill(&mut octets).unwrap();
        let nonce = (length > 0).then(|| Nonce::new(&octets).unwrap());
        let imprint = Imprint::of(HashAlgorithm::ALL[algorithm], &octets);
        let request = Request::new(imprint, has_policy.then_some(POLICY), nonce, certificate);
        let issuer = world::authority("颁发者");
        let person = stamper(&issuer);
        let at = now().checked_add(SignedDuration::from_nanos(nanos)).unwrap();
        let draft = Draft { at, digits, ..draft(&person, &request, Format::Gm) };
        let read = Token::from_der(&token(&person, &draft)).unwrap();
        prop_assert!(read.answers(&request).is_ok());
        prop_assert!(read.info().gen_time <= at);
        prop_assert!(at.duration_since(read.info().gen_time) < SignedDuration::from_secs(1));
        prop_assert!(read.verify_signature(&person.certificate, &UserId::default()).is_ok());
    }
}
