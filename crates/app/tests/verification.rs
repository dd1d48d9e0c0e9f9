//! Verification over a founded institution: what it issued, what it did not, what it revoked, and what
//! becomes of it when the trust anchors can't be read.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

use crate::world;

use app::doctor::{Check, Level};
use app::enrol::Act;
use app::lifecycle::Change;
use ca::{Revocation, RevocationReason};
use gm::OsRandom;
use gm::sm2::PrivateKey;
use pki::Certificate;
use status::verification::{
    CertificateQuestion, CertificateReport, Covered, Evidence, Form, Outcome, Purpose,
    SignatureQuestion,
};
use world::World;

fn ask(certificate: &Certificate) -> CertificateQuestion {
    CertificateQuestion {
        der: certificate.der().to_vec(),
        evidence: Evidence::default(),
        at: None,
        purpose: Purpose::Signature,
        policies: Vec::new(),
    }
}

fn code(report: &CertificateReport, check: &str) -> String {
    let found = report.judged.checks.iter().find(|one| one.check == check);
    found.unwrap_or_else(|| panic!("no {check} in {:#?}", report.judged.checks)).code.clone()
}

async fn issued(world: &World, id: &str) -> (PrivateKey, Certificate) {
    let key = PrivateKey::generate(&mut OsRandom).unwrap();
    let order = world.order(id, "person", Act::New, &key);
    let enrolled = world.institution.enrol(order).await.unwrap();
    (key, enrolled.sign.certificate)
}

async fn doctor(world: &World) -> Check {
    let checks = world.institution.examine(false).await;
    checks.into_iter().find(|check| check.name == "trust").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_we_issued_passes_until_it_is_revoked_and_passes_still_for_the_time_before() {
    let world = World::new().await;
    let (_, certificate) = issued(&world, "r1").await;
    world.pass(60);
    let good = world.now();
    let report = world.institution.verify_certificate(ask(&certificate)).await.unwrap();
    assert_eq!(report.judged.verdict, Outcome::Passed, "{:#?}", report.judged.checks);
    assert_eq!(report.judged.path.len(), 3);
    assert_eq!(code(&report, "status"), "status.good");
    world.pass(60);
    let revocation = Revocation { reason: RevocationReason::Superseded, invalid_since: None };
    revoke(&world, &certificate, revocation).await;
    world.pass(60);
    let report = world.institution.verify_certificate(ask(&certificate)).await.unwrap();
    assert_eq!(report.judged.verdict, Outcome::Failed);
    assert_eq!(code(&report, "status"), "status.revoked");
    let before = CertificateQuestion { at: Some(good), ..ask(&certificate) };
    let report = world.institution.verify_certificate(before).await.unwrap();
    assert_eq!(report.judged.verdict, Outcome::Passed, "{:#?}", report.judged.checks);
    assert_eq!(code(&report, "status"), "status.revoked-later");
}

async fn revoke(world: &World, certificate: &Certificate, revocation: Revocation) {
    let actor = store::Actor::client(&world.client.id.to_string());
    let change = Change::Revoke(revocation);
    world.institution.change(certificate.serial(), change, actor).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_file_that_cannot_be_read_stops_all_verification_and_the_doctor_names_it() {
    let world = World::new().await;
    let (_, certificate) = issued(&world, "r1").await;
    let folder = world.institution.layout().trust();
    assert_eq!(doctor(&world).await.level, Level::Good);
    let alone = world.institution.trust().await.unwrap().snapshot().to_owned();
    std::fs::create_dir(&folder).unwrap();
    for (name, text) in [
        ("empty.pem", String::new()),
        ("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA".to_owned()),
        ("leaf.pem", certificate.to_pem().unwrap()),
    ] {
        let file = folder.join(name);
        std::fs::write(&file, text).unwrap();
        world.pass(11);
        let error = world.institution.verify_certificate(ask(&certificate)).await.unwrap_err();
        assert_eq!(error.code(), "app.no_trust", "{name}");
        assert!(error.is_unavailable(), "{name}");
        let check = doctor(&world).await;
        assert_eq!(check.level, Level::Failed, "{name}");
        assert!(check.detail.contains(name), "{}", check.detail);
        std::fs::remove_file(&file).unwrap();
    }
    let root = world.institution.authority("root").await.unwrap().unwrap();
    std::fs::write(folder.join("same.pem"), root.to_pem().unwrap()).unwrap();
    world.pass(11);
    assert_eq!(world.institution.trust().await.unwrap().snapshot(), alone, "the same anchors");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_by_serial_number_names_its_holder_only_when_it_holds() {
    let world = World::new().await;
    let (key, certificate) = issued(&world, "r1").await;
    world.pass(60);
    let content = "请于三个工作日内补正材料。".as_bytes();
    let signature = key.sign(&gm::UserId::default(), content);
    let question = |content: &[u8]| SignatureQuestion {
        form: Form::of(&signature.to_der()).unwrap(),
        covered: Covered::Content(content.to_vec()),
        certificate: None,
        serial: Some(certificate.serial()),
        evidence: Evidence::default(),
        user_id: gm::UserId::default(),
        policies: Vec::new(),
    };
    let report = world.institution.verify_signature(question(content)).await.unwrap();
    assert_eq!(report.verdict, Outcome::Passed, "{report:#?}");
    let judged = report.signers[0].certificate.as_ref().unwrap();
    assert!(judged.facts.as_ref().unwrap().subject.as_deref().unwrap().contains("张三"));
    let report = world.institution.verify_signature(question(b"x")).await.unwrap();
    assert_eq!(report.verdict, Outcome::Failed);
    assert!(!format!("{report:?}").contains("张三"), "{report:#?}");
}
