//! What stops when a key is no secret any more: every certificate of a subscriber's key (T-31), whatever is issued at the
//! same moment (T-16), and issuing itself, when it was the CA's.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail loudly"
)]

use crate::cross::neighbour;
use crate::family;
use crate::succession::hold;
use crate::world;

use app::cross::withdraw_cross;
use app::doctor::{Check, Level};
use app::enrol::{Act, Enrolled};
use app::lifecycle::Change;
use app::roots::revoke_authority;
use app::voice::{ComplaintWords, KeyProof, NewProblem, Stopped};
use app::{Institution, Parts};
use ca::{Revocation, RevocationReason};
use gm::sm2::PrivateKey;
use gm::{OsRandom, UserId};
use pki::Serial;
use store::{Actor, Opening, Warrant, fault};
use world::World;

fn key() -> PrivateKey {
    PrivateKey::generate(&mut OsRandom).unwrap()
}

/// Where renewals may keep their key.
async fn keeping() -> World {
    World::with(|settings| {
        settings.institution.credit_code = "12110101YX0000016B".into();
        settings.ca.renewals_keep_key = vec!["person".into()];
    })
    .await
}

async fn enrol(world: &World, id: &str, act: Act, key: &PrivateKey) -> Enrolled {
    world.institution.enrol(world.order(id, "person", act, key)).await.unwrap()
}

fn serials(done: &Enrolled) -> [Serial; 2] {
    [done.sign.record.serial, done.enc.as_ref().unwrap().record.serial]
}

async fn statuses(world: &World, serials: &[Serial]) -> Vec<&'static str> {
    let mut found = Vec::new();
    for serial in serials {
        let one = world.institution.ca().find(serial).await.unwrap().unwrap();
        found.push(one.record.status.as_str());
    }
    found
}

async fn checks(institution: &Institution, name: &str) -> Vec<Check> {
    let all = institution.examine(false).await;
    all.into_iter().filter(|check| check.name == name).collect()
}

