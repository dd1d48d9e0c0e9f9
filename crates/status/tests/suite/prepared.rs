//! Answers made ahead of time.

use jiff::SignedDuration;
use pki::ocsp::{CertStatus, HashAlgorithm, Request};
use status::{Prepared, StatusConfig};
use testkit::fault::{Counted, Fault};

use crate::world::{World, at, believe, cert_id, is_cached, label, question, read, serial, until};

fn config() -> StatusConfig {
    StatusConfig { cached_answers: 4_000, ..StatusConfig::new(label()) }
}

/// T-08: whatever was issued has a definite answer, before anybody asked.
#[tokio::test]
async fn every_certificate_in_force_is_answered_from_what_was_made_ahead() {
    let world = World::new().await;
    let issuer = world.issuer("颁发者").await;
    // More than a page; and one that is over.
    world.issue_many(&issuer, 1..=600).await;
    world.insert(&issuer, 700, "7".repeat(64), None, at(-10)).await;
    world.change(&issuer, 600, "revoked", Some(1)).await;
    let responder = world.responder_on(&world.store, config()).await;
    // Six hundred, and the responder's own.
    let expected = Prepared { certificates: 601, signed: 601, ..Prepared::default() };
    assert_eq!(responder.prepare().await.unwrap(), expected);
    assert_eq!(responder.health().prepared, Some((at(0), expected)));
    for number in 1..=600 {
        let request = question(&issuer, number);
        let answer = responder.answer(request.der()).await;
        assert!(is_cached(&answer), "{number}");
        let [status] = believe(&answer, &issuer, &request, at(0))[..] else { panic!("one") };
        assert_eq!(status == CertStatus::Good, number != 600, "{number}");
    }
    assert_eq!(world.uses("ocsp"), 601, "nothing was signed for the questions");
    let again = Prepared { certificates: 601, ..Prepared::default() };
    assert_eq!(responder.prepare().await.unwrap(), again, "all are still good");
    // Other digests are answered as well, when they are asked for.
    let id = cert_id(&issuer, HashAlgorithm::Sm3, 5);
    let request = Request::new(vec![id], None).unwrap();
    let answer = responder.answer(request.der()).await;
    assert!(!is_cached(&answer));
    assert_eq!(believe(&answer, &issuer, &request, at(0)), [CertStatus::Good]);
}

/// T-09: over every serial and a whole day, no answer is out of its window or older than half of it,
/// and with rounds that keep up nobody ever waits for a signature.
#[tokio::test]
async fn rounds_keep_every_answer_young_for_a_day() {
    let world = World::new().await;
    let issuer = world.issuer("颁发者").await;
    world.issue_many(&issuer, 1..=20).await;
    let responder = world.responder_on(&world.store, config()).await;
    let half = SignedDuration::from_mins(30);
    for minute in (0..24 * 60).step_by(5) {
        let now = at(minute * 60);
        world.clock.set(now);
        responder.follow().await.unwrap();
        responder.prepare_if_due().await.unwrap();
        for number in 1..=20 {
            let request = question(&issuer, number);
            let answer = responder.answer(request.der()).await;
            assert_eq!(believe(&answer, &issuer, &request, now), [CertStatus::Good]);
            let age = now.duration_since(read(&answer).singles()[0].this_update);
            assert!(is_cached(&answer) && age <= half, "{number} at {now}");
        }
    }
}

#[tokio::test]
async fn a_change_takes_out_what_was_made_ahead_and_the_next_round_makes_it_anew() {
    let world = World::new().await;
    let issuer = world.issuer("颁发者").await;
    world.issue_many(&issuer, 1..=3).await;
    let responder = world.responder_on(&world.store, config()).await;
    responder.prepare().await.unwrap();
    world.change(&issuer, 2, "suspended", Some(6)).await;
    responder.invalidate(&serial(2));
    assert_eq!(responder.prepare().await.unwrap().signed, 1);
    let request = question(&issuer, 2);
    let answer = responder.answer(request.der()).await;
    assert!(is_cached(&answer));
    assert!(matches!(believe(&answer, &issuer, &request, at(0))[0], CertStatus::Revoked { .. }));
}

#[tokio::test]
async fn what_finds_no_place_is_counted_and_signed_when_asked_for() {
    let world = World::new().await;
    let issuer = world.issuer("颁发者").await;
    world.issue_many(&issuer, 1..=100).await;
    let config = StatusConfig { cached_answers: 20, ..config() };
    let responder = world.responder_on(&world.store, config).await;
    let round = responder.prepare().await.unwrap();
    assert_eq!((round.certificates, round.without_place), (101, 91));
    assert_eq!(responder.health().cached, 10);
    for number in 1..=100 {
        let request = question(&issuer, number);
        let answer = responder.answer(request.der()).await;
        assert_eq!(believe(&answer, &issuer, &request, at(0)), [CertStatus::Good]);
        assert!(responder.health().cached <= 20);
    }
}

