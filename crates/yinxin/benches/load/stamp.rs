//! Timestamps, measured with `wrk`: every request has a nonce of its own, every token a signature
//! of its own, and is durable before it leaves.

use std::time::{Duration, Instant};

use gm::{OsRandom, Random as _};
use pki::tsp::{HashAlgorithm, Imprint, Nonce, Reply, Request};

use crate::figures::Figures;
use crate::status::{ask, script_of_posts};
use crate::support::{World, agent};

const KIND: &str = "application/timestamp-query";
/// Requests with different nonces; `wrk` starts over after the last.
const NONCES: usize = 20_000;
/// The certificate is made in the background after the start.
const PATIENCE: Duration = Duration::from_secs(120);

pub fn measure(world: &World, service: u32, engine: &str, figures: &mut Figures) {
    check(world);
    let requests = (0..NONCES).map(|_| request().der().to_vec());
    let script = script_of_posts(world.dir.path(), ("stamps", "/tsa", KIND), requests);
    let Some((rates, note)) = ask(world, service, &script) else { return };
    let name = format!("signed and recorded, {engine}");
    figures.add("timestamps", &name, (rates.median(), "/s"), note);
}

fn request() -> Request {
    let mut octets = [0; 32];
    OsRandom.fill(&mut octets).unwrap();
    let nonce = Nonce::new(&octets[..8]).unwrap();
    let imprint = Imprint::new(HashAlgorithm::Sm3, octets).unwrap();
    Request::new(imprint, None, Some(nonce), false)
}

/// A token answers its request, once there is a certificate.
pub fn check(world: &World) {
    let begin = Instant::now();
    loop {
        let asked = request();
        let answer = agent().post(format!("{}/tsa", world.url)).header("content-type", KIND);
        let answer = answer.send(asked.der()).unwrap().body_mut().read_to_vec().unwrap();
        if let Reply::Granted(token) = Reply::from_der(&answer).unwrap() {
            return token.answers(&asked).unwrap();
        }
        assert!(begin.elapsed() < PATIENCE, "no certificate for timestamps");
        std::thread::sleep(Duration::from_millis(200));
    }
}
