//! Signed requests: what gets in, and every way in which it does not.

#![allow(clippy::unwrap_used)]

use crate::world;

use access::{Error, SignedHeaders, Via};
use jiff::SignedDuration;
use world::{World, incoming};

#[tokio::test]
async fn a_signed_request_yields_its_client() {
    let world = World::new().await;
    let admin = world.admin().await;
    for (method, body) in [("GET", &b""[..]), ("POST", b"{\"a\":1}"), ("DELETE", b"")] {
        let principal = world.ask(&admin, method, body).await.unwrap();
        assert_eq!(principal.client(), Some(&admin.client));
        assert_eq!(*principal.via(), Via::Signature);
        assert_eq!(principal.actor().as_str(), format!("client:{}", admin.client.id));
    }
}

#[tokio::test]
async fn a_request_without_signature_is_missing_one() {
    let world = World::new().await;
    let admin = world.admin().await;
    let headers = world.sign(&admin, "GET", b"");
    let mut request = incoming("GET", b"", &headers);
    request.signature = None;
    let refused = world.access.authenticate(&request).await.unwrap_err();
    assert!(matches!(refused, Error::Missing) && refused.is_authentication());
}

#[tokio::test]
async fn every_changed_part_breaks_the_signature() {
    let world = World::new().await;
    let admin = world.admin().await;
    let body = b"{\"subject\":1}";
    let good = world.sign(&admin, "POST", body);
    let request = incoming("POST", body, &good);

    let other_method = access::Incoming { method: "PUT", ..request };
    let other_path = access::Incoming { path: "/api/v1/thing", ..request };
    let other_query = access::Incoming { query: Some("a=2"), ..request };
    let no_query = access::Incoming { query: None, ..request };
    for changed in [other_method, other_path, other_query, no_query] {
        let refused = world.access.authenticate(&changed).await;
        assert!(matches!(refused, Err(Error::Signature)), "{changed:?}");
    }
    let other_body = access::Incoming { body: b"{\"subject\":2}", ..request };
    assert!(matches!(world.access.authenticate(&other_body).await, Err(Error::Digest)));

    let later = good.signature_input.replace("created=1795424400", "created=1795424401");
    assert_ne!(later, good.signature_input);
    let changed = access::Incoming { signature_input: Some(&later), ..request };
    assert!(matches!(world.access.authenticate(&changed).await, Err(Error::Signature)));
    // None of these used the nonce up.
    assert!(world.access.authenticate(&request).await.is_ok());
}

#[tokio::test]
async fn a_body_cannot_come_along_unsigned() {
    let world = World::new().await;
    let admin = world.admin().await;
    let bare = world.sign(&admin, "POST", b"");
    let smuggled = world.send("POST", b"{}", &bare).await;
    assert!(matches!(smuggled, Err(Error::Malformed { header: "Content-Digest", .. })));

    let full = world.sign(&admin, "POST", b"{}");
    let stripped = SignedHeaders { content_digest: None, ..full };
    assert!(matches!(world.send("POST", b"{}", &stripped).await, Err(Error::Malformed { .. })));
}

#[tokio::test]
async fn the_key_of_another_client_does_not_fit() {
    let world = World::new().await;
    let admin = world.admin().await;
    let reader = world.asker(&admin, "监控", "reader").await;
    let thief = world::Asker { client: admin.client.clone(), key: reader.key.clone() };
    assert!(matches!(world.ask(&thief, "GET", b"").await, Err(Error::Signature)));
}

#[tokio::test]
async fn a_signature_is_good_within_its_window_only() {
    let world = World::new().await;
    let admin = world.admin().await;
    let start = store::Clock::now(&*world.clock);
    let at = |seconds: i64| start + SignedDuration::from_secs(seconds);
    let headers = world.sign(&admin, "GET", b"");

    world.clock.set(at(-301));
    assert!(matches!(
        world.send("GET", b"", &headers).await,
        Err(Error::Clock { off_seconds: -301, .. })
    ));
    world.clock.set(at(301));
    assert!(matches!(
        world.send("GET", b"", &headers).await,
        Err(Error::Clock { off_seconds: 301, .. })
    ));
    // The signer gave it two minutes.
    world.clock.set(at(121));
    assert!(matches!(world.send("GET", b"", &headers).await, Err(Error::Expired)));
    world.clock.set(at(120));
    assert!(world.send("GET", b"", &headers).await.is_ok());
}

#[tokio::test]
async fn a_request_sent_twice_is_refused_the_second_time() {
    let world = World::new().await;
    let admin = world.admin().await;
    for method in ["GET", "POST"] {
        let headers = world.sign(&admin, method, b"");
        assert!(world.send(method, b"", &headers).await.is_ok());
        let again = world.send(method, b"", &headers).await;
        assert!(matches!(again, Err(Error::Replayed)), "{method}");
    }
}

#[tokio::test]
async fn a_change_sent_again_to_another_node_is_refused_too() {
    let world = World::new().await;
    let admin = world.admin().await;
    let other_node = world.other_node();
    let headers = world.sign(&admin, "POST", b"{}");
    let request = incoming("POST", b"{}", &headers);
    assert!(world.access.authenticate(&request).await.is_ok());
    assert!(matches!(other_node.authenticate(&request).await, Err(Error::Replayed)));
}

#[tokio::test]
async fn used_nonces_are_forgotten_once_their_signatures_have_expired() {
    let world = World::new().await;
    let admin = world.admin().await;
    for _ in 0..3 {
        world.ask(&admin, "POST", b"").await.unwrap();
    }
    assert_eq!(world.count("access_nonce").await, 3);
    world.clock.advance(SignedDuration::from_secs(600));
    world.ask(&admin, "POST", b"").await.unwrap();
    assert_eq!(world.count("access_nonce").await, 1);
}

/// Invariant 4: without a record no act, and reading goes on regardless.
#[tokio::test]
async fn signed_reading_goes_on_while_the_journal_is_halted() {
    let world = World::new().await;
    let admin = world.admin().await;
    world.roll_back_journal().await;
    let refused = world.ask(&admin, "POST", b"").await.unwrap_err();
    assert_eq!(refused.code(), "store.halted");
    assert!(!refused.is_authentication());
    let principal = world.ask(&admin, "GET", b"").await.unwrap();
    assert!(world.access.open_session(&principal).await.is_err());
    assert!(world.access.permit(&principal, access::Action::ReadJournal).is_ok());
}

#[tokio::test]
async fn an_unknown_client_is_told_so() {
    let world = World::new().await;
    let mut stranger = world.admin().await;
    stranger.client.id = "00000000000000000000000000000000".parse().unwrap();
    let refused = world.ask(&stranger, "GET", b"").await.unwrap_err();
    assert!(matches!(refused, Error::UnknownClient(_)) && refused.is_authentication());
}

#[test]
fn a_header_that_comes_twice_is_refused() {
    use access::signature::one_header;
    let two = [&b"a"[..], b"b"];
    assert!(matches!(one_header("Signature", two), Err(Error::Malformed { .. })));
    assert_eq!(one_header("Signature", [&b"a"[..]]).unwrap(), Some("a"));
    assert_eq!(one_header("Signature", []).unwrap(), None);
    assert!(one_header("Signature", [&b"\xff"[..]]).is_err());
}
