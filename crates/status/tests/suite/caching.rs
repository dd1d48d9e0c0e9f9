//! Answers that are kept, and what caches on the way are told.

use jiff::SignedDuration;
use pki::ocsp::CertStatus;
use status::{Caching, StatusConfig};

use crate::world::{World, at, believe, is_cached, label, question, question_with_nonce, read};

#[tokio::test]
async fn a_question_without_nonce_is_answered_from_the_cache_the_second_time() {
    let world = World::new().await;
    let issuer = world.issuer("颁发者").await;
    world.issue(&issuer, 5).await;
    let responder = world.responder().await;
    let request = question(&issuer, 5);
    let first = responder.answer(request.der()).await;
    let second = responder.answer(request.der()).await;
    assert!(!is_cached(&first) && is_cached(&second));
    assert_eq!(first.body, second.body);
    assert_eq!(responder.health().cached, 1);
    let uses = {
        let mut session = gm::Device::session(&*world.device).unwrap();
        session.key(&label()).unwrap().uses
    };
    assert_eq!(uses, 1, "one signature for two answers");
}

#[tokio::test]
async fn an_answer_with_a_nonce_is_for_one_client_only() {
    let world = World::new().await;
    let issuer = world.issuer("颁发者").await;
    world.issue(&issuer, 5).await;
    let responder = world.responder().await;
    let request = question_with_nonce(&issuer, 5);
    for _ in 0..2 {
        let answer = responder.answer(request.der()).await;
        assert_eq!(believe(&answer, &issuer, &request, at(0)), [CertStatus::Good]);
        assert!(!is_cached(&answer));
        assert_eq!(answer.caching, Caching::NoStore);
    }
    assert_eq!(responder.health().cached, 0);
}

/// T-09: no answer is ever out of its window, and none is older than half of it.
#[tokio::test]
async fn a_kept_answer_is_signed_anew_after_half_of_its_window() {
    let world = World::new().await;
    let issuer = world.issuer("颁发者").await;
    world.issue(&issuer, 5).await;
    let responder = world.responder().await;
    let request = question(&issuer, 5);
    let mut ages = Vec::new();
    for minute in 0..180 {
        let now = at(minute * 60);
        world.clock.set(now);
        responder.follow().await.unwrap();
        let answer = responder.answer(request.der()).await;
        believe(&answer, &issuer, &request, now);
        let response = read(&answer);
        let single = &response.singles()[0];
        let (from, to) = (single.this_update, single.next_update.unwrap());
        assert_eq!(to.duration_since(from), SignedDuration::from_hours(1));
        ages.push(now.duration_since(from).as_mins());
    }
    assert_eq!(ages.iter().max(), Some(&30));
    assert_eq!(ages.iter().filter(|age| **age == 0).count(), 6);
}

#[tokio::test]
async fn caches_on_the_way_are_told_the_tag_and_a_short_time() {
    let world = World::new().await;
    let issuer = world.issuer("颁发者").await;
    world.issue(&issuer, 5).await;
    let responder = world.responder().await;
    let request = question(&issuer, 5);
    let fresh = responder.answer(request.der()).await;
    world.clock.set(at(600));
    responder.follow().await.unwrap();
    let later = responder.answer(request.der()).await;
    assert!(is_cached(&later));
    let five = SignedDuration::from_mins(5);
    let Caching::Public { etag, .. } = &fresh.caching else { panic!("for everybody") };
    for (answer, now) in [(&fresh, at(0)), (&later, at(600))] {
        let expected = Caching::Public {
            etag: etag.clone(),
            last_modified: at(0),
            max_age: five,
            expires: now + five,
        };
        assert_eq!(answer.caching, expected);
    }
}

#[tokio::test]
async fn an_answer_never_outlives_the_responders_certificate() {
    let world = World::new().await;
    let issuer = world.mute_issuer("颁发者").await;
    world.delegate(&issuer, 901, at(600)).await;
    world.issue(&issuer, 5).await;
    let responder = world.responder().await;
    let request = question(&issuer, 5);
    let answer = responder.answer(request.der()).await;
    assert_eq!(read(&answer).singles()[0].next_update, Some(at(600)));
    assert_eq!(responder.health().responders, [("颁发者".to_owned(), at(600))]);
}

#[tokio::test]
async fn what_is_kept_is_bounded() {
    let world = World::new().await;
    let issuer = world.issuer("颁发者").await;
    let config = StatusConfig { cached_answers: 20, ..StatusConfig::new(label()) };
    let responder = world.responder_on(&world.store, config).await;
    for number in 1..=100 {
        world.issue(&issuer, number).await;
        responder.answer(question(&issuer, number).der()).await;
        // Answers about what was never issued take no place at all.
        responder.answer(question(&issuer, 10_000 + number).der()).await;
        assert!(responder.health().cached <= 20);
    }
    assert!(responder.health().cached >= 10);
}
