//! Signatures: bare ones and messages, each field of them changed, judged beside OpenSSL.

use std::process::Command;
use std::sync::Arc;

use gm::{Signature, UserId, sm2, sm3};
use pki::ext::{ExtendedKeyUsage, TypedExtension};
use pki::spki::Spki;
use pki::tsp::{Draft, Format, HashAlgorithm, Imprint, Request};
use pki::{Oid, Serial, oid, pem};
use status::verification::message::Message;
use status::verification::{
    Covered, Evidence, Form, Outcome, SignatureQuestion, SignatureReport, TimeBasis, Trust,
    Verifier,
};

use crate::family::{Made, ca, instant, key, list, user};
use crate::messages::{TEXT, cms, gm, signer};
use crate::world::World;

/// Within the lists of every question here.
const THEN: &str = "2026-11-21T12:00:00Z";

fn root() -> Made {
    ca("他根").self_signed()
}

fn holder() -> Made {
    user("甲").by(&root())
}

fn second() -> Made {
    user("乙").by(&root())
}

/// Expired yesterday; good when it signed.
fn old() -> Made {
    user("丙").valid("2026-01-01T00:00:00Z", "2026-11-21T18:00:00Z").by(&root())
}

fn question(form: Form, covered: Covered, certificate: Option<&Made>) -> SignatureQuestion {
    let evidence = Evidence { lists: vec![list(&root()).made()], ..Evidence::default() };
    SignatureQuestion {
        form,
        covered,
        certificate: certificate.map(|made| made.certificate.clone()),
        serial: None,
        evidence,
        user_id: UserId::default(),
        policies: Vec::new(),
    }
}

fn message(der: &[u8], covered: Covered) -> SignatureQuestion {
    question(Form::of(der).unwrap(), covered, None)
}

fn raw(octets: &[u8], covered: Covered) -> SignatureQuestion {
    question(Form::of(octets).unwrap(), covered, Some(&holder()))
}

fn content() -> Covered {
    Covered::Content(TEXT.to_vec())
}

struct Judge {
    verifier: Verifier,
    trust: Arc<Trust>,
    _world: World,
}

impl Judge {
    async fn new() -> Self {
        let world = World::new().await;
        let verifier = Verifier::new(world.store.clone());
        let trust = Arc::new(Trust::of([root().certificate]).unwrap());
        Self { verifier, trust, _world: world }
    }

    async fn ask(&self, question: SignatureQuestion) -> SignatureReport {
        self.verifier.verify_signature(self.trust.clone(), question).await.unwrap()
    }
}

/// The codes of a report, of the whole and of each signer.
fn codes(report: &SignatureReport) -> Vec<String> {
    let signers = report.signers.iter().flat_map(|signer| &signer.checks);
    report.checks.iter().chain(signers).map(|check| check.code.clone()).collect()
}

