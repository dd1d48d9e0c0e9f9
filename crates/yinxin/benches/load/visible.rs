//! From the answer that accepts a revocation until it is seen by OCSP, in the delta list, in the directory.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use gm::OsRandom;
use gm::sm2::PrivateKey;
use serde_json::json;

use crate::figures::{Figures, quantile};
use crate::number;
use crate::sight::{Sight, device_request};
use crate::support::World;

/// A revocation that isn't seen by then is a defect.
const PATIENCE: Duration = Duration::from_secs(60);
const WAYS: [&str; 3] = ["OCSP", "delta list", "LDAP"];

static ORDERED: AtomicU64 = AtomicU64::new(0);

/// Orders made since this was asked last.
pub fn ordered() -> u64 {
    ORDERED.swap(0, Ordering::Relaxed)
}

pub fn measure(world: &World, port: u16, engine: &str, figures: &mut Figures) {
    let mut delays: [Vec<Duration>; 3] = Default::default();
    let count = number("YINXIN_BENCH_REVOCATIONS", 20);
    for at in 0..count {
        let sight = order(world, port, &format!("visible-{engine}-{at}"));
        let target = format!("/api/v1/certificates/{}/revoke", sight.serial());
        let done = world.client.call("POST", &target, &json!({ "reason": "superseded" })).unwrap();
        assert_eq!(done.status, 200, "{}", done.text());
        let accepted = Instant::now();
        std::thread::scope(|scope| {
            for (way, own) in WAYS.iter().zip(&mut delays) {
                let sight = &sight;
                scope.spawn(move || own.push(seen_after(sight, way, accepted)));
            }
        });
    }
    for (way, mut own) in WAYS.iter().zip(delays) {
        own.sort();
        let note = format!(
            "from the accepted revocation until it is seen; {count} revocations, median {:.0} ms, most \
             {:.0} ms",
            quantile(&own, 0.5),
            quantile(&own, 1.0),
        );
        let name = format!("revocation seen in {way}, {engine}");
        figures.add("visibility", &name, (quantile(&own, 1.0), "ms"), note);
    }
}

fn order(world: &World, port: u16, name: &str) -> Sight {
    let key = PrivateKey::generate(&mut OsRandom).unwrap();
    let csr = device_request(&key, name);
    let body = json!({ "request_id": name, "kind": "device", "csr": csr });
    let done = world.client.call("POST", "/api/v1/requests", &body).unwrap();
    assert_eq!(done.status, 201, "{}", done.text());
    ORDERED.fetch_add(1, Ordering::Relaxed);
    let page = world.client.get("/api/v1/certificates?limit=4");
    let items = page["items"].as_array().unwrap();
    let is_own = |one: &&serde_json::Value| {
        one["profile"] == "device-sign" && one["request_id"].as_str().is_some_and(|id| id == name)
    };
    let own = items.iter().find(is_own).expect("the newest certificates are on the first page");
    let sight = Sight::new(world, port, own["serial"].as_str().unwrap());
    sight.wait_until_published(PATIENCE);
    sight
}

fn seen_after(sight: &Sight, way: &str, accepted: Instant) -> Duration {
    while !sight.sees_revoked(way) {
        assert!(accepted.elapsed() < PATIENCE, "not seen in {way}");
        std::thread::sleep(Duration::from_millis(2));
    }
    accepted.elapsed()
}
