//! Clients of two doors: they order, hold, lift and revoke, now here and now there, and go to the other door when one is
//! closed. They remember what was acknowledged.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use gm::OsRandom;
use gm::sm2::PrivateKey;
use serde_json::{Value, json};

use super::site::Site;
use super::support::{Answer, Client, request_pem};

/// Clients at the same time.
const CLIENTS: u64 = 4;
/// Nothing takes so long, on any machine: whatever is waited for beyond it never comes, and the test would hang. How fast
/// something is, is judged nowhere here.
pub const HANGS: Duration = Duration::from_secs(15 * 60);

/// What clients were told.
#[derive(Default, Clone)]
pub struct Told {
    /// Orders, with the serial of their signing certificates.
    pub issued: BTreeMap<String, String>,
    /// Serials, with the status that was acknowledged last.
    pub states: BTreeMap<String, &'static str>,
}

struct Shared {
    doors: [Client; 2],
    told: Mutex<Told>,
    next: AtomicU64,
    stop: AtomicBool,
    /// Held by each turn; whoever takes it alone has quiet.
    quiet: RwLock<()>,
}

/// Clients at work.
pub struct Load {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
}

impl Load {
    pub fn start(site: &Site) -> Self {
        let shared = Arc::new(Shared {
            doors: [0, 1].map(|node: usize| site.operator.at(&site.urls[node])),
            told: Mutex::default(),
            next: AtomicU64::new(0),
            stop: AtomicBool::new(false),
            quiet: RwLock::new(()),
        });
        let work = |_| {
            let shared = shared.clone();
            std::thread::spawn(move || {
                while !shared.stop.load(Ordering::SeqCst) {
                    let _turn = shared.quiet.read().unwrap();
                    shared.turn();
                }
            })
        };
        let workers = (0..CLIENTS).map(work).collect();
        Self { shared, workers }
    }

    /// Orders that were carried out.
    pub fn count(&self) -> usize {
        self.shared.told.lock().unwrap().issued.len()
    }

    /// Until so many more were carried out.
    pub fn wait_for(&self, orders: usize) {
        let (begin, wanted) = (Instant::now(), self.count() + orders);
        while self.count() < wanted {
            let is_working = self.workers.iter().all(|worker| !worker.is_finished());
            assert!(is_working, "a client found something wrong");
            assert!(begin.elapsed() < HANGS, "{} of {wanted}", self.count());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// For so long.
    pub fn last(&self, span: Duration) {
        std::thread::sleep(span);
        self.wait_for(1);
    }

    /// Between two turns of all clients.
    pub fn rest(&self, work: impl FnOnce(&Told)) {
        let _alone = self.shared.quiet.write().unwrap();
        let told = self.shared.told.lock().unwrap().clone();
        work(&told);
    }

    pub fn stop(self) -> Told {
        self.shared.stop.store(true, Ordering::SeqCst);
        for worker in self.workers {
            worker.join().unwrap();
        }
        self.shared.told.lock().unwrap().clone()
    }
}

impl Shared {
    /// A new certificate, and what happens to it: each act at another door than the one before.
    fn turn(&self) {
        let number = self.next.fetch_add(1, Ordering::SeqCst);
        let door = usize::from(!number.is_multiple_of(2));
        let key = PrivateKey::generate(&mut OsRandom).unwrap();
        let csr = request_pem(&key, &format!("节点{number}"));
        let id = format!("node-{number}");
        let order = json!({ "request_id": id, "kind": "person", "csr": csr });
        let (answer, _) = self.call(door, "/api/v1/requests", &order);
        assert_eq!(answer.status, 201, "{id}: {}", answer.text());
        let serial = answer.json()["sign_serial"].as_str().unwrap().to_owned();
        // Asked again, and elsewhere, it is the same.
        if number.is_multiple_of(6) {
            let (again, _) = self.call(1 - door, "/api/v1/requests", &order);
            assert_eq!(
                (again.status, &again.json()["response"]),
                (201, &answer.json()["response"]),
                "{id}"
            );
        }
        self.keep(|told| {
            told.issued.insert(id, serial.clone());
            told.states.insert(serial.clone(), "good");
        });
        let acts: &[&str] = match number % 5 {
            0 => &["revoke"],
            1 => &["suspend"],
            2 => &["suspend", "resume"],
            3 => &["suspend", "resume", "revoke"],
            _ => &[],
        };
        for (at, act) in acts.iter().enumerate() {
            self.change((door + at + 1) % 2, &serial, act);
        }
    }

    fn change(&self, door: usize, serial: &str, act: &str) {
        let (state, body) = match act {
            "suspend" => ("suspended", Value::Null),
            "resume" => ("good", Value::Null),
            _ => ("revoked", json!({ "reason": "superseded" })),
        };
        let (answer, tries) =
            self.call(door, &format!("/api/v1/certificates/{serial}/{act}"), &body);
        // Whoever got no answer asks again, and may hear that it is done already: then that is so.
        if answer.status != 200 {
            let target = format!("/api/v1/certificates/{serial}/status");
            let is_told = tries > 0 && (400..500).contains(&answer.status);
            assert!(is_told, "{act} {serial}: {}", answer.text());
            assert_eq!(
                self.ask(door, &target)["status"],
                state,
                "{act} {serial}: {}",
                answer.text()
            );
        }
        self.keep(|told| {
            told.states.insert(serial.to_owned(), state);
        });
    }

    fn keep(&self, work: impl FnOnce(&mut Told)) {
        work(&mut self.told.lock().unwrap());
    }

    fn call(&self, door: usize, target: &str, body: &Value) -> (Answer, u32) {
        self.until_answered((door, "POST"), target, body)
    }

    fn ask(&self, door: usize, target: &str) -> Value {
        self.until_answered((door, "GET"), target, &Value::Null).0.json()
    }

    /// At this door, or at the other, until there is an answer; and how often there was none.
    fn until_answered(
        &self,
        (mut door, method): (usize, &str),
        target: &str,
        body: &Value,
    ) -> (Answer, u32) {
        let begin = Instant::now();
        let mut tries = 0;
        loop {
            match self.doors[door].call(method, target, body) {
                Ok(answer) if answer.status != 503 => return (answer, tries),
                said => assert!(begin.elapsed() < HANGS, "{target}: {said:?}"),
            }
            tries += 1;
            door = 1 - door;
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}
