//! Sessions: opened by a signature, used by a token, over in time.

#![allow(clippy::unwrap_used)]

use crate::world;

use access::{Error, Via};
use jiff::SignedDuration;
use world::World;

#[tokio::test]
async fn a_signature_opens_a_session_and_the_token_stands_for_the_client() {
    let world = World::new().await;
    let admin = world.admin().await;
    let principal = world.ask(&admin, "POST", b"").await.unwrap();
    let opened = world.access.open_session(&principal).await.unwrap();
    assert_eq!(opened.expires_at.to_string(), "2026-11-23T17:00:00Z");

    let held = world.access.authenticate_session(opened.token.as_str()).await.unwrap();
    assert_eq!(held.client(), Some(&admin.client));
    assert!(matches!(held.via(), Via::Session(session) if session.id == opened.id));
    assert!(world.kinds().await.contains(&"session.opened".to_owned()));
}

#[tokio::test]
async fn a_session_opens_no_session() {
    let world = World::new().await;
    let admin = world.admin().await;
    let principal = world.ask(&admin, "POST", b"").await.unwrap();
    let opened = world.access.open_session(&principal).await.unwrap();
    let held = world.access.authenticate_session(opened.token.as_str()).await.unwrap();
    assert!(matches!(world.access.open_session(&held).await, Err(Error::SignatureNeeded)));
}

#[tokio::test]
async fn the_token_is_stored_nowhere() {
    let world = World::new().await;
    let admin = world.admin().await;
    let principal = world.ask(&admin, "POST", b"").await.unwrap();
    let opened = world.access.open_session(&principal).await.unwrap();
    world.store.checkpoint().await.unwrap();
    let random = opened.token.as_str().trim_start_matches("yxs_");
    assert_eq!(random.len(), 43);
    assert!(!world.files_hold(random.as_bytes()));
    assert!(world.files_hold(opened.id.as_bytes()), "the search finds what is there");
}

#[tokio::test]
async fn a_session_ends_after_a_quarter_of_an_hour_without_use() {
    let world = World::new().await;
    let admin = world.admin().await;
    let principal = world.ask(&admin, "POST", b"").await.unwrap();
    let token = world.access.open_session(&principal).await.unwrap().token;
    world.clock.advance(SignedDuration::from_mins(14));
    assert!(world.access.authenticate_session(token.as_str()).await.is_ok());
    world.clock.advance(SignedDuration::from_mins(14));
    assert!(world.access.authenticate_session(token.as_str()).await.is_ok(), "use counts");
    world.clock.advance(SignedDuration::from_mins(15));
    let over = world.access.authenticate_session(token.as_str()).await;
    assert!(matches!(over, Err(Error::SessionExpired)));
}

#[tokio::test]
async fn a_session_ends_after_eight_hours_however_much_it_is_used() {
    let world = World::new().await;
    let admin = world.admin().await;
    let principal = world.ask(&admin, "POST", b"").await.unwrap();
    let token = world.access.open_session(&principal).await.unwrap().token;
    for _ in 0..47 {
        world.clock.advance(SignedDuration::from_mins(10));
        world.access.authenticate_session(token.as_str()).await.unwrap();
    }
    let rotated = world.access.rotate_session(token.as_str()).await.unwrap();
    assert_eq!(
        rotated.expires_at.to_string(),
        "2026-11-23T17:00:00Z",
        "rotation does not lengthen it"
    );
    world.clock.advance(SignedDuration::from_mins(10));
    let over = world.access.authenticate_session(rotated.token.as_str()).await;
    assert!(matches!(over, Err(Error::SessionExpired)));
}

#[tokio::test]
async fn a_rotated_token_replaces_the_old_one() {
    let world = World::new().await;
    let admin = world.admin().await;
    let principal = world.ask(&admin, "POST", b"").await.unwrap();
    let old = world.access.open_session(&principal).await.unwrap();
    let new = world.access.rotate_session(old.token.as_str()).await.unwrap();
    assert_eq!(new.id, old.id);
    assert!(world.access.authenticate_session(new.token.as_str()).await.is_ok());
    let gone = world.access.authenticate_session(old.token.as_str()).await;
    assert!(matches!(gone, Err(Error::SessionOver)));
}

#[tokio::test]
async fn an_ended_session_is_over_and_recorded() {
    let world = World::new().await;
    let admin = world.admin().await;
    let principal = world.ask(&admin, "POST", b"").await.unwrap();
    let token = world.access.open_session(&principal).await.unwrap().token;
    world.access.end_session(token.as_str()).await.unwrap();
    assert!(matches!(
        world.access.authenticate_session(token.as_str()).await,
        Err(Error::SessionOver)
    ));
    assert!(matches!(world.access.end_session(token.as_str()).await, Err(Error::SessionOver)));
    assert_eq!(world.kinds().await.iter().filter(|kind| *kind == "session.ended").count(), 1);
}

#[tokio::test]
async fn made_up_tokens_open_nothing() {
    let world = World::new().await;
    world.admin().await;
    let made_up = format!("yxs_{}", "A".repeat(43));
    for token in ["", "yxs_", "Bearer x", &made_up, &"A".repeat(10_000)] {
        let refused = world.access.authenticate_session(token).await;
        assert!(matches!(refused, Err(Error::SessionOver)));
    }
}
