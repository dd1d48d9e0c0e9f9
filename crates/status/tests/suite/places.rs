//! Places among those that sign at a time belong to the signatures, not to whoever asked for them.

use status::{Outcome, StatusConfig};
use testkit::fault::{Counted, Held};

use pki::ocsp::{CertStatus, Failure};

use crate::world::{World, at, believe, label, question_with_nonce, until};

const PLACES: usize = 2;

/// Whoever asks, hangs up and asks again would otherwise bring as much work to the device as they like.
#[tokio::test(flavor = "multi_thread")]
async fn a_place_is_not_free_because_whoever_asked_hung_up() {
    let world = World::new().await;
    let issuer = world.issuer("颁发者").await;
    world.issue(&issuer, 5).await;
    let config = StatusConfig { signing: PLACES, ..StatusConfig::new(label()) };
    let responder = world.responder_on(&world.store, config).await;
    let request = question_with_nonce(&issuer, 5);
    let before = world.device.count(Counted::Signatures);
    let places = u64::try_from(PLACES).unwrap();
    let hold = |n| world.device.hold(Counted::Signatures, before + n);
    let held: Vec<Held> = (1..=places).map(hold).collect();
    let ask = |_| {
        let (responder, request) = (responder.clone(), request.clone());
        tokio::spawn(async move { responder.answer(request.der()).await })
    };
    let asked: Vec<_> = (0..PLACES).map(ask).collect();
    until("all places sign", || held.iter().all(Held::is_waiting)).await;
    for one in asked {
        one.abort();
        assert!(one.await.unwrap_err().is_cancelled());
    }
    let answer = responder.answer(request.der()).await;
    assert_eq!(answer.outcome, Outcome::Failed(Failure::TryLater));
    assert_eq!(world.device.count(Counted::Signatures), before + places);
    drop(held);
    // The places are free when the signatures are there, of which nobody tells.
    let answer = loop {
        let answer = responder.answer(request.der()).await;
        if answer.outcome != Outcome::Failed(Failure::TryLater) {
            break answer;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(believe(&answer, &issuer, &request, at(0)), [CertStatus::Good]);
}
