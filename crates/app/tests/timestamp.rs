//! The timestamp service of an institution: key and certificate made by themselves, renewed with
//! overlap, and what the doctor says.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

use crate::world;

use app::doctor::{Check, Level};
use app::timestamp::SourceKind;
use app::{Error, Settings};
use gm::UserId;
use pki::path::{Options, Revocation, Validity};
use pki::tsp::{Format, HashAlgorithm, Imprint, Reply, Request, Token, Trust};
use testkit::fault::{Counted, Fault};
use world::World;

/// The clock of these worlds stands still, so no step counts.
fn on(settings: &mut Settings) {
    settings.timestamp.enabled = true;
    settings.timestamp.step = u32::MAX;
}

async fn opened() -> World {
    let world = World::with(on).await;
    world.institution.keep_timestamp_key().await.unwrap();
    world
}

async fn token(world: &World) -> Token {
    let request = Request::new(Imprint::of(HashAlgorithm::Sm3, b"x"), None, None, true);
    let authority = world.institution.timestamp().unwrap();
    match Reply::from_der(&authority.stamp(request.der(), Format::Gm).await.body).unwrap() {
        Reply::Granted(token) => *token,
        Reply::Refused { failure, text } => panic!("{failure:?} {text:?}"),
    }
}

async fn check(world: &World) -> Option<Check> {
    let checks = world.institution.examine(false).await;
    checks.into_iter().find(|check| check.name == "timestamp")
}

#[tokio::test(flavor = "multi_thread")]
async fn key_and_certificate_are_made_once_and_chain_to_the_root() {
    let world = opened().await;
    world.institution.keep_timestamp_key().await.unwrap();
    let keys = world.institution.timestamp().unwrap().keys().await.unwrap();
    assert_eq!(keys.len(), 1);
    assert_eq!(world.records("timestamp.key-made", "key:tsa-1").await.len(), 1);
    let token = token(&world).await;
    let root = world.institution.authority("root").await.unwrap().unwrap();
    let issuing = world.institution.authority("issuing").await.unwrap().unwrap();
    let options = Options { revocation: Revocation::NotAsked, ..Options::default() };
    let (untrusted, anchors) = ([issuing], [root]);
    let trust = Trust { untrusted: &untrusted, anchors: &anchors, crls: &[], options: &options };
    let verified = token.verify(&trust).unwrap();
    assert_eq!(verified.verdict.valid, Validity::Valid, "{:?}", verified.verdict.checks);
    let certificate = verified.certificate;
    token.verify_signature(&certificate, &UserId::default()).unwrap();
    let subject = certificate.subject().to_string();
    assert!(subject.contains("测试认证中心时间戳服务"), "{subject}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_year_before_the_end_a_new_key_takes_over_and_old_tokens_still_verify() {
    let world = opened().await;
    let old = world.institution.timestamp().unwrap().certificate().unwrap();
    let before = token(&world).await;
    let left = old.not_after().as_second() - world.now().as_second();
    world.pass(left - 366 * 86_400);
    // A jump of years would count as a step; a restart begins anew.
    let world = world.restarted(|_| ()).await.unwrap();
    world.institution.keep_timestamp_key().await.unwrap();
    assert_eq!(world.institution.timestamp().unwrap().certificate(), Some(old.clone()));
    world.pass(2 * 86_400);
    let world = world.restarted(|_| ()).await.unwrap();
    world.institution.keep_timestamp_key().await.unwrap();
    let new = world.institution.timestamp().unwrap().certificate().unwrap();
    assert_ne!(new, old);
    assert_ne!(new.public_key().unwrap(), old.public_key().unwrap());
    token(&world).await.verify_signature(&new, &UserId::default()).unwrap();
    before.verify_signature(&old, &UserId::default()).unwrap();
    assert!(before.verify_signature(&new, &UserId::default()).is_err());
    // A week after its certificate ended the old key is gone; what it stamped verifies as before.
    let left = old.not_after().as_second() - world.now().as_second();
    let mut world = world;
    for (days, keys) in [(left / 86_400 + 6, 2), (3, 1)] {
        world.pass(days * 86_400);
        world = world.restarted(|_| ()).await.unwrap();
        world.institution.keep_timestamp_key().await.unwrap();
        assert_eq!(world.institution.timestamp().unwrap().keys().await.unwrap().len(), keys);
    }
    assert_eq!(world.records("timestamp.key-destroyed", "key:tsa-1").await.len(), 1);
    before.verify_signature(&old, &UserId::default()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_not_switched_on_makes_no_key() {
    let world = World::new().await;
    world.institution.keep_timestamp_key().await.unwrap();
    assert!(world.institution.timestamp().is_none());
    assert!(check(&world).await.is_none());
    assert!(world.records("timestamp.key-made", "key:tsa-1").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_says_that_nobody_vouches_for_the_clock_and_what_is_missing() {
    let world = World::with(on).await;
    let without = check(&world).await.unwrap();
    assert_eq!(without.level, Level::Failed, "{}", without.detail);
    assert!(without.detail.contains("证书"), "{}", without.detail);
    world.institution.keep_timestamp_key().await.unwrap();
    let alone = check(&world).await.unwrap();
    assert_eq!(alone.level, Level::Warning, "{}", alone.detail);
    assert!(alone.detail.contains("source"), "{}", alone.detail);
    let world = world
        .restarted(|settings| {
            settings.timestamp.source = SourceKind::Chrony;
            settings.timestamp.chronyc = "/nonexistent/chronyc".to_owned();
            settings.timestamp.accuracy = 1_000;
        })
        .await
        .unwrap();
    let authority = world.institution.timestamp().unwrap();
    assert!(authority.compare().await.is_err());
    let doubted = check(&world).await.unwrap();
    assert_eq!(doubted.level, Level::Failed);
    assert!(doubted.detail.contains("/nonexistent/chronyc"), "{}", doubted.detail);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accuracy_that_nobody_vouches_for_stops_the_start() {
    let world = World::new().await;
    let refused = world
        .restarted(|settings| {
            settings.timestamp.enabled = true;
            settings.timestamp.accuracy = 1_000;
        })
        .await;
    assert!(matches!(refused, Err(Error::Setup(text)) if text.contains("accuracy")));
}

/// A device that fails while a certificate is being made leaves a begun order; it is gone on with on
/// the same day, and given up for another key on another.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_a_device_cut_off_is_gone_on_with_or_replaced() {
    for days in [0, 2] {
        let world = World::with(on).await;
        world.device.fail_from(Counted::Signatures, 0, Fault::Gone);
        assert!(world.institution.keep_timestamp_key().await.is_err());
        world.pass(days * 86_400);
        world.device.heal();
        world.institution.keep_timestamp_key().await.unwrap();
        assert!(world.institution.timestamp().unwrap().certificate().is_some(), "{days}");
        let keys = world.institution.timestamp().unwrap().keys().await.unwrap();
        assert_eq!(keys.len(), if days == 0 { 1 } else { 2 });
    }
}
