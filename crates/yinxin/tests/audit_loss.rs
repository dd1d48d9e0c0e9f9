//! T-23, no audit record lost under load. Another CA began to lose audit records at 280 to 360
//! certificates a second. Here: at the highest rate that the door issues, certificates and their
//! records are the same set; and when the journal cannot be written, issuing stops, while status
//! answers and revocation lists go on.
//!
//! `YINXIN_T23_SECONDS` is the time at the highest rate (`cargo xtask soak audit-loss`: 5 minutes).

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

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use gm::OsRandom;
use gm::sm2::PrivateKey;
use serde_json::{Value, json};
use support::{Server, TestDatabase, World, agent, request_pem};

/// Clients at the same time.
const CLIENTS: u64 = 8;
/// So many orders must be enough to meet the fault.
const ENOUGH: u64 = 20_000;

#[test]
fn t_23_at_the_highest_rate_every_certificate_has_its_record() {
    let seconds = std::env::var("YINXIN_T23_SECONDS").ok().and_then(|n| n.parse().ok());
    let span = Duration::from_secs(seconds.unwrap_or(4));
    let world = World::found_with(|settings| settings.kmc.standby = 2000);
    let mut server = world.serve(&[]).unwrap();
    let load = Load::default();
    let start = Instant::now();
    load.run(&world, || start.elapsed() < span);
    let (issued, took) = (load.issued(), start.elapsed().as_secs_f64());
    println!("{issued} dual enrolments in {took:.1} s: {:.0}/s", issued as f64 / took);
    assert!(load.refused.lock().unwrap().is_empty(), "nothing was in the way");
    assert!(issued > 0);
    assert_no_difference(&world, &load);
    server.stop();
    assert_verifies(&world);
}

/// A file that may not grow any more is what a full disk is to the database.
#[test]
fn t_23_full_disk_under_the_database_stops_issuing_and_nothing_else() {
    let world = World::found("");
    let mut server = world.serve(&[]).unwrap();
    let serial = Load::default().order(&world).unwrap();
    server.stop();
    let size = std::fs::metadata(world.data().join("institution.db")).unwrap().len();
    let blocks = (size + (768 << 10)) / 512;
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" serve");
    let mut command = Command::new("sh");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_yinxin")]);
    for (name, value) in world.yinxin(&[]).get_envs() {
        command.env(name, value.unwrap());
    }
    let mut server = Server::spawn(command, &world.dir.path().join("server.log"));
    assert!(server.is_ready(&world.url), "{}", world.log());
    let load = Load::default();
    load.run_until_refused(&world);
    assert_status_goes_on(&world, &serial);
    load.assert_still_refused(&world);
    server.stop();
    assert_whole_after_restart(&world, &load);
}

/// The journal is durable, the anchor is not: nobody is answered, and a retry gets the same bytes.
#[test]
fn t_23_anchor_that_cannot_be_written_stops_issuing_and_nothing_else() {
    let world = World::found("");
    let mut server = world.serve(&[]).unwrap();
    let serial = Load::default().order(&world).unwrap();
    let in_the_way = world.data().join("anchor/institution/institution.new");
    let load = Load::default();
    std::thread::scope(|scope| {
        scope.spawn(|| load.run_until_refused(&world));
        while load.issued() < 20 {
            std::thread::sleep(Duration::from_millis(5));
        }
        // Between two writes the file of that name is gone for a moment.
        while std::fs::create_dir(&in_the_way).is_err() {}
    });
    assert_status_goes_on(&world, &serial);
    load.assert_still_refused(&world);
    server.stop();
    std::fs::remove_dir(&in_the_way).unwrap();
    assert_whole_after_restart(&world, &load);
}

