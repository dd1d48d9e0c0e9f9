//! The order at the door of programs: every operation of `/api` that changes something, in every state
//! in which it has no place, is refused with the article or clause it rests on (Invariant 10).

use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gm::sm2::PrivateKey;
use serde_json::{Value, json};
use web::router::table;

use crate::door::{Answer, signed};
use crate::way::key;
use crate::world::{World, request};

/// What the states of a certificate are; the last comes with time.
const STATES: [&str; 4] = ["good", "suspended", "revoked", "expired"];

async fn send(world: &World, target: &str, body: &Value) -> Answer {
    signed(world, "POST", target, body.to_string().as_bytes()).await
}

fn csr(key: &PrivateKey) -> String {
    STANDARD.encode(request(key, "甄有印"))
}

async fn issued(world: &World, id: &str, key: &PrivateKey) -> String {
    let order = json!({ "request_id": id, "kind": "person", "csr": csr(key) });
    let answer = send(world, "/api/v1/requests", &order).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.json());
    answer.json()["sign_serial"].as_str().unwrap().to_owned()
}

/// What an operation on a certificate is sent with.
fn body(operation: &str, id: &str, key: &PrivateKey) -> Value {
    match operation {
        "renew" => json!({ "request_id": id, "csr": csr(key) }),
        // Another reason than the first, and not the one that may still come (RFC 5280 §5.3.1).
        "revoke" => json!({ "reason": "superseded" }),
        _ => json!({}),
    }
}

/// In which states an operation has its place.
fn turn(operation: &str) -> &'static [&'static str] {
    match operation {
        "suspend" | "renew" => &["good"],
        "resume" => &["suspended"],
        "revoke" => &["good", "suspended"],
        other => panic!("{other}: say in which states it has its place"),
    }
}

fn wrong(what: &str, answer: &Answer) -> Option<String> {
    let problem = answer.json();
    let basis = problem["basis"].as_str().unwrap_or_default();
    let detail = problem["detail"].as_str().unwrap_or_default();
    let is_named = !basis.is_empty() && detail.contains(basis);
    let is_refused = answer.status.is_client_error();
    (!is_refused || !is_named).then(|| format!("{what}: {} {problem}", answer.status))
}

#[tokio::test(flavor = "multi_thread")]
async fn no_operation_of_the_api_is_carried_out_in_a_state_in_which_it_has_no_place() {
    let world = World::new().await;
    let (mut tries, mut found) = (0, Vec::new());
    let operations: Vec<String> = table()
        .iter()
        .filter(|route| route.method == Method::POST)
        .filter_map(|route| route.path.strip_prefix("/api/v1/certificates/{serial}/"))
        .map(str::to_owned)
        .collect();
    assert!(operations.len() >= 4, "{operations:?}");
    for state in STATES {
        let key = key();
        let serial = issued(&world, &format!("order-{state}"), &key).await;
        let at = |operation: &str| format!("/api/v1/certificates/{serial}/{operation}");
        match state {
            "suspended" => drop(send(&world, &at("suspend"), &json!({})).await),
            "revoked" => {
                let because = json!({ "reason": "keyCompromise" });
                drop(send(&world, &at("revoke"), &because).await);
            }
            "expired" => {
                world.pass(6 * 366 * 86_400);
                while world.institution.ca().expire(100).await.unwrap() > 0 {}
            }
            _ => {}
        }
        for operation in operations.iter().filter(|one| !turn(one).contains(&state)) {
            let before =
                signed(&world, "GET", &format!("/api/v1/certificates/{serial}"), b"").await;
            let id = format!("late-{state}-{operation}");
            let answer = send(&world, &at(operation), &body(operation, &id, &key)).await;
            let after = signed(&world, "GET", &format!("/api/v1/certificates/{serial}"), b"").await;
            tries += 1;
            assert_eq!(before.body, after.body, "{state} {operation} changed something");
            found.extend(wrong(&format!("{state} {operation}"), &answer));
        }
    }
    println!("{tries} operations of the API were tried in states in which they have no place");
    assert!(tries >= 8, "{tries}");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_that_contradict_an_earlier_one_are_refused_with_what_that_rests_on() {
    let world = World::new().await;
    let (first, second) = (key(), key());
    issued(&world, "r-1", &first).await;
    let mut found = Vec::new();
    for (what, order) in [
        ("other key", json!({ "request_id": "r-1", "kind": "person", "csr": csr(&second) })),
        ("other kind", json!({ "request_id": "r-1", "kind": "staff", "csr": csr(&first) })),
        ("used key", json!({ "request_id": "r-2", "kind": "person", "csr": csr(&first) })),
    ] {
        let answer = send(&world, "/api/v1/requests", &order).await;
        found.extend(wrong(what, &answer));
    }
    let size = world.institution.ca().of_key(second.public_key()).await.unwrap().len();
    assert_eq!(size, 0, "nothing was issued for the other key");
    assert!(found.is_empty(), "{}", found.join("\n"));
}