fn value() -> Signature {
    key("甲").sign(&UserId::default(), TEXT)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bare_signature_is_judged_by_content_or_by_its_value_and_never_by_a_digest_alone() {
    let judge = Judge::new().await;
    let e = sm2::digest(key("甲").public_key(), &UserId::default(), TEXT);
    let digest = Some(sm3::hash(TEXT));
    for octets in [value().to_der(), value().to_raw().to_vec()] {
        for covered in [content(), Covered::Value { e, digest }] {
            let report = judge.ask(raw(&octets, covered)).await;
            assert_eq!(report.verdict, Outcome::Passed, "{report:#?}");
        }
        let report = judge.ask(raw(&octets, Covered::Digest(sm3::hash(TEXT)))).await;
        assert_eq!(report.verdict, Outcome::Unknown);
        assert!(codes(&report).contains(&"value.no-content".to_owned()));
        let report = judge.ask(raw(&octets, Covered::Content(b"x".to_vec()))).await;
        assert_eq!(report.verdict, Outcome::Failed);
        let other = SignatureQuestion {
            user_id: UserId::new(*b"someone").unwrap(),
            ..raw(&octets, content())
        };
        assert_eq!(judge.ask(other).await.verdict, Outcome::Failed);
        let nobody = question(Form::of(&octets).unwrap(), content(), None);
        let report = judge.ask(nobody).await;
        assert_eq!(report.verdict, Outcome::Unknown);
        assert!(codes(&report).contains(&"value.no-certificate".to_owned()));
        let nothing = raw(&octets, Covered::Nothing);
        let error = judge.verifier.verify_signature(judge.trust.clone(), nothing).await;
        assert_eq!(error.unwrap_err().code(), "verify.nothing_covered");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_both_families_attached_and_detached_pass() {
    let judge = Judge::new().await;
    let at = Some(instant(THEN));
    let plain = || signer(&holder()).plain();
    let (attached, digest) = (Covered::Nothing, Covered::Digest(sm3::hash(TEXT)));
    for (name, der, covered, form) in [
        ("gm", gm(&holder(), at, true), &attached, "gmt0010"),
        ("gm without attributes", gm(&holder(), None, true), &attached, "gmt0010"),
        ("gm detached", gm(&holder(), at, false), &content(), "gmt0010"),
        ("gm detached by digest", gm(&holder(), at, false), &digest, "gmt0010"),
        ("gm detached without attributes", gm(&holder(), None, false), &content(), "gmt0010"),
        ("cms", cms(&[signer(&holder())], true), &attached, "cms"),
        ("cms and the same content", cms(&[signer(&holder())], true), &content(), "cms"),
        ("cms by key", cms(&[signer(&holder()).by_key()], true), &attached, "cms"),
        ("cms without attributes", cms(&[plain()], true), &attached, "cms"),
        ("cms detached", cms(&[signer(&holder())], false), &digest, "cms"),
        ("raw value", cms(&[signer(&holder()).raw()], true), &attached, "cms"),
        (
            "other identifier",
            cms(&[signer(&holder()).algorithm(oid::SM2_SIGN)], true),
            &attached,
            "cms",
        ),
        ("two signers", cms(&[signer(&holder()), signer(&second())], true), &attached, "cms"),
    ] {
        let report = judge.ask(message(&der, covered.clone())).await;
        assert_eq!(report.verdict, Outcome::Passed, "{name}: {report:#?}");
        assert_eq!(report.form, form, "{name}");
        assert_eq!(report.content, Some(sm3::hash(TEXT).to_hex()), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_together_fails_and_what_is_missing_is_unknown() {
    use Outcome::{Failed, Unknown};
    let judge = Judge::new().await;
    let one = || signer(&holder());
    let attached = Covered::Nothing;
    let strange = Oid::new("1.2.840.113549.1.9.16.1.4");
    for (code, der, covered, expected) in [
        ("content.differs", cms(&[one()], true), Covered::Content(b"x".to_vec()), Failed),
        ("attributes.digest", cms(&[one().over(b"x")], true), attached.clone(), Failed),
        ("attributes.content-type", cms(&[one().typed(strange)], true), attached.clone(), Failed),
        ("value.wrong", cms(&[one().wrong()], true), attached.clone(), Failed),
        ("value.wrong", cms(&[one().plain()], false), Covered::Content(b"x".to_vec()), Failed),
        ("content.missing", cms(&[one()], false), Covered::Nothing, Unknown),
        (
            "value.no-content",
            cms(&[one().plain()], false),
            Covered::Digest(sm3::hash(TEXT)),
            Unknown,
        ),
        (
            "algorithm.unsupported",
            cms(&[one().algorithm(oid::RSA)], true),
            attached.clone(),
            Unknown,
        ),
        ("format.unsigned", cms(&[], true), attached.clone(), Failed),
    ] {
        let report = judge.ask(message(&der, covered)).await;
        assert_eq!(report.verdict, expected, "{code}: {report:#?}");
        assert!(codes(&report).iter().any(|one| one == code), "{code}: {:?}", codes(&report));
    }
    let pdf = question(Form::of(b"%PDF-1.7\n").unwrap(), content(), None);
    let report = judge.ask(pdf).await;
    assert_eq!((report.verdict, report.form), (Unknown, "pdf"));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_signer_has_a_verdict_and_the_worst_is_that_of_the_whole() {
    let judge = Judge::new().await;
    let der = cms(&[signer(&holder()), signer(&second()).wrong()], true);
    let report = judge.ask(message(&der, Covered::Nothing)).await;
    assert_eq!(report.verdict, Outcome::Failed);
    let mut verdicts: Vec<_> = report.signers.iter().map(|signer| signer.verdict).collect();
    verdicts.sort();
    assert_eq!(verdicts, [Outcome::Passed, Outcome::Failed]);
}

/// One bit of every octet, another bit in each.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_with_any_octet_changed_by_a_bit_does_not_pass() {
    let judge = Judge::new().await;
    for (name, der, covered) in [
        ("with attributes", gm(&holder(), Some(instant(THEN)), true), Covered::Nothing),
        ("without", gm(&holder(), None, false), content()),
    ] {
        let report = judge.ask(message(&der, covered.clone())).await;
        assert_eq!(report.verdict, Outcome::Passed, "{name}");
        for at in 0..der.len() {
            let mut changed = der.clone();
            changed[at] ^= 1 << (at % 8);
            let Ok(form) = Form::of(&changed) else { continue };
            let report = judge.ask(question(form, covered.clone(), None)).await;
            assert_ne!(report.verdict, Outcome::Passed, "{name}, octet {at}: {report:#?}");
        }
    }
    let raw_value = value().to_raw();
    for at in 0..64 {
        let mut changed = raw_value;
        changed[at] ^= 1 << (at % 8);
        let Ok(form) = Form::of(&changed) else { continue };
        let report = judge.ask(question(form, content(), Some(&holder()))).await;
        assert_ne!(report.verdict, Outcome::Passed, "octet {at}");
    }
}

/// A timestamp over a value by this authority at [`THEN`].
fn stamp_by(authority: &Made, value: &[u8]) -> Vec<u8> {
    let request = Request::new(Imprint::of(HashAlgorithm::Sm3, value), None, None, true);
    let unsigned = Draft {
        request: &request,
        certificate: &authority.certificate,
        format: Format::Gm,
        policy: Oid::new("1.2.156.99.1"),
        serial: Serial::from_hex("2a").unwrap(),
        at: instant(THEN),
        digits: 0,
        accuracy: None,
        is_named_by_sha1: false,
    };
    let (unsigned, key, id) = (unsigned.encode().unwrap(), key(&authority.key), UserId::default());
    let signature = key.sign_digest(&unsigned.digest(key.public_key(), &id));
    unsigned.assemble(&id, &signature).unwrap()
}

fn authority() -> crate::family::Draft {
    user("时间戳").with(ExtendedKeyUsage(vec![oid::TIME_STAMPING]).to_extension(true))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_ended_since_is_judged_at_the_time_that_a_timestamp_proves() {
    let judge = Judge::new().await;
    let good: fn(&[u8]) -> Vec<u8> = |value| stamp_by(&authority().by(&root()), value);
    let strange: fn(&[u8]) -> Vec<u8> = |value| stamp_by(&authority().self_signed(), value);
    let other: fn(&[u8]) -> Vec<u8> = |_| stamp_by(&authority().by(&root()), b"another value");
    let one = || signer(&old());
    for (name, signer, expected, basis) in [
        ("stamped", one().stamped(good), Outcome::Passed, TimeBasis::Timestamp),
        ("not stamped", one(), Outcome::Failed, TimeBasis::Now),
        ("stamped by nobody we trust", one().stamped(strange), Outcome::Failed, TimeBasis::Now),
        ("stamp of another value", one().stamped(other), Outcome::Failed, TimeBasis::Now),
    ] {
        let report = judge.ask(message(&cms(&[signer], true), Covered::Nothing)).await;
        assert_eq!(report.verdict, expected, "{name}: {report:#?}");
        assert_eq!(report.signers[0].time_basis, basis, "{name}");
    }
}

fn openssl(arguments: &[&str]) -> bool {
    Command::new("openssl").args(arguments).output().unwrap().status.success()
}

/// OpenSSL knows no SM2 in CMS; the signed octets and the value are taken out for it.
#[tokio::test(flavor = "multi_thread")]
async fn openssl_agrees_about_every_signature_that_is_taken_out_of_its_message() {
    let judge = Judge::new().await;
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let key = Spki::of(key("甲").public_key());
    std::fs::write(path("key.pem"), pem::encode("PUBLIC KEY", key.der()).unwrap()).unwrap();
    let one = || signer(&holder());
    for der in [
        gm(&holder(), Some(instant(THEN)), true),
        gm(&holder(), None, true),
        cms(&[one()], true),
        cms(&[one().plain()], true),
        cms(&[one().wrong()], true),
        cms(&[one().plain().wrong()], true),
    ] {
        let report = judge.ask(message(&der, Covered::Nothing)).await;
        let taken = Message::from_der(&der).unwrap();
        let signed = taken.signers[0].attributes.as_ref().map_or(TEXT, |some| &some.signed[..]);
        std::fs::write(path("signed"), signed).unwrap();
        std::fs::write(path("value"), &taken.signers[0].value).unwrap();
        let theirs = openssl(&[
            "dgst",
            "-sm3",
            "-sigopt",
            "distid:1234567812345678",
            "-verify",
            &path("key.pem"),
            "-signature",
            &path("value"),
            &path("signed"),
        ]);
        assert_eq!(report.verdict == Outcome::Passed, theirs, "{report:#?}");
    }
}

#[test]
fn what_is_no_signature_is_no_question() {
    for octets in [&[][..], b"x", &[0x30, 0], &[0; 64], &[0x30; 4096], b"-----BEGIN PKCS7-----\n!"]
    {
        let wrong = Form::of(octets).unwrap_err();
        assert_eq!(wrong.code(), "verify.signature", "{octets:02x?}");
    }
}
