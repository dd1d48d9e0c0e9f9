//! The load under which the service is killed: it passes every step of serving, and remembers what
//! it was told.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gm::OsRandom;
use gm::sm2::PrivateKey;
use serde_json::{Value, json};

use crate::support::{Client, request_pem};

/// Clients at the same time.
const CLIENTS: u64 = 4;

/// What clients were told.
#[derive(Default)]
pub struct Told {
    /// Request id → SM3 of the answer and serial of the signing certificate.
    pub issued: HashMap<String, (String, String)>,
    /// Requests without an answer.
    pub open: Vec<Order>,
    /// Serial → the states in which it may be: one that was acknowledged, or two while the answer
    /// to a change is missing.
    pub states: HashMap<String, Vec<&'static str>>,
    /// Changes that were acknowledged.
    pub changes: u64,
}

/// A request for certificates.
#[derive(Clone)]
pub struct Order {
    id: String,
    path: String,
    body: Value,
}

/// Nobody answers any more.
pub struct Gone;

/// Shared by the clients of a run.
#[derive(Default)]
pub struct Load {
    told: Mutex<Told>,
    stop: AtomicBool,
    next: AtomicU64,
}

/// Clients at work.
pub type Workers = Vec<std::thread::JoinHandle<()>>;

impl Load {
    pub fn told(&self) -> std::sync::MutexGuard<'_, Told> {
        self.told.lock().unwrap()
    }

    pub fn start(self: &Arc<Self>, client: &Client) -> Workers {
        self.stop.store(false, Ordering::SeqCst);
        let work = |_| {
            let (client, load) = (client.clone(), self.clone());
            std::thread::spawn(move || while !load.is_over() && load.turn(&client).is_ok() {})
        };
        (0..CLIENTS).map(work).collect()
    }

    fn is_over(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    pub fn stop(&self, workers: Workers) {
        self.stop.store(true, Ordering::SeqCst);
        for worker in workers {
            worker.join().unwrap();
        }
    }

    /// A new certificate, and of every five one thing that can happen to it.
    fn turn(&self, client: &Client) -> Result<(), Gone> {
        let number = self.next.fetch_add(1, Ordering::SeqCst);
        let key = PrivateKey::generate(&mut OsRandom).unwrap();
        let csr = request_pem(&key, &format!("测试{number}"));
        let id = format!("crash-{number}");
        let body = json!({ "request_id": id, "kind": "person", "csr": csr });
        let order = Order { id, path: "/api/v1/requests".into(), body };
        let Some(serial) = self.send(client, order)? else { return Ok(()) };
        match number % 5 {
            0 => self.change(client, &serial, "revoke"),
            1 => {
                self.change(client, &serial, "suspend")?;
                self.change(client, &serial, "resume")
            }
            2 => self.renew(client, number, &serial),
            3 if number % 20 == 3 => self.publish(client),
            _ => Ok(()),
        }
    }

    /// With a new key, as a person's certificate is renewed.
    fn renew(&self, client: &Client, number: u64, serial: &str) -> Result<(), Gone> {
        let id = format!("crash-{number}-renewed");
        let key = PrivateKey::generate(&mut OsRandom).unwrap();
        let csr = request_pem(&key, &format!("测试{number}"));
        let path = format!("/api/v1/certificates/{serial}/renew");
        let body = json!({ "request_id": id, "csr": csr });
        self.send(client, Order { id, path, body }).map(drop)
    }

    fn publish(&self, client: &Client) -> Result<(), Gone> {
        let body = json!({ "kind": "full" });
        let answer = client.call("POST", "/api/v1/crls", &body).map_err(|_| Gone)?;
        assert!([200, 503].contains(&answer.status), "{}", answer.text());
        Ok(())
    }

    /// Suspends, resumes or revokes. Until the answer is there, both states are possible.
    fn change(&self, client: &Client, serial: &str, act: &str) -> Result<(), Gone> {
        let state = match act {
            "suspend" => "suspended",
            "resume" => "good",
            _ => "revoked",
        };
        self.told().states.entry(serial.to_owned()).or_insert_with(|| vec!["good"]).push(state);
        let body = match act {
            "revoke" => json!({ "reason": "superseded" }),
            _ => Value::Null,
        };
        let target = format!("/api/v1/certificates/{serial}/{act}");
        let answer = client.call("POST", &target, &body).map_err(|_| Gone)?;
        if answer.status == 503 {
            return Err(Gone);
        }
        assert_eq!(answer.status, 200, "{act} {serial}: {}", answer.text());
        let mut told = self.told();
        told.states.insert(serial.to_owned(), vec![state]);
        told.changes += 1;
        Ok(())
    }

    /// Sends an order and remembers what came of it: the serial of the signing certificate.
    fn send(&self, client: &Client, order: Order) -> Result<Option<String>, Gone> {
        let Ok(answer) = client.call("POST", &order.path, &order.body) else {
            self.told().open.push(order);
            return Err(Gone);
        };
        if answer.status == 503 {
            self.told().open.push(order);
            std::thread::sleep(Duration::from_millis(20));
            return Ok(None);
        }
        let id = order.id;
        assert_eq!(answer.status, 201, "{id}: {}", answer.text());
        let view = answer.json();
        let serial = view["sign_serial"].as_str().unwrap().to_owned();
        let digest = gm::sm3::hash(view["response"].as_str().unwrap().as_bytes()).to_hex();
        let now = (digest, serial.clone());
        if let Some(before) = self.told().issued.insert(id.clone(), now.clone()) {
            assert_eq!(before, now, "{id}: a retry got something else");
        }
        Ok(Some(serial))
    }

    /// Repeats every request that got no answer, twice: the same bytes must come. The service may
    /// be killed again meanwhile; then they stay open.
    pub fn retry_open(&self, client: &Client) {
        let open = std::mem::take(&mut self.told().open);
        for order in open {
            let _ = self.send(client, order.clone()).and_then(|_| self.send(client, order));
        }
    }
}
