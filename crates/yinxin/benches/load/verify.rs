//! Verifications of certificates through the interface for programs, measured with `wrk`: each one a path
//! to the own root, status of the own tables, a report of every check.

use serde_json::json;

use crate::figures::Figures;
use crate::status::{ask, script_of_posts};
use crate::support::{World, agent};

const PATH: &str = "/api/verify/certificate";
/// Certificates that are asked about.
const CERTIFICATES: usize = 200;

pub fn measure(world: &World, service: u32, figures: &mut Figures) {
    let bodies = questions(world);
    check(world, &bodies[0]);
    let kind = "application/json";
    let script = script_of_posts(world.dir.path(), ("verify", PATH, kind), bodies.into_iter());
    let Some((rates, note)) = ask(world, service, &script) else { return };
    figures.add("verification", "certificates, one each", (rates.median(), "/s"), note);
}

fn questions(world: &World) -> Vec<Vec<u8>> {
    let page = world.client.get(&format!("/api/v1/certificates?limit={CERTIFICATES}"));
    let serials = page["items"].as_array().unwrap().iter();
    let serials = serials.map(|item| item["serial"].as_str().unwrap().to_owned());
    let question = |serial: String| {
        let own = world.client.get(&format!("/api/v1/certificates/{serial}"));
        serde_json::to_vec(&json!({ "certificate": own["pem"] })).unwrap()
    };
    serials.map(question).collect()
}

/// The report says what it should: passed.
fn check(world: &World, body: &[u8]) {
    let answer = agent()
        .post(format!("{}{PATH}", world.url))
        .header("content-type", "application/json")
        .send(body)
        .unwrap();
    let report: serde_json::Value =
        serde_json::from_slice(&answer.into_body().read_to_vec().unwrap()).unwrap();
    assert_eq!(report["verdict"], "passed", "{report}");
}
