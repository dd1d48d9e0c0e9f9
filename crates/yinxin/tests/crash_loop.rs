//! The service is killed at random and at numbered steps in turn, under load, again and again. A
//! step that is not passed in time is killed at that moment instead; `--nocapture` shows where.
//!
//! What must hold (I1, I2, I3, I8 of the invariants; T-02, T-23): no acknowledged certificate is
//! lost, none is doubled, a retry gets the same bytes, an acknowledged revocation stays, every
//! intent is explained, key pairs are conserved, the journal verifies.
//!
//! `YINXIN_KILLS` scales the number of kills (SQLite; PostgreSQL does a fifth of it).

// Helpers outside #[test] functions fail the test by panicking.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout
)]

mod support;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use gm::OsRandom;
use gm::sm2::PrivateKey;
use serde_json::json;
use support::{Client, Server, TestDatabase, World, fault_points, request_pem};

/// Kills on SQLite unless `YINXIN_KILLS` says otherwise.
const KILLS: u64 = 120;
/// Clients at the same time.
const CLIENTS: u64 = 4;

/// What clients were told.
#[derive(Default)]
struct Told {
    /// Request id → SM3 of the answer and serial of the signing certificate.
    issued: HashMap<String, (String, String)>,
    /// Requests without an answer: id and body.
    open: Vec<(String, serde_json::Value)>,
    /// Serials whose revocation was acknowledged.
    revoked: Vec<String>,
}

/// Shared by the clients of a run.
struct Load {
    told: Mutex<Told>,
    stop: AtomicBool,
    next: AtomicU64,
}

#[test]
fn nothing_acknowledged_is_lost_or_doubled_on_sqlite() {
    crash_loop(&World::found(""), kills());
}

#[test]
fn nothing_acknowledged_is_lost_or_doubled_on_postgresql() {
    let Some(database) = TestDatabase::create("crash") else {
        println!("skipped: YINXIN_TEST_PG_URL is not set");
        return;
    };
    crash_loop(&World::found(&database.url()), (kills() / 5).max(20));
}

