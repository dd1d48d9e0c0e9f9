//! Several keys of one responder: which signs, and what becomes of what the others signed.

use gm::UserId;
use pki::Certificate;
use pki::ocsp::CertStatus;
use status::{Responder, StatusConfig};

use crate::world::{Issuer, World, at, believe, is_cached, label, question, read};

const DAY: i64 = 86_400;

async fn signer(responder: &Responder, issuer: &Issuer) -> Certificate {
    let answer = responder.answer(crate::world::question_with_nonce(issuer, 5).der()).await;
    read(&answer).certificates()[0].clone()
}

#[tokio::test]
async fn the_next_certificate_rests_for_a_day_takes_over_and_old_answers_still_verify() {
    let world = World::new().await;
    let issuer = world.mute_issuer("颁发者").await;
    world.issue(&issuer, 5).await;
    let old = world.delegate_key(&issuer, ("ocsp", 900), (at(-20 * DAY), at(10 * DAY))).await;
    let responder = world.responder().await;
    let request = question(&issuer, 5);
    let before = responder.answer(request.der()).await;
    let new = world.delegate_key(&issuer, ("ocsp-2", 901), (at(0), at(30 * DAY))).await;
    responder.refresh().await.unwrap();
    assert_eq!(signer(&responder, &issuer).await, old, "the new one rests");
    world.clock.set(at(DAY - 1));
    assert_eq!(signer(&responder, &issuer).await, old);
    world.clock.set(at(DAY));
    assert_eq!(signer(&responder, &issuer).await, new);
    // Another node, or the same after a restart, decides the same.
    assert_eq!(signer(&world.responder().await, &issuer).await, new);
    assert_eq!(world.responder().await.health().responders[0].1, at(30 * DAY));
    // What the old key signed verifies as before, at its time.
    assert_eq!(believe(&before, &issuer, &request, at(0)), [CertStatus::Good]);
    read(&before).verify(&issuer.certificate, &UserId::default(), at(9 * DAY)).unwrap();
}

#[tokio::test]
async fn a_revoked_certificate_takes_everything_with_it_that_its_key_signed() {
    let world = World::new().await;
    let issuer = world.mute_issuer("颁发者").await;
    world.issue_many(&issuer, 1..=9).await;
    let old = world.delegate_key(&issuer, ("ocsp", 900), (at(-20 * DAY), at(10 * DAY))).await;
    let new = world.delegate_key(&issuer, ("ocsp-2", 901), (at(-1), at(30 * DAY))).await;
    let responder = world.responder().await;
    responder.prepare().await.unwrap();
    let kept = responder.answer(question(&issuer, 5).der()).await;
    assert!(is_cached(&kept) && read(&kept).certificates() == [old]);
    world.change(&issuer, 900, "revoked", Some(1)).await;
    responder.follow().await.unwrap();
    let after = responder.answer(question(&issuer, 5).der()).await;
    assert!(!is_cached(&after) && read(&after).certificates() == [new]);
}

#[tokio::test]
async fn keys_under_other_labels_are_not_the_responders() {
    let world = World::new().await;
    let issuer = world.mute_issuer("颁发者").await;
    for (at_number, other) in ["ocsp-1", "ocsp-x", "ocsp2", "other", "ocsp-"].iter().enumerate() {
        let number = 900 + u64::try_from(at_number).unwrap();
        world.delegate_key(&issuer, (other, number), (at(-DAY), at(DAY))).await;
    }
    let responder = world.responder_on(&world.store, StatusConfig::new(label())).await;
    assert_eq!(responder.health().mute, ["颁发者"]);
    let ours = world.delegate_key(&issuer, ("ocsp-12", 950), (at(-DAY), at(DAY))).await;
    responder.refresh().await.unwrap();
    assert_eq!(signer(&responder, &issuer).await, ours);
}

/// A key of the device with certificates of two issuers answers for each with its own.
#[tokio::test]
async fn one_name_with_two_keys_is_answered_for_by_the_key_that_issued() {
    let world = World::new().await;
    // A CA before and after its key was changed: the same name, another key.
    let old = world.mute_issuer("颁发者").await;
    let new = world.second_of_name("颁发者").await;
    for (issuer, number) in [(&old, 900), (&new, 901)] {
        world.delegate_key(issuer, ("ocsp", number), (at(-DAY), at(DAY))).await;
        world.issue(issuer, 5).await;
    }
    world.issue(&old, 6).await;
    world.change(&old, 5, "revoked", Some(4)).await;
    let responder = world.responder().await;
    responder.prepare().await.unwrap();
    let say = async |issuer: &Issuer, number| {
        let request = question(issuer, number);
        let answer = responder.answer(request.der()).await;
        believe(&answer, issuer, &request, at(0))[0]
    };
    assert!(matches!(say(&old, 5).await, CertStatus::Revoked { .. }));
    assert_eq!(say(&new, 5).await, CertStatus::Good, "the same serial under the new key");
    assert_eq!(say(&old, 6).await, CertStatus::Good);
    assert_eq!(say(&new, 6).await, CertStatus::Unknown);
}