#[tokio::test]
async fn answers_made_ahead_carry_over_an_outage_of_the_device() {
    let world = World::new().await;
    let issuer = world.issuer("颁发者").await;
    world.issue_many(&issuer, 1..=10).await;
    let responder = world.responder_on(&world.store, config()).await;
    responder.prepare().await.unwrap();
    world.device.fail_from(Counted::Calls, 0, Fault::Gone);
    world.clock.set(at(29 * 60));
    responder.follow().await.unwrap();
    assert!(responder.prepare().await.is_err());
    for number in 1..=10 {
        let request = question(&issuer, number);
        let answer = responder.answer(request.der()).await;
        assert!(is_cached(&answer));
        assert_eq!(believe(&answer, &issuer, &request, at(29 * 60)), [CertStatus::Good]);
    }
    world.device.heal();
    assert_eq!(responder.prepare().await.unwrap().signed, 11);
}

/// T-10: a device that signs wrongly fills no place with it.
#[tokio::test]
async fn a_wrong_signature_ends_the_round_and_is_never_kept() {
    let world = World::new().await;
    let issuer = world.issuer("颁发者").await;
    world.issue_many(&issuer, 1..=3).await;
    let responder = world.responder_on(&world.store, config()).await;
    world.device.fail_next(Counted::Signatures, Fault::WrongSignature);
    assert!(responder.prepare().await.is_err());
    assert_eq!(responder.health().cached, 0);
    assert_eq!(responder.prepare().await.unwrap().signed, 4);
}

/// A round takes minutes; a responder certificate may be revoked within one.
#[tokio::test(flavor = "multi_thread")]
async fn a_responder_certificate_that_is_revoked_signs_no_further_page() {
    let world = World::new().await;
    let issuer = world.mute_issuer("颁发者").await;
    // Two pages.
    world.issue_many(&issuer, 1..=600).await;
    let day = 86_400;
    world.delegate_key(&issuer, ("ocsp", 900), (at(-20 * day), at(10 * day))).await;
    let new = world.delegate_key(&issuer, ("ocsp-2", 901), (at(-1), at(30 * day))).await;
    let poll = std::time::Duration::from_secs(3_600);
    let responder = world.responder_on(&world.store, StatusConfig { poll, ..config() }).await;
    let held = world.device.hold_next(Counted::Signatures);
    let round = tokio::spawn({
        let responder = responder.clone();
        async move { responder.prepare().await }
    });
    until("the first page is being signed", || held.is_waiting()).await;
    world.change(&issuer, 900, "revoked", Some(1)).await;
    responder.follow().await.unwrap();
    held.release();
    round.await.unwrap().unwrap();
    let mut kept = 0;
    for number in 1..=600 {
        let answer = responder.answer(question(&issuer, number).der()).await;
        assert_eq!(read(&answer).certificates(), std::slice::from_ref(&new), "{number}");
        kept += usize::from(is_cached(&answer));
    }
    assert!(kept >= 100, "the second page was made ahead: {kept}");
}

/// T-09: what is wrong with one row is wrong with one row.
#[tokio::test]
async fn a_row_that_cannot_be_read_holds_up_no_other() {
    let world = World::new().await;
    let issuer = world.issuer("颁发者").await;
    world.issue_many(&issuer, 1..=3).await;
    world.tamper("UPDATE certificate SET serial = 'zz' WHERE request_id LIKE '%-2'").await;
    let responder = world.responder_on(&world.store, config()).await;
    let round = responder.prepare().await.unwrap();
    let expected = Prepared { certificates: 4, signed: 3, unreadable: 1, ..Prepared::default() };
    assert_eq!(round, expected);
    for number in [1, 3] {
        assert!(is_cached(&responder.answer(question(&issuer, number).der()).await), "{number}");
    }
}

#[tokio::test]
async fn what_is_over_gives_its_place_to_others() {
    let world = World::new().await;
    let issuer = world.issuer("颁发者").await;
    let config = StatusConfig { cached_answers: 20, ..config() };
    let responder = world.responder_on(&world.store, config).await;
    for number in 1..=9 {
        world.insert(&issuer, number, format!("{number:064x}"), None, at(600)).await;
    }
    assert_eq!(responder.prepare().await.unwrap().signed, 10, "every place that there is");
    // Nine are over after ten minutes, and their answers are never sent again after half an hour.
    world.clock.set(at(2_400));
    responder.follow().await.unwrap();
    for number in 11..=19 {
        world.issue(&issuer, number).await;
    }
    let round = responder.prepare().await.unwrap();
    assert_eq!((round.signed, round.without_place), (10, 0));
    assert_eq!(responder.health().cached, 10);
}
