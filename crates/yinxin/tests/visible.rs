//! A revocation that was accepted is seen in OCSP, in the delta list and in the directory of the running
//! program (T-16). How soon is measured by the bench `load`; here only that it is seen, whatever takes
//! how long.

// Helpers outside #[test] functions fail the test by panicking.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout
)]

#[path = "support/sight.rs"]
mod sight;
mod support;

use std::time::{Duration, Instant};

use gm::OsRandom;
use gm::sm2::PrivateKey;
use serde_json::json;
use sight::{Sight, device_request};
use support::{World, free_port};

/// After so long the program has failed; it isn't how long it may take.
const PATIENCE: Duration = Duration::from_secs(120);

#[test]
fn t_16_a_revocation_is_seen_by_every_way_of_asking() {
    let port = free_port();
    let world = World::found_with(|settings| {
        settings.directory.listen = format!("127.0.0.1:{port}");
    });
    let mut server = world.serve(&[]).unwrap();
    let key = PrivateKey::generate(&mut OsRandom).unwrap();
    let csr = device_request(&key, "网关一");
    let body = json!({ "request_id": "visible-1", "kind": "device", "csr": csr });
    let order = world.client.call("POST", "/api/v1/requests", &body).unwrap();
    assert_eq!(order.status, 201, "{}", order.text());
    let page = world.client.get("/api/v1/certificates?limit=10");
    let items = page["items"].as_array().unwrap();
    let own = items.iter().find(|one| one["profile"] == "device-sign").unwrap();
    let sight = Sight::new(&world, port, own["serial"].as_str().unwrap());
    sight.wait_until_published(PATIENCE);
    let target = format!("/api/v1/certificates/{}/revoke", sight.serial());
    let done = world.client.call("POST", &target, &json!({ "reason": "superseded" })).unwrap();
    assert_eq!(done.status, 200, "{}", done.text());
    let begin = Instant::now();
    let mut unseen = vec!["OCSP", "delta list", "LDAP"];
    while !unseen.is_empty() {
        unseen.retain(|way| !sight.sees_revoked(way));
        assert!(begin.elapsed() < PATIENCE, "not seen in {unseen:?}: {}", world.log());
        std::thread::sleep(Duration::from_millis(20));
    }
    server.stop();
}
