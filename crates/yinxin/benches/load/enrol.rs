//! Dual enrolments through the REST door.

use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use gm::OsRandom;
use gm::sm2::PrivateKey;
use serde_json::json;

use crate::figures::{Figures, Spread, cpu_time, quantile};
use crate::http::{Connection, post};
use crate::number;
use crate::support::{World, request_pem};

const ORDERS: &str = "/api/v1/requests";

static ORDERED: AtomicU64 = AtomicU64::new(0);

/// What one run led to.
struct Run {
    rate: f64,
    /// Time of each answer.
    answers: Vec<Duration>,
    /// Time of processors that the service took for all of them.
    cpu: Duration,
}

/// Waits until the key centre has filled its standby store for the first time.
pub fn fill_standby(world: &World, standby: u32) {
    // One order draws the level below its mark; the next round of the background work fills it.
    run(world, 0, 1, 1);
    std::thread::sleep(Duration::from_millis(2_500) + Duration::from_micros(400) * standby);
}

/// Several runs with a number of clients, after one that warms up and tells how many orders fit.
pub fn measure(
    world: &World,
    service: u32,
    (engine, clients): (&str, usize),
    figures: &mut Figures,
) {
    let first = run(world, service, clients, 20 * clients.max(5));
    let seconds = number("YINXIN_BENCH_SECONDS", 4) as f64;
    let orders = ((first.rate * seconds) as usize).next_multiple_of(clients).max(clients);
    let runs = number("YINXIN_BENCH_RUNS", 3);
    let runs: Vec<Run> = (0..runs).map(|_| run(world, service, clients, orders)).collect();
    let rates = Spread::of(runs.iter().map(|run| run.rate));
    let count: usize = runs.iter().map(|run| run.answers.len()).sum();
    let cpu = runs.iter().map(|run| run.cpu).sum::<Duration>().as_secs_f64() * 1e3 / count as f64;
    let mut answers: Vec<_> = runs.into_iter().flat_map(|run| run.answers).collect();
    answers.sort();
    let note = format!(
        "{:.0} certificates/s; {rates}; answer p50 {:.1} ms, p99 {:.1} ms; {cpu:.2} ms of processor each",
        2.0 * rates.median(),
        quantile(&answers, 0.5),
        quantile(&answers, 0.99),
    );
    let name = format!("dual enrolments, {engine}, {clients} clients");
    figures.add("issuance", &name, (rates.median(), "/s"), note);
}

/// Each client sends its orders one after the other on one connection.
fn run(world: &World, service: u32, clients: usize, orders: usize) -> Run {
    let requests: Vec<_> = (0..orders).map(|_| order(world)).collect();
    let share = orders.div_ceil(clients);
    let start = Barrier::new(requests.chunks(share).len() + 1);
    let (took, cpu, answers) = std::thread::scope(|scope| {
        let client = |requests: &'_ [Vec<u8>]| send(&world.url, requests, &start);
        let threads: Vec<_> =
            requests.chunks(share).map(|share| scope.spawn(move || client(share))).collect();
        start.wait();
        let (began, before) = (Instant::now(), cpu_time(service));
        let answers: Vec<_> = threads.into_iter().flat_map(|t| t.join().unwrap()).collect();
        (began.elapsed(), cpu_time(service).saturating_sub(before), answers)
    });
    Run { rate: orders as f64 / took.as_secs_f64(), answers, cpu }
}

fn send(url: &str, requests: &[Vec<u8>], start: &Barrier) -> Vec<Duration> {
    let mut connection = Connection::open(url);
    start.wait();
    let timed = requests.iter().map(|request| {
        let began = Instant::now();
        let (status, body) = connection.exchange(request);
        assert_eq!(status, 201, "{}", String::from_utf8_lossy(body));
        began.elapsed()
    });
    timed.collect()
}

/// Orders made since this was asked last.
pub fn ordered() -> u64 {
    ORDERED.swap(0, Ordering::Relaxed)
}

/// An order of a new person with a new key, signed by the client.
fn order(world: &World) -> Vec<u8> {
    let number = ORDERED.fetch_add(1, Ordering::Relaxed);
    let key = PrivateKey::generate(&mut OsRandom).unwrap();
    let csr = request_pem(&key, &format!("压测人员{number}"));
    let body = json!({ "request_id": format!("load-{number}"), "kind": "person", "csr": csr });
    let body = serde_json::to_vec(&body).unwrap();
    let headers = world.client.headers("POST", ORDERS, &body, jiff::Timestamp::now());
    post(ORDERS, &headers, &body)
}
