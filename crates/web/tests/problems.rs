//! Whatever is wrong with a request, the answer is a problem in Chinese: no sentence of a parser,
//! a router or a library gets out.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail loudly")]

use crate::world;

use crate::door;

use axum::body::Body;
use axum::http::{Method, Request};
use door::{Answer, ask, signed};
use web::router::{Route, table};
use world::World;

/// Octets that no request may have come back with.
const SECRET: &str = "MIGHAgEAMBMGByqGSM49AgEG";

/// Three ASCII words in a row make a sentence; identifiers and addresses do not.
fn has_ascii_sentence(text: &str) -> bool {
    let word = |word: &&str| word.len() > 1 && word.chars().all(|c| c.is_ascii_alphabetic());
    let words: Vec<_> = text.split(' ').collect();
    words.windows(3).any(|three| three.iter().all(word))
}

fn is_chinese(text: &str) -> bool {
    text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
}

fn assert_problem(what: &str, answer: &Answer) {
    let problem = answer.json();
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    assert_eq!(answer.field("content-type"), "application/problem+json", "{what}: {text}");
    assert_eq!(problem["status"], answer.status.as_u16(), "{what}: {text}");
    for field in ["title", "detail"] {
        let text = problem[field].as_str().unwrap();
        assert!(is_chinese(text), "{what}: {text}");
        assert!(!has_ascii_sentence(text), "{what}: {text}");
    }
    assert!(!text.contains(SECRET), "{what}: {text}");
}

/// The path with every parameter set to this.
fn filled(route: &Route, with: &str) -> String {
    let mut path = String::new();
    let mut rest = route.path;
    while let Some((before, after)) = rest.split_once('{') {
        path.push_str(before);
        path.push_str(with);
        rest = after.split_once('}').unwrap().1;
    }
    path + rest
}

/// Requests to a route that are wrong in some way.
fn broken(route: &Route) -> Vec<(String, Vec<u8>)> {
    let plain = filled(route, "x");
    let secret = format!("\"{SECRET}\"");
    let mut all = vec![
        (filled(route, "%ff%fe"), Vec::new()),
        (filled(route, "%E5%BC%A0"), Vec::new()),
        (filled(route, "no-such-thing"), Vec::new()),
        (filled(route, &"7".repeat(300)), Vec::new()),
        (plain.clone(), Vec::new()),
    ];
    for query in ["limit=many", "limit=-1", "from=yesterday", "to=x", "ends_from=2026", "after=x"] {
        all.push((format!("{plain}?{query}"), Vec::new()));
    }
    all.push((format!("{plain}?limit=1&limit=2&from=1&from=2"), Vec::new()));
    all.push((format!("{plain}?limit={SECRET}&from={SECRET}"), Vec::new()));
    for body in [
        "{",
        "[]",
        "null",
        "7",
        "{}",
        "{\"x\": 1}",
        "{} {}",
        "\"\u{0}\"",
        &secret,
        &format!("{{\"reason\": {secret}, \"request_id\": {secret}, \"kind\": {secret}}}"),
        &format!("{{\"request_id\": \"r 1\", \"kind\": \"person\", \"csr\": {secret}}}"),
        &format!("{{\"request_id\": \"r1\", \"kind\": \"person\", \"csr\": {secret}}}"),
        &format!("{{\"request_id\": \"r2\", \"csr\": {secret}}}"),
        &format!("{{\"name\": \"甲\", \"public_key\": {secret}, \"roles\": {secret}}}"),
        &format!("{{\"reason\": \"superseded\", \"invalid_since\": {secret}}}"),
    ] {
        all.push((plain.clone(), body.as_bytes().to_vec()));
    }
    all.push((plain, b"\xff\xfe{\"".to_vec()));
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_requests_to_every_route_are_answered_with_a_problem_in_chinese() {
    let world = World::new().await;
    let mut refused = 0;
    for route in table() {
        let mut refused_here = 0;
        for (target, body) in broken(&route) {
            let answer = signed(&world, route.method.as_str(), &target, &body).await;
            let what = format!("{} {target} {}", route.method, String::from_utf8_lossy(&body));
            assert!(!answer.status.is_server_error(), "{what}: {}", answer.status);
            if answer.status.is_client_error() {
                assert_problem(&what, &answer);
                refused_here += 1;
            }
        }
        // Whatever takes a parameter or a body refused some of it; OCSP answers in its own words.
        let body = ["/api/v1/requests", "/api/v1/clients", "/api/v1/crls"].contains(&route.path);
        let takes = route.path.contains('{') || (route.method == Method::POST && body);
        let ocsp = route.path.starts_with("/ocsp");
        assert!(refused_here > 0 || !takes || ocsp, "{} {}", route.method, route.path);
        refused += refused_here;
    }
    assert!(refused > 300, "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_nobody_signed_and_wrong_methods_are_answered_likewise() {
    let world = World::new().await;
    for route in table() {
        let target = filled(&route, "x");
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
            let request = Request::builder().method(&method).uri(&target);
            let answer = ask(&world, request.body(Body::from("{}")).unwrap()).await;
            if answer.status.is_client_error() {
                assert_problem(&format!("{method} {target}"), &answer);
            }
        }
    }
    let nowhere = Request::builder().uri("/api/v1/nothing").body(Body::empty()).unwrap();
    assert_problem("nowhere", &ask(&world, nowhere).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_too_long_or_no_json_are_answered_likewise() {
    let world = World::new().await;
    let long = vec![b' '; (1 << 20) + 1];
    for target in ["/api/v1/requests", "/api/v1/clients", "/ocsp"] {
        let answer = signed(&world, "POST", target, &long).await;
        assert_eq!(answer.status.as_u16(), 413, "{target}");
        assert_problem(target, &answer);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_orders_are_acts_but_what_is_no_order_is_none() {
    let world = World::new().await;
    let store = world.institution.store();
    let before = store.size().await.unwrap();
    for body in ["{", "{}", "{\"request_id\": \"r 1\", \"kind\": \"person\", \"csr\": \"x\"}"] {
        let answer = signed(&world, "POST", "/api/v1/requests", body.as_bytes()).await;
        assert!(answer.status.is_client_error());
    }
    assert_eq!(store.size().await.unwrap(), before, "nothing that can be named was ordered");
    let bad = b"{\"request_id\": \"r1\", \"kind\": \"person\", \"csr\": \"x\"}";
    assert_eq!(signed(&world, "POST", "/api/v1/requests", bad).await.status.as_u16(), 400);
    let records = world.records("order.refused", "enrolment:r1").await;
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].body, serde_json::json!({ "code": "web.csr" }));

    let renewal = b"{\"request_id\": \"r2\", \"csr\": \"x\"}";
    let target = "/api/v1/certificates/0a0b/renew";
    assert_eq!(signed(&world, "POST", target, renewal).await.status.as_u16(), 404);
    assert_eq!(world.records("order.refused", "enrolment:r2").await.len(), 1);
}
