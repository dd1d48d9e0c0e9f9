//! The service under load: the real program over a data folder of its own, asked through its REST
//! door and its OCSP listener on loopback. `cargo bench -p yinxin --bench load`.
//!
//! Measured are dual enrolments (two certificates each: proof of possession, lints, key centre,
//! signatures verified, stored and journaled with the anchor moved before the answer) at several
//! numbers of clients, then status answers, prepared and live, verifications, searches of the directory,
//! the delay from an accepted revocation until it is seen, the answers that arrive while five times too
//! much is asked, and timestamps, each signed, verified and recorded before it leaves. On SQLite, and on PostgreSQL when
//! `YINXIN_TEST_PG_URL` names a server. Afterwards every certificate must have its journal record
//! (T-23), or the run fails.
//!
//! Clients share the machine with the service; what they need is made and signed beforehand.
//! `YINXIN_BENCH_RUNS` (3), `YINXIN_BENCH_CLIENTS` (`1,8,32,64`) and `YINXIN_BENCH_SECONDS` (4, of
//! each run) change what is done.

// A bench that cannot set up has nothing to measure.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

mod enrol;
mod figures;
mod http;
mod ldap;
mod overload;
#[path = "../../tests/support/sight.rs"]
mod sight;
mod stamp;
mod status;
#[path = "../../tests/support/mod.rs"]
mod support;
mod verify;
mod visible;

use app::{Layout, Settings};
use figures::Figures;
use support::{TestDatabase, World};

/// Pairs that the key centre keeps ready. Those that are used are made anew while the load runs.
const STANDBY: u32 = 4_000;

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("measures only under cargo bench");
        return;
    }
    let mut figures = Figures::default();
    measure("SQLite", "", &mut figures);
    match TestDatabase::create("bench") {
        Some(database) => measure("PostgreSQL", &database.url(), &mut figures),
        None => println!("PostgreSQL left out: YINXIN_TEST_PG_URL is not set"),
    }
    figures.write("load.json");
}

/// One institution from its founding to the reckoning.
fn measure(engine: &str, database: &str, figures: &mut Figures) {
    let world = World::found(database);
    let file = Layout::new(world.data()).settings();
    let mut settings = Settings::load(&file).unwrap();
    settings.kmc.standby = STANDBY;
    settings.storage.checkpoint_seconds = 10;
    settings.timestamp.enabled = true;
    let port = support::free_port();
    settings.directory.listen = format!("127.0.0.1:{port}");
    settings.directory.max_connections_per_address = 1_024;
    // The load comes from one address; this limit counts it too.
    settings.verification.per_minute = u32::MAX;
    settings.server.max_in_flight = overload::IN_FLIGHT;
    settings.save(&file).unwrap();
    let mut server = world.serve(&[("RUST_LOG", "warn")]).expect("the service starts");
    let service = child();
    // Its certificate is made after the start; a reckoning in between counts half of it.
    stamp::check(&world);
    let before = Reckoning::of(&world);
    enrol::fill_standby(&world, STANDBY);
    for clients in clients() {
        enrol::measure(&world, service, (engine, clients), figures);
    }
    // Answers of the responder come from memory or the device: the engine hardly matters.
    if database.is_empty() {
        status::measure(&world, service, figures);
        verify::measure(&world, service, figures);
        overload::measure(&world, figures);
    }
    ldap::measure(port, service, engine, figures);
    visible::measure(&world, port, engine, figures);
    stamp::measure(&world, service, engine, figures);
    before.settle(&Reckoning::of(&world));
    server.stop();
    verify(&world);
    let log = world.log();
    // Timestamps were asked for before their certificate was there.
    let is_wrong =
        |line: &str| line.contains("ERROR") && !line.contains("no_timestamp_certificate");
    assert!(!log.lines().any(is_wrong), "{log}");
    let warnings = log.lines().filter(|line| line.contains("WARN")).count();
    println!("{engine}: {warnings} warnings in the log");
}

/// Certificates and their records: the ceremony has left some of its own.
struct Reckoning {
    certificates: u64,
    issued: u64,
    intended: u64,
}

impl Reckoning {
    fn of(world: &World) -> Self {
        let total = |target: &str| world.client.get(target)["total"].as_u64().unwrap();
        Self {
            certificates: total("/api/v1/certificates?limit=1"),
            issued: total("/api/v1/journal?limit=1&kind=certificate.issued"),
            intended: total("/api/v1/journal?limit=1&kind=certificate.intended"),
        }
    }

    /// New certificates − new records = 0, and as many as were ordered (T-23).
    fn settle(&self, after: &Self) {
        let certificates = after.certificates - self.certificates;
        let records = (after.issued - self.issued, after.intended - self.intended);
        println!("{certificates} certificates, {records:?} records of issue and of intent");
        let ordered = enrol::ordered() + visible::ordered();
        assert_eq!(certificates, 2 * ordered, "an order without its certificates");
        assert_eq!((certificates, certificates), records, "certificates − records is not 0 (T-23)");
    }
}

/// The whole journal, read again from the stored octets.
fn verify(world: &World) {
    let (code, text) = world.run(&["journal", "verify"]);
    assert_eq!(code, 0, "{text}");
}

/// The one process that was started from here.
fn child() -> u32 {
    let path = format!("/proc/self/task/{}/children", std::process::id());
    std::fs::read_to_string(path).unwrap().trim().parse().unwrap()
}

fn clients() -> Vec<usize> {
    let text = std::env::var("YINXIN_BENCH_CLIENTS").unwrap_or_else(|_| "1,8,32,64".to_owned());
    text.split(',').map(|number| number.trim().parse().unwrap()).collect()
}

/// A number of the environment, or the usual one.
fn number(name: &str, usual: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}
