//! Changes of status reach every answer at once.

use std::time::{Duration, Instant};

use pki::crl::Reason;
use pki::ocsp::CertStatus;
use status::Responder;

use testkit::fault::Counted;

use crate::world::{Issuer, World, at, believe, is_cached, question, serial, until};

async fn status(responder: &Responder, issuer: &Issuer, number: u64) -> CertStatus {
    let request = question(issuer, number);
    let answer = responder.answer(request.der()).await;
    believe(&answer, issuer, &request, at(0))[0]
}

const fn revoked(reason: Reason, at: jiff::Timestamp) -> CertStatus {
    CertStatus::Revoked { at, reason }
}

#[tokio::test]
async fn suspension_release_and_revocation_show_in_the_next_answer() {
    let world = World::new().await;
    let issuer = world.issuer("颁发者").await;
    world.issue(&issuer, 5).await;
    let responder = world.responder().await;
    let steps = [
        ("suspended", Some(6), revoked(Reason::CertificateHold, at(0))),
        ("good", None, CertStatus::Good),
        ("revoked", Some(4), revoked(Reason::Superseded, at(0))),
    ];
    assert_eq!(status(&responder, &issuer, 5).await, CertStatus::Good);
    for (to, reason, expected) in steps {
        world.change(&issuer, 5, to, reason).await;
        responder.invalidate(&serial(5));
        assert_eq!(status(&responder, &issuer, 5).await, expected);
    }
}

#[tokio::test]
async fn other_certificates_stay_in_the_cache() {
    let world = World::new().await;
    let issuer = world.issuer("颁发者").await;
    for number in [5, 6] {
        world.issue(&issuer, number).await;
    }
    let responder = world.responder().await;
    for number in [5, 6] {
        status(&responder, &issuer, number).await;
    }
    responder.invalidate(&serial(5));
    assert!(!is_cached(&responder.answer(question(&issuer, 5).der()).await));
    assert!(is_cached(&responder.answer(question(&issuer, 6).der()).await));
}

/// A change made by another node shows within a second, without a word between the nodes.
#[tokio::test]
async fn a_change_on_another_node_is_seen_within_a_second() {
    let world = World::new().await;
    let issuer = world.issuer("颁发者").await;
    world.issue(&issuer, 5).await;
    let other = world.again().await;
    let responder =
        world.responder_on(&other, status::StatusConfig::new(crate::world::label())).await;
    assert_eq!(status(&responder, &issuer, 5).await, CertStatus::Good);
    assert!(is_cached(&responder.answer(question(&issuer, 5).der()).await));
    world.change(&issuer, 5, "revoked", Some(1)).await;
    let start = Instant::now();
    while status(&responder, &issuer, 5).await == CertStatus::Good {
        assert!(start.elapsed() < Duration::from_secs(1), "still good after a second");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn following_counts_every_change_once() {
    let world = World::new().await;
    let issuer = world.issuer("颁发者").await;
    for number in 1..=3 {
        world.issue(&issuer, number).await;
    }
    let mut config = status::StatusConfig::new(crate::world::label());
    config.poll = Duration::from_secs(3600);
    world.change(&issuer, 1, "revoked", Some(1)).await;
    let responder = world.responder_on(&world.store, config).await;
    assert_eq!(responder.follow().await.unwrap(), 0, "what was before is not news");
    world.change(&issuer, 2, "revoked", Some(1)).await;
    world.change(&issuer, 3, "revoked", Some(1)).await;
    assert_eq!(responder.follow().await.unwrap(), 2);
    assert_eq!(responder.follow().await.unwrap(), 0);
}

#[tokio::test]
async fn a_revoked_responder_certificate_is_no_longer_used() {
    let world = World::new().await;
    let issuer = world.issuer("颁发者").await;
    world.issue(&issuer, 5).await;
    let successor = world.delegate(&issuer, 902, at(86_400)).await;
    let responder = world.responder().await;
    let used = async || {
        let answer = responder.answer(crate::world::question_with_nonce(&issuer, 5).der()).await;
        crate::world::read(&answer).certificates()[0].clone()
    };
    assert_ne!(used().await, successor, "the one that lasts longest comes first");
    world.change(&issuer, 900, "revoked", Some(4)).await;
    responder.follow().await.unwrap();
    assert_eq!(used().await, successor);
}

/// Nothing looks by itself.
fn quiet() -> status::StatusConfig {
    let poll = Duration::from_secs(3_600);
    status::StatusConfig { poll, ..status::StatusConfig::new(crate::world::label()) }
}

async fn signer(responder: &Responder, issuer: &Issuer) -> pki::Certificate {
    let answer = responder.answer(crate::world::question_with_nonce(issuer, 5).der()).await;
    crate::world::read(&answer).certificates()[0].clone()
}

#[tokio::test]
async fn a_change_of_our_own_certificate_is_read_again_until_that_succeeds() {
    let world = World::new().await;
    let issuer = world.issuer("颁发者").await;
    world.issue(&issuer, 5).await;
    let successor = world.delegate(&issuer, 902, at(86_400)).await;
    let responder = world.responder_on(&world.store, quiet()).await;
    assert_ne!(signer(&responder, &issuer).await, successor);
    world.change(&issuer, 900, "revoked", Some(4)).await;
    world.tamper("ALTER TABLE certificate_der RENAME TO hidden").await;
    assert!(responder.follow().await.is_err(), "certificates cannot be read");
    world.tamper("ALTER TABLE hidden RENAME TO certificate_der").await;
    assert_eq!(responder.follow().await.unwrap(), 0, "the change was seen before");
    assert_eq!(signer(&responder, &issuer).await, successor);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_looks_at_once_the_older_state_never_replaces_the_newer() {
    let world = World::new().await;
    let issuer = world.mute_issuer("颁发者").await;
    let responder = world.responder_on(&world.store, quiet()).await;
    let look = || {
        let responder = responder.clone();
        tokio::spawn(async move { responder.refresh().await })
    };
    // A session is opened, then the keys are listed.
    let held = world.device.hold(Counted::Calls, world.device.count(Counted::Calls) + 2);
    let first = look();
    until("the first look has its keys", || held.is_waiting()).await;
    world.delegate_key(&issuer, ("ocsp-2", 901), (at(-86_400), at(86_400))).await;
    let mut second = look();
    // Without turns, it is done by then.
    let _ = tokio::time::timeout(Duration::from_millis(500), &mut second).await;
    held.release();
    first.await.unwrap().unwrap();
    if !second.is_finished() {
        second.await.unwrap().unwrap();
    }
    assert_eq!(responder.health().responders, [("颁发者".to_owned(), at(86_400))]);
}

/// An answer under way when its responder certificate goes is given, and kept for nobody.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_under_way_when_its_responder_certificate_goes_is_not_kept() {
    let world = World::new().await;
    let issuer = world.issuer("颁发者").await;
    world.issue(&issuer, 5).await;
    let successor = world.delegate(&issuer, 902, at(86_400)).await;
    let responder = world.responder_on(&world.store, quiet()).await;
    let held = world.device.hold_next(Counted::Signatures);
    let answer = tokio::spawn({
        let (responder, request) = (responder.clone(), question(&issuer, 5));
        async move { responder.answer(request.der()).await }
    });
    until("the answer is being signed", || held.is_waiting()).await;
    world.change(&issuer, 900, "revoked", Some(4)).await;
    responder.follow().await.unwrap();
    held.release();
    answer.await.unwrap();
    let next = responder.answer(question(&issuer, 5).der()).await;
    assert!(!is_cached(&next));
    assert_eq!(crate::world::read(&next).certificates(), [successor]);
}
