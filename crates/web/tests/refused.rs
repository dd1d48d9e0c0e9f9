//! Requests of API clients that are refused again and again are slowed, counted in sum, and told by the doctor; nobody is
//! locked out by a stranger.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail loudly")]

use crate::world;

use std::net::SocketAddr;

use access::signature::{Outgoing, sign};
use app::doctor::Level;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use gm::OsRandom;
use gm::sm2::PrivateKey;
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;
use world::World;

const HERE: [u8; 4] = [203, 0, 113, 77];
const THERE: [u8; 4] = [198, 51, 100, 5];
/// What the client may do, and what it may not.
const RIGHT: &str = "/api/v1/clients";
const WRONG: &str = "/api/sign/keys";

async fn slow() -> World {
    World::with(|settings| settings.limits.refused_per_minute = 5).await
}

/// Status, Retry-After and code of the answer to a request from an address, signed by a key in the client's name.
async fn asked(
    world: &World,
    (from, target): ([u8; 4], &str),
    key: Option<&PrivateKey>,
) -> (u16, String, String) {
    let mut request = Request::builder().uri(target).header("accept", "application/json");
    if let Some(key) = key {
        let outgoing = Outgoing { method: "GET", path: target, query: None, body: &[] };
        let moment = (world.now(), &mut OsRandom as &mut dyn gm::Random);
        let headers = sign(&outgoing, &world.client.id, key, moment).unwrap();
        for (name, value) in headers.pairs() {
            request = request.header(name, value);
        }
    }
    let mut request = request.body(Body::empty()).unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from((from, 40_000))));
    let answer = web::router(world.institution.clone()).oneshot(request).await.unwrap();
    let (parts, body) = answer.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let wait = parts.headers.get("retry-after").map(|one| one.to_str().unwrap().to_owned());
    let code = body["code"].as_str().unwrap_or_default().to_owned();
    (parts.status.as_u16(), wait.unwrap_or_default(), code)
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_guesses_is_slowed_and_the_client_goes_on() {
    let world = slow().await;
    let (right, strange) = (&world.key, PrivateKey::generate(&mut OsRandom).unwrap());
    assert_eq!(asked(&world, (HERE, RIGHT), Some(right)).await.0, 200);
    for _ in 0..5 {
        assert_eq!(asked(&world, (THERE, RIGHT), Some(&strange)).await.0, 401);
    }
    let (status, wait, code) = asked(&world, (THERE, RIGHT), Some(&strange)).await;
    assert_eq!((status, &*wait, &*code), (429, "12", "web.refused_often"));
    assert_eq!(asked(&world, (THERE, RIGHT), None).await.0, 429, "whatever they send");
    // The client itself is served where it is, however much was sent in its name from there.
    assert_eq!(asked(&world, (HERE, RIGHT), Some(right)).await.0, 200);
    world.pass(12);
    assert_eq!(asked(&world, (THERE, RIGHT), Some(&strange)).await.0, 401, "heard again");
    assert_eq!(asked(&world, (THERE, RIGHT), Some(&strange)).await.0, 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_one_address_a_client_that_is_known_goes_on_beside_one_that_is_broken() {
    let world = slow().await;
    assert_eq!(asked(&world, (HERE, RIGHT), Some(&world.key)).await.0, 200);
    for _ in 0..9 {
        asked(&world, (HERE, RIGHT), None).await;
    }
    assert_eq!(asked(&world, (HERE, RIGHT), None).await.0, 429);
    assert_eq!(asked(&world, (HERE, RIGHT), Some(&world.key)).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_refused_is_slowed_where_it_is_and_the_journal_says_so_once() {
    let world = slow().await;
    for _ in 0..5 {
        assert_eq!(asked(&world, (HERE, WRONG), Some(&world.key)).await.0, 403);
    }
    let (status, wait, code) = asked(&world, (HERE, RIGHT), Some(&world.key)).await;
    assert_eq!((status, &*wait, &*code), (429, "12", "web.refused_often"));
    assert_eq!(
        asked(&world, (THERE, RIGHT), Some(&world.key)).await.0,
        200,
        "elsewhere it goes on"
    );
    let size = world.institution.store().size().await.unwrap();
    for _ in 0..200 {
        asked(&world, (HERE, WRONG), Some(&world.key)).await;
    }
    assert!(world.institution.record_refusals().await.unwrap());
    assert!(!world.institution.record_refusals().await.unwrap(), "once");
    let grown = world.institution.store().size().await.unwrap() - size;
    assert_eq!(grown, 1, "one record, however many came");
    let records = world.records("access.refusals", "clients").await;
    let row = &records[0].body["rows"][0];
    assert_eq!(row["client"], world.client.id.to_string());
    assert_eq!((&row["denied"], &row["slowed"]), (&5.into(), &201.into()));
    assert_eq!(row["network"], "203.0.113.0/24", "a network and no machine");
    let checks = world.institution.examine(false).await;
    let told = checks.into_iter().find(|check| check.name == "refusals").unwrap();
    assert_eq!(told.level, Level::Warning);
    assert!(told.detail.contains(&world.client.id.to_string()), "{}", told.detail);
    world.pass(25 * 3_600);
    let checks = world.institution.examine(false).await;
    let told = checks.into_iter().find(|check| check.name == "refusals").unwrap();
    assert_eq!(told.level, Level::Good, "that was yesterday");
    assert_eq!(asked(&world, (HERE, RIGHT), Some(&world.key)).await.0, 200);
}
