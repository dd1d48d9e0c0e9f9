//! What stays when something else is broken.

use std::time::{Duration, Instant};

use pki::ocsp::{CertStatus, Failure};
use status::{Outcome, StatusConfig};
use store::Standing;
use testkit::fault::{Counted, Fault};

use crate::world::{World, at, believe, is_cached, label, question};

/// Invariant 4: status services go on when nothing may be written.
#[tokio::test]
async fn a_halted_store_still_answers() {
    let world = World::new().await;
    let issuer = world.issuer("颁发者").await;
    world.issue(&issuer, 5).await;
    world.change(&issuer, 5, "suspended", Some(6)).await;
    world.store.clone().close().await;
    std::fs::remove_dir_all(world.folder.path().join("anchor")).unwrap();
    let halted = world.again().await;
    assert!(matches!(halted.standing(), Standing::Halted { .. }));
    let responder = world.responder_on(&halted, StatusConfig::new(label())).await;
    let request = question(&issuer, 5);
    let answer = responder.answer(request.der()).await;
    assert!(matches!(believe(&answer, &issuer, &request, at(0))[0], CertStatus::Revoked { .. }));
    assert_eq!(responder.follow().await.unwrap(), 0);
}

#[tokio::test]
async fn without_the_device_kept_answers_are_sent_and_others_get_try_later() {
    let world = World::new().await;
    let issuer = world.issuer("颁发者").await;
    for number in [5, 6] {
        world.issue(&issuer, number).await;
    }
    let responder = world.responder().await;
    responder.answer(question(&issuer, 5).der()).await;
    world.device.fail_from(Counted::Calls, 0, Fault::Gone);
    assert!(is_cached(&responder.answer(question(&issuer, 5).der()).await));
    let answer = responder.answer(question(&issuer, 6).der()).await;
    assert_eq!(answer.outcome, Outcome::Failed(Failure::TryLater));
    world.device.heal();
    let answer = responder.answer(question(&issuer, 6).der()).await;
    assert!(matches!(answer.outcome, Outcome::Answered { .. }));
}

#[tokio::test]
async fn an_issuer_without_responder_certificate_is_named_and_not_answered_for() {
    let world = World::new().await;
    let issuer = world.mute_issuer("颁发者").await;
    world.issue(&issuer, 5).await;
    let responder = world.responder().await;
    assert_eq!(responder.health().mute, ["颁发者"]);
    let answer = responder.answer(question(&issuer, 5).der()).await;
    assert_eq!(answer.outcome, Outcome::Failed(Failure::Unauthorized));
}

/// T-10: what a broken device signs does not leave, and nothing else breaks by it.
#[tokio::test]
async fn a_wrong_signature_becomes_an_internal_error() {
    let world = World::new().await;
    let issuer = world.issuer("颁发者").await;
    world.issue(&issuer, 5).await;
    let responder = world.responder().await;
    world.device.fail_next(Counted::Signatures, Fault::WrongSignature);
    let request = question(&issuer, 5);
    let answer = responder.answer(request.der()).await;
    assert_eq!(answer.outcome, Outcome::Failed(Failure::InternalError));
    let answer = responder.answer(request.der()).await;
    assert_eq!(believe(&answer, &issuer, &request, at(0)), [CertStatus::Good]);
}

#[tokio::test]
async fn a_busy_device_and_too_many_questions_get_try_later() {
    let world = World::new().await;
    let issuer = world.issuer("颁发者").await;
    world.issue(&issuer, 5).await;
    let responder = world.responder().await;
    world.device.fail_next(Counted::Signatures, Fault::Busy);
    let answer = responder.answer(question(&issuer, 5).der()).await;
    assert_eq!(answer.outcome, Outcome::Failed(Failure::TryLater));
    let config = StatusConfig { signing: 0, ..StatusConfig::new(label()) };
    let responder = world.responder_on(&world.store, config).await;
    let answer = responder.answer(question(&issuer, 5).der()).await;
    assert_eq!(answer.outcome, Outcome::Failed(Failure::TryLater));
}

#[tokio::test]
async fn a_device_that_comes_later_is_found() {
    let world = World::new().await;
    let issuer = world.issuer("颁发者").await;
    world.issue(&issuer, 5).await;
    world.device.fail_from(Counted::Calls, 0, Fault::Gone);
    let config = StatusConfig { poll: Duration::from_millis(20), ..StatusConfig::new(label()) };
    let responder = world.responder_on(&world.store, config).await;
    let request = question(&issuer, 5);
    let answer = responder.answer(request.der()).await;
    assert_eq!(answer.outcome, Outcome::Failed(Failure::TryLater));
    world.device.heal();
    let start = Instant::now();
    while matches!(responder.answer(request.der()).await.outcome, Outcome::Failed(_)) {
        assert!(start.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