fn kills() -> u64 {
    std::env::var("YINXIN_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(KILLS)
}

fn crash_loop(world: &World, kills: u64) {
    let load = Arc::new(Load {
        told: Mutex::default(),
        stop: AtomicBool::new(false),
        next: AtomicU64::new(0),
    });
    let names = steps_of_a_run(world, &load);
    assert!(names.len() >= 10, "fault points passed under load: {names:?}");
    let mut died_at = HashMap::<String, u64>::new();
    for round in 0..kills {
        // Two of three kills at a numbered step, in turn and at its first, second or third passing.
        let at = (round % 3 != 2).then(|| {
            let turn = usize::try_from(round).unwrap();
            let name = &names[(turn - turn / 3) % names.len()];
            format!("{name}:{}", 1 + round % 3)
        });
        let place = kill_once(world, &load, at.as_deref(), round);
        *died_at.entry(place).or_default() += 1;
    }
    let mut server = world.serve(&[]).expect("service starts after the last kill");
    retry_open(&world.client, &load);
    check_all(&world.client, &load);
    server.stop();
    check_offline(world);
    let told = load.told.lock().unwrap();
    println!(
        "{kills} kills, {} requests answered, {} revocations, places: {died_at:?}",
        told.issued.len(),
        told.revoked.len()
    );
}

/// One undisturbed run that shows which steps are passed.
fn steps_of_a_run(world: &World, load: &Arc<Load>) -> Vec<String> {
    let trace = world.dir.path().join("trace.txt");
    let path = trace.to_str().unwrap().to_owned();
    let mut server = world.serve(&[("YINXIN_CRASH_TRACE", &path)]).expect("service starts");
    // Steps of starting are passed before the first request; those of stopping are not wanted.
    let workers = start_clients(world, load);
    std::thread::sleep(Duration::from_millis(2500));
    stop_clients(load, workers);
    server.stop();
    fault_points(&trace)
}

/// Serves under load until the process dies or a random moment comes. Where it died.
fn kill_once(world: &World, load: &Arc<Load>, at: Option<&str>, round: u64) -> String {
    let env: Vec<_> = at.map(|at| ("YINXIN_CRASH_AT", at)).into_iter().collect();
    let Some(mut server) = world.serve(&env) else {
        return format!("start:{}", at.unwrap_or_default());
    };
    retry_open(&world.client, load);
    let workers = start_clients(world, load);
    // A pseudo-random moment; the seed is the round, so that a failure can be repeated.
    let moment = Duration::from_millis(20 + (round * 7919) % 400);
    let limit = if at.is_some() { Duration::from_millis(2500) } else { moment };
    let died = wait_dead(&mut server, limit);
    server.kill();
    stop_clients(load, workers);
    if died { at.unwrap_or("itself").to_owned() } else { "random".to_owned() }
}

fn wait_dead(server: &mut Server, limit: Duration) -> bool {
    let start = Instant::now();
    while start.elapsed() < limit {
        if server.has_died() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    false
}

type Workers = Vec<std::thread::JoinHandle<()>>;

fn start_clients(world: &World, load: &Arc<Load>) -> Workers {
    load.stop.store(false, Ordering::SeqCst);
    (0..CLIENTS)
        .map(|_| {
            let (client, load) = (world.client.clone(), load.clone());
            std::thread::spawn(move || {
                while !load.stop.load(Ordering::SeqCst) {
                    if order(&client, &load).is_none() {
                        return;
                    }
                }
            })
        })
        .collect()
}

fn stop_clients(load: &Load, workers: Workers) {
    load.stop.store(true, Ordering::SeqCst);
    for worker in workers {
        worker.join().unwrap();
    }
}

/// Orders a certificate; every tenth is revoked afterwards. None when the service is gone.
fn order(client: &Client, load: &Load) -> Option<()> {
    let number = load.next.fetch_add(1, Ordering::SeqCst);
    let id = format!("crash-{number}");
    let key = PrivateKey::generate(&mut OsRandom).unwrap();
    let body = json!({
        "request_id": id, "kind": "person", "csr": request_pem(&key, &format!("测试{number}")),
    });
    let serial = send(client, load, (id, body))?;
    if number.is_multiple_of(10) {
        let reason = json!({ "reason": "superseded" });
        let target = format!("/api/v1/certificates/{serial}/revoke");
        let answer = client.call("POST", &target, &reason).ok()?;
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        load.told.lock().unwrap().revoked.push(serial);
    }
    Some(())
}

/// Sends an order and remembers what came of it. None when no answer came.
fn send(client: &Client, load: &Load, (id, body): (String, serde_json::Value)) -> Option<String> {
    let Ok(answer) = client.call("POST", "/api/v1/requests", &body) else {
        load.told.lock().unwrap().open.push((id, body));
        return None;
    };
    if answer.status == 503 {
        load.told.lock().unwrap().open.push((id, body));
        return None;
    }
    assert_eq!(answer.status, 201, "{id}: {}", String::from_utf8_lossy(&answer.body));
    let view = answer.json();
    let serial = view["sign_serial"].as_str().unwrap().to_owned();
    let digest = gm::sm3::hash(view["response"].as_str().unwrap().as_bytes()).to_hex();
    let before =
        load.told.lock().unwrap().issued.insert(id.clone(), (digest.clone(), serial.clone()));
    if let Some(before) = before {
        assert_eq!(before, (digest, serial.clone()), "{id}: a retry got something else");
    }
    Some(serial)
}

/// Repeats every request that got no answer, and some that did: the same bytes must come.
fn retry_open(client: &Client, load: &Load) {
    let open = std::mem::take(&mut load.told.lock().unwrap().open);
    for request in open {
        // The service may be killed again meanwhile; then it stays open.
        let copy = request.clone();
        if send(client, load, request).is_some() {
            let again = send(client, load, copy);
            assert!(again.is_some() || !client_alive(client));
        }
    }
}

fn client_alive(client: &Client) -> bool {
    client.call("GET", "/readyz", &serde_json::Value::Null).is_ok_and(|a| a.status == 200)
}

/// Everything that was told is there, once; nothing else is.
fn check_all(client: &Client, load: &Load) {
    let told = load.told.lock().unwrap();
    assert!(told.open.is_empty(), "every open request is answered now");
    let mut pairs = HashMap::<String, Vec<String>>::new();
    let mut serials = std::collections::HashSet::new();
    let mut after = String::new();
    loop {
        let page = client.get(&format!("/api/v1/certificates?limit=500{after}"));
        for certificate in page["items"].as_array().unwrap() {
            let text = |name: &str| certificate[name].as_str().unwrap().to_owned();
            assert!(serials.insert(text("serial")), "serial twice: {}", text("serial"));
            if text("request_id").starts_with("crash-") {
                pairs.entry(text("request_id")).or_default().push(text("role"));
            }
        }
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    for (id, (_, serial)) in &told.issued {
        let mut roles = pairs.remove(id).unwrap_or_default();
        roles.sort();
        assert_eq!(roles, ["enc", "sign"], "{id}");
        assert!(serials.contains(serial), "{id}: acknowledged certificate is missing");
    }
    assert!(pairs.is_empty(), "certificates that nobody ordered: {pairs:?}");
    for serial in &told.revoked {
        let status = client.get(&format!("/api/v1/certificates/{serial}/status"));
        assert_eq!(status["status"], "revoked", "{serial}");
    }
    assert!(!told.issued.is_empty() && !told.revoked.is_empty(), "the load did something");
}

/// Journal, accounts and conservation, with the service stopped.
fn check_offline(world: &World) {
    let (code, text) = world.run(&["journal", "verify"]);
    assert_eq!(code, 0, "{text}");
    let (code, text) = world.run(&["doctor", "--full", "--json"]);
    assert_eq!(code, 0, "{text}");
    let start = text.find('[').unwrap();
    let end = text.rfind(']').unwrap();
    let checks: serde_json::Value = serde_json::from_str(&text[start..=end]).unwrap();
    for check in checks.as_array().unwrap() {
        let name = check["name"].as_str().unwrap();
        if ["journal", "journal_full", "signatures", "kmc", "orders", "device"].contains(&name) {
            assert_eq!(check["level"], "good", "{check}");
        }
    }
}