async fn compromised(world: &World) -> Check {
    checks(&world.institution, "compromised_keys").await.pop().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn t31_a_stolen_key_ends_every_certificate_of_it_whichever_was_named() {
    let world = keeping().await;
    let (stolen, other) = (key(), key());
    let first = enrol(&world, "r1", Act::New, &stolen).await;
    let second = enrol(&world, "r2", Act::Renew(first.sign.record.serial), &stolen).await;
    let bystander = enrol(&world, "r3", Act::New, &other).await;
    let all = [serials(&first), serials(&second)].concat();
    let actor = Actor::client(&world.client.id.to_string());
    let revoke = async |serial: Serial, reason| {
        let change = Change::Revoke(Revocation::because(reason));
        world.institution.change(serial, change, actor.clone()).await.unwrap()
    };
    // The encryption certificate of the later pair is as good a name as any.
    let told = revoke(all[3], RevocationReason::KeyCompromise).await;
    assert_eq!(told.len(), 2, "the pair that was named is answered");
    assert_eq!(statuses(&world, &all).await, ["revoked"; 4]);
    assert_eq!(statuses(&world, &serials(&bystander)).await, ["good"; 2]);
    assert_eq!(compromised(&world).await.level, Level::Good);
    for serial in &all {
        let said = world.institution.ocsp_now(*serial).await.unwrap().said.unwrap();
        assert!(matches!(said, pki::ocsp::CertStatus::Revoked { .. }), "{said:?}");
    }
    // Asked for again nothing changes.
    let size = world.institution.store().size().await.unwrap();
    revoke(all[0], RevocationReason::KeyCompromise).await;
    assert_eq!(world.institution.store().size().await.unwrap(), size);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_no_longer_needed_ends_alone() {
    let world = keeping().await;
    let kept = key();
    let first = enrol(&world, "r1", Act::New, &kept).await;
    let second = enrol(&world, "r2", Act::Renew(first.sign.record.serial), &kept).await;
    let change = Change::Revoke(Revocation::because(RevocationReason::Superseded));
    let actor = Actor::client(&world.client.id.to_string());
    world.institution.change(first.sign.record.serial, change, actor).await.unwrap();
    assert_eq!(statuses(&world, &serials(&first)).await, ["revoked"; 2]);
    assert_eq!(statuses(&world, &serials(&second)).await, ["good"; 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn t16_what_is_issued_while_a_leak_is_reported_is_suspended_with_the_rest() {
    let world = keeping().await;
    let leaked = key();
    let first = enrol(&world, "r1", Act::New, &leaked).await;
    let serial = first.sign.record.serial;
    let statement = world.institution.problem_statement(&serial).await.unwrap();
    let signature = leaked.sign(&UserId::default(), statement.as_bytes()).to_der();
    let text = "在公开的代码仓库中看到这张证书的私钥文件。".to_owned();
    let problem = NewProblem {
        words: ComplaintWords { text, ..ComplaintWords::default() },
        evidence: Vec::new(),
        proof: Some(KeyProof { statement, signature }),
    };
    let institution = world.institution.clone();
    let (mut held, report) =
        fault::held(
            "app.75-leak-looked-at",
            async move { institution.lodge_problem(problem).await },
        );
    let report = tokio::spawn(report);
    assert!(held.reached().await, "it has looked at the certificates of the key");
    let second = enrol(&world, "r2", Act::Renew(serial), &leaked).await;
    held.go();
    let taken = report.await.unwrap().unwrap();
    assert_eq!(taken.stopped, Some(Stopped::Suspended));
    let all = [serials(&first), serials(&second)].concat();
    assert_eq!(statuses(&world, &all).await, ["suspended"; 4], "all of them, as the page says");
    let found = compromised(&world).await;
    assert_eq!(found.level, Level::Good, "{}", found.detail);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_names_a_certificate_that_is_good_although_its_key_leaked() {
    let world = World::new().await;
    assert_eq!(compromised(&world).await.level, Level::Good);
    let leaked = key();
    let done = enrol(&world, "r1", Act::New, &leaked).await;
    // As an earlier version left it.
    let (ca, public) = (world.institution.ca().clone(), *leaked.public_key());
    let unit = world.institution.store().commit(move |tx| {
        Box::pin(async move { ca.block_key(tx, &public, &Actor::system()).await })
    });
    unit.await.unwrap();
    let found = compromised(&world).await;
    let serial = done.sign.record.serial;
    assert_eq!(found.level, Level::Failed);
    assert!(found.detail.contains(&serial.to_hex()), "{}", found.detail);
    let change = Change::Revoke(Revocation::because(RevocationReason::KeyCompromise));
    let actor = Actor::client(&world.client.id.to_string());
    world.institution.change(serial, change, actor).await.unwrap();
    assert_eq!(compromised(&world).await.level, Level::Good);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_issuing_ca_issues_nothing_until_the_next_generation_does() {
    let world = World::new().await;
    let institution = &world.institution;
    let old = enrol(&world, "r1", Act::New, &key()).await;
    world.pass(60);
    let parts = Parts {
        layout: institution.layout().clone(),
        settings: institution.settings().clone(),
        device: world.device.clone(),
        kmc_device: None,
        clock: world.clock.clone(),
        opening: Opening::Existing,
    };
    let serial = institution.ca().certificate().serial();
    let why = (&serial, RevocationReason::CaCompromise);
    let warrant = Warrant::new("S001", "A001", "签发密钥泄露").unwrap();
    revoke_authority(&parts, institution.store(), why, &warrant).await.unwrap();
    institution.follow_generations().await.unwrap();
    let asked = || world.order("r2", "person", Act::New, &world.key);
    let refused = institution.enrol(asked()).await.unwrap_err();
    assert_eq!((refused.code(), refused.is_unavailable()), ("ca.issuer.revoked", true));
    // Who asks for status is answered as before.
    let said = institution.ocsp_now(old.sign.record.serial).await.unwrap();
    assert!(said.said.is_some(), "{said:?}");
    institution.keep_responder_key().await.unwrap();
    let found = checks(institution, "ca_certificate").await;
    assert_eq!(found[0].level, Level::Failed, "{}", found[0].detail);
    assert!(found[0].detail.contains("换代") && found[0].detail.contains("通知用户"));

    hold(&world, None).await;
    institution.follow_generations().await.unwrap();
    let new = institution.enrol(asked()).await.unwrap();
    assert_ne!(new.sign.certificate.issuer(), old.sign.certificate.issuer());
    // As long as somebody has a certificate of the old one.
    let levels = async || {
        let found = checks(institution, "ca_certificate").await;
        found.into_iter().map(|check| check.level).collect::<Vec<_>>()
    };
    assert_eq!(levels().await, [Level::Failed, Level::Good]);
    world.clock.set(old.sign.record.not_after);
    world.pass(1);
    assert_eq!(levels().await[0], Level::Good);
}

/// The key is another institution's: nothing is stopped by itself, it is never certified again, and people withdraw.
#[tokio::test(flavor = "multi_thread")]
async fn a_proof_about_a_cross_certificate_waits_for_two_people_to_withdraw_it() {
    let world = World::new().await;
    let institution = &world.institution;
    let peer = neighbour::issuing();
    let serial = neighbour::recognise(&world, &peer, 2030).await.certificate.serial();
    world.pass(60);
    let statement = institution.problem_statement(&serial).await.unwrap();
    let theirs = family::key(&peer.key);
    let signature = theirs.sign(&UserId::default(), statement.as_bytes()).to_der();
    let text = "在公开的代码仓库中看到这把签发密钥。".to_owned();
    let problem = NewProblem {
        words: ComplaintWords { text, ..ComplaintWords::default() },
        evidence: Vec::new(),
        proof: Some(KeyProof { statement, signature }),
    };
    let taken = institution.lodge_problem(problem).await.unwrap();
    assert_eq!(taken.stopped, Some(Stopped::No));
    let subject = format!("key:{}", theirs.public_key().fingerprint());
    assert_eq!(world.records("key.blocked", &subject).await.len(), 1);
    let status = async || {
        let found = institution.roots().find(&serial).await.unwrap().unwrap();
        found.record.status.as_str()
    };
    assert_eq!(status().await, "good");
    let told = checks(institution, "problem_reports").await.pop().unwrap();
    assert_eq!(told.level, Level::Failed, "{}", told.detail);
    assert!(told.detail.contains(&taken.lodged.number) && told.detail.contains("通知对方机构"));
    assert!(!told.detail.contains("更换该密钥"), "it is not ours: {}", told.detail);
    let found = compromised(&world).await;
    assert_eq!(found.level, Level::Failed, "{}", found.detail);
    assert!(found.detail.contains("cross-withdraw") && !found.detail.contains("换代"), "{found:?}");
    let warrant = Warrant::new("S001", "W001", "对方机构的签发密钥泄露").unwrap();
    let why = (&serial, RevocationReason::KeyCompromise);
    let parts = neighbour::parts(&world);
    withdraw_cross(&parts, institution.store(), why, &warrant).await.unwrap();
    assert_eq!(status().await, "revoked");
    assert_eq!(compromised(&world).await.level, Level::Good);
}

/// A root is no row among the certificates, and nobody revokes it: that its key leaked is named all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_leaked_key_of_a_root_is_named_whatever_became_of_the_report() {
    let world = World::new().await;
    let public = world.institution.roots().certificate().public_key().unwrap();
    let ca = world.institution.ca().clone();
    let unit = world.institution.store().commit(move |tx| {
        Box::pin(async move { ca.block_key(tx, &public, &Actor::system()).await })
    });
    unit.await.unwrap();
    let found = compromised(&world).await;
    assert_eq!(found.level, Level::Failed, "{}", found.detail);
    assert!(found.detail.contains("根 root 的密钥"), "{}", found.detail);
}