#[test]
fn t_23_writer_killed_in_the_middle_of_a_commit_leaves_no_difference() {
    let world = World::found("");
    let load = Load::default();
    for step in ["store.before_commit:60", "store.after_commit:60", "store.after_anchor:60"] {
        let mut server = world.serve(&[("YINXIN_CRASH_AT", step)]).expect("not at the start");
        load.run_until_refused(&world);
        while !server.has_died() {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(server.has_aborted(), "{step}");
    }
    assert_whole_after_restart(&world, &load);
}

/// The same with a database server whose disk is full for a while: no restart is needed.
#[test]
fn t_23_full_disk_of_postgresql_stops_issuing_until_there_is_room() {
    let Some(database) = TestDatabase::create("t23") else {
        println!("skipped: YINXIN_TEST_PG_URL is not set");
        return;
    };
    let world = World::found(&database.url());
    let mut server = world.serve(&[]).unwrap();
    let serial = Load::default().order(&world).unwrap();
    let load = Load::default();
    std::thread::scope(|scope| {
        scope.spawn(|| load.run_until_refused(&world));
        while load.issued() < 20 {
            std::thread::sleep(Duration::from_millis(5));
        }
        database.run(
            "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = '53100'; END $$; \
             CREATE TRIGGER no_room BEFORE INSERT ON journal EXECUTE FUNCTION no_room()",
        );
    });
    assert_status_goes_on(&world, &serial);
    load.assert_still_refused(&world);
    let before = certificates(&world);
    database.run("DROP TRIGGER no_room ON journal");
    load.retry(&world);
    assert!(certificates(&world).len() > before.len(), "issuing goes on by itself");
    assert_no_difference(&world, &load);
    server.stop();
    assert_verifies(&world);
}

/// Orders, and what came of them.
#[derive(Default)]
struct Load {
    next: AtomicU64,
    issued: Mutex<BTreeSet<String>>,
    refused: Mutex<Vec<Value>>,
}

impl Load {
    fn issued(&self) -> u64 {
        self.issued.lock().unwrap().len().try_into().unwrap()
    }

    /// All clients, each order after order while `goes_on`, until it is told that it must wait.
    fn run(&self, world: &World, goes_on: impl Fn() -> bool + Sync) {
        std::thread::scope(|scope| {
            for _ in 0..CLIENTS {
                scope.spawn(|| while goes_on() && self.order(world).is_some() {});
            }
        });
    }

    fn run_until_refused(&self, world: &World) {
        let before = self.refused.lock().unwrap().len();
        self.run(world, || self.next.load(Ordering::SeqCst) < ENOUGH);
        let refused = self.refused.lock().unwrap().len() - before;
        assert_eq!(u64::try_from(refused).unwrap(), CLIENTS, "each client met the fault");
    }

    /// A new order; the serial of its signing certificate, or none when it has to wait.
    fn order(&self, world: &World) -> Option<String> {
        let number = self.next.fetch_add(1, Ordering::SeqCst);
        let key = PrivateKey::generate(&mut OsRandom).unwrap();
        let csr = request_pem(&key, &format!("测试{number}"));
        let id = format!("t23-{}-{number}", key.public_key().fingerprint().split_at(8).0);
        self.send(world, json!({ "request_id": id, "kind": "person", "csr": csr }))
    }

    fn send(&self, world: &World, order: Value) -> Option<String> {
        match world.client.call("POST", "/api/v1/requests", &order) {
            Ok(answer) if answer.status == 201 => {
                let serial = answer.json()["sign_serial"].as_str().unwrap().to_owned();
                self.issued.lock().unwrap().insert(serial.clone());
                Some(serial)
            }
            Ok(answer) => {
                assert_eq!(answer.status, 503, "{}", answer.text());
                self.refused.lock().unwrap().push(order);
                None
            }
            Err(_) => {
                self.refused.lock().unwrap().push(order);
                None
            }
        }
    }

    /// Fail closed: as long as the fault is there, no order comes through.
    fn assert_still_refused(&self, world: &World) {
        let before = certificates(world);
        for _ in 0..5 {
            assert!(self.order(world).is_none(), "issued although the journal cannot be written");
        }
        assert_eq!(certificates(world), before);
    }

    fn retry(&self, world: &World) {
        for order in std::mem::take(&mut *self.refused.lock().unwrap()) {
            let first = self.send(world, order.clone());
            assert!(first.is_some(), "{order}");
            assert_eq!(self.send(world, order), first);
        }
    }
}

/// After the fault is mended: every certificate has its record, every answered order its
/// certificate, and what had to wait is carried out.
fn assert_whole_after_restart(world: &World, load: &Load) {
    let mut server = world.serve(&[]).expect("service starts again");
    assert_no_difference(world, load);
    load.retry(world);
    assert_no_difference(world, load);
    server.stop();
    assert_verifies(world);
}

fn assert_verifies(world: &World) {
    let (code, said) = world.run(&["journal", "verify"]);
    assert_eq!(code, 0, "{said}");
}

/// Certificates − audit records = 0, as sets, both ways.
fn assert_no_difference(world: &World, load: &Load) {
    let (certificates, records) = (certificates(world), records(world));
    let without: Vec<_> = certificates.difference(&records).collect();
    let beyond: Vec<_> = records.difference(&certificates).collect();
    assert!(without.is_empty(), "certificates without a record: {without:?}");
    assert!(beyond.is_empty(), "records without a certificate: {beyond:?}");
    let issued = load.issued.lock().unwrap();
    assert!(issued.is_subset(&certificates), "answered, but not there");
    println!("{} certificates, {} records, difference 0", certificates.len(), records.len());
}

fn certificates(world: &World) -> BTreeSet<String> {
    pages(world, "/api/v1/certificates?limit=500", |item| item["serial"].as_str())
}

/// Serials of the records of issuing.
fn records(world: &World) -> BTreeSet<String> {
    pages(world, "/api/v1/journal?kind=certificate.issued&limit=500", |item| {
        item["subject"].as_str()?.strip_prefix("certificate:issuing/")
    })
}

fn pages(world: &World, target: &str, text: fn(&Value) -> Option<&str>) -> BTreeSet<String> {
    let (mut found, mut after) = (BTreeSet::new(), String::new());
    loop {
        let page = world.client.get(&format!("{target}{after}"));
        for item in page["items"].as_array().unwrap() {
            if let Some(text) = text(item) {
                assert!(found.insert(text.to_owned()), "{text} twice");
            }
        }
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return found,
        }
    }
}

fn assert_status_goes_on(world: &World, serial: &str) {
    let list = agent().get(format!("{}/crl/issuing.crl", world.url)).call().unwrap();
    assert_eq!(list.status(), 200);
    let said = support::ocsp(world.dir.path(), &world.url, serial);
    assert!(said.contains(": good"), "{said}");
}
