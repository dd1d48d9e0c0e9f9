//! The service is killed at every numbered step that serving passes, and at random moments, under
//! load, again and again.
//!
//! What must hold (I1, I2, I3, I8 of the invariants; T-02): no acknowledged certificate is lost,
//! none is doubled, a retry gets the same bytes, an acknowledged change of status stays, every
//! intent is explained, key pairs are conserved, the journal verifies. And on SQLite each step that
//! an undisturbed run shows was really died at, once at least.
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

#[path = "crash_loop/load.rs"]
mod load;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use load::Load;
use support::{Client, Server, TestDatabase, World, fault_points};

/// Kills on SQLite unless `YINXIN_KILLS` says otherwise.
const KILLS: u64 = 100;
/// Kills on PostgreSQL at least.
const KILLS_POSTGRES: u64 = 20;
/// How long a step of an undisturbed run may take to be passed again. Not met is a failure of the
/// load, and shown as such.
const PATIENCE: Duration = Duration::from_secs(45);

#[test]
fn nothing_acknowledged_is_lost_or_doubled_on_sqlite() {
    let world = World::found_with(|settings| settings.kmc.standby = 12);
    let run = Run::of(&world);
    let mut died_at = run.kill_at_every_step();
    let sum = died_at.values().sum();
    run.kill_now_and_then(kills().saturating_sub(sum), &mut died_at);
    run.finish(&died_at);
    for step in run.steps.keys() {
        assert!(died_at.get(step).is_some_and(|times| *times > 0), "nobody died at {step}");
    }
    assert!(died_at.values().sum::<u64>() >= kills(), "{died_at:?}");
}

#[test]
fn nothing_acknowledged_is_lost_or_doubled_on_postgresql() {
    let Some(database) = TestDatabase::create("crash") else {
        println!("skipped: YINXIN_TEST_PG_URL is not set");
        return;
    };
    let world = World::found_with(|settings| {
        settings.kmc.standby = 12;
        settings.storage.url = database.url();
    });
    let run = Run::of(&world);
    let kills = (kills() / 5).max(KILLS_POSTGRES);
    let mut died_at = BTreeMap::new();
    run.kill_now_and_then(kills, &mut died_at);
    run.finish(&died_at);
    assert!(died_at.values().sum::<u64>() >= kills, "{died_at:?}");
}

fn kills() -> u64 {
    std::env::var("YINXIN_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(KILLS)
}

/// Where the service died, and how often.
type Deaths = BTreeMap<String, u64>;

/// How a round is to end.
enum End<'a> {
    /// At the n-th passing of a step.
    At(&'a str, u64),
    /// At this moment.
    After(Duration),
}

struct Run<'a> {
    world: &'a World,
    load: Arc<Load>,
    /// Steps of an undisturbed run, with how often each was passed.
    steps: BTreeMap<String, u64>,
    start: Instant,
}

impl<'a> Run<'a> {
    /// One undisturbed run shows which steps there are: those of starting as well as of serving.
    fn of(world: &'a World) -> Self {
        let load = Arc::new(Load::default());
        let trace = world.dir.path().join("trace.txt");
        let path = trace.to_str().unwrap().to_owned();
        let mut server = world.serve(&[("YINXIN_CRASH_TRACE", &path)]).expect("service starts");
        let workers = load.start(&world.client);
        std::thread::sleep(Duration::from_secs(6));
        load.stop(workers);
        server.kill();
        let steps = fault_points(&trace);
        let wanted = ["app.10", "ca.20", "ca.40", "ca.53", "ca.56", "kmc.02", "kmc.13", "kmc.32"];
        for step in wanted {
            assert!(steps.keys().any(|name| name.starts_with(step)), "{step} of {steps:?}");
        }
        println!("{steps:?}");
        Self { world, load, steps, start: Instant::now() }
    }

    /// Dies at each step, mostly not at its first passing.
    fn kill_at_every_step(&self) -> Deaths {
        let mut died_at = Deaths::new();
        for (at, (step, passed)) in self.steps.iter().enumerate() {
            let nth = 1 + u64::try_from(at).unwrap() % (passed / 4).clamp(1, 5);
            let tries = [(nth, PATIENCE / 5), (1, PATIENCE), (1, PATIENCE)];
            for (nth, limit) in tries {
                let place = self.kill_once(&End::At(step, nth), limit);
                let died_here = place == *step;
                *died_at.entry(place).or_default() += 1;
                if died_here {
                    break;
                }
            }
        }
        died_at
    }

    /// Two of three at a random moment, the third at some passing of some step.
    fn kill_now_and_then(&self, kills: u64, died_at: &mut Deaths) {
        let names: Vec<&String> = self.steps.keys().collect();
        for round in 0..kills {
            // Pseudo-random; the seed is the round, so that a failure can be repeated.
            let dice = round.wrapping_mul(7919) % 1009;
            let name = names[usize::try_from(dice).unwrap() % names.len()];
            let end = match round % 3 {
                0 => End::At(name, 1 + dice % 7),
                _ => End::After(Duration::from_millis(10 + dice % 700)),
            };
            *died_at.entry(self.kill_once(&end, Duration::from_millis(1500))).or_default() += 1;
        }
    }

    /// Serves under load until the process dies, or is killed from outside. Where it died.
    fn kill_once(&self, end: &End<'_>, limit: Duration) -> String {
        let (place, limit) = match end {
            End::At(step, nth) => (Some((*step, format!("{step}:{nth}"))), limit),
            End::After(moment) => (None, *moment),
        };
        let env: Vec<_> = place.iter().map(|(_, at)| ("YINXIN_CRASH_AT", at.as_str())).collect();
        let mut server = self.world.spawn(&env);
        if server.is_ready(&self.world.url) {
            self.load.retry_open(&self.world.client);
            let workers = self.load.start(&self.world.client);
            wait_dead(&mut server, limit);
            server.kill();
            self.load.stop(workers);
        }
        let wanted = place.as_ref().map_or("at random", |(_, at)| at);
        let died_there = server.has_aborted();
        println!("{:>7.1} s  {wanted}: {died_there}", self.start.elapsed().as_secs_f64());
        match (died_there, place) {
            (true, Some((step, _))) => step.to_owned(),
            (true, None) => panic!("the service aborted by itself; see {}", self.world.log()),
            (false, _) => "somewhere (SIGKILL)".to_owned(),
        }
    }

    /// All that was told is there, and nothing else.
    fn finish(&self, died_at: &Deaths) {
        let mut server = self.world.serve(&[]).expect("service starts after the last kill");
        self.load.retry_open(&self.world.client);
        self.check_all(&self.world.client);
        server.stop();
        check_offline(self.world);
        let told = self.load.told();
        println!(
            "{} kills, {} requests answered, {} changes of status",
            died_at.values().sum::<u64>(),
            told.issued.len(),
            told.changes
        );
        died_at.iter().for_each(|(place, times)| println!("{times:>6}  {place}"));
    }

    fn check_all(&self, client: &Client) {
        let told = self.load.told();
        assert!(told.open.is_empty(), "every open request is answered now");
        let (mut pairs, serials) = all_certificates(client);
        for (id, (_, serial)) in &told.issued {
            let mut roles = pairs.remove(id).unwrap_or_default();
            roles.sort();
            assert_eq!(roles, ["enc", "sign"], "{id}");
            assert!(serials.contains_key(serial), "{id}: acknowledged certificate is missing");
        }
        assert!(pairs.is_empty(), "certificates that nobody ordered: {pairs:?}");
        for (serial, allowed) in &told.states {
            let status = serials[serial].as_str();
            assert!(allowed.contains(&status), "{serial} is {status}, told {allowed:?}");
        }
        assert!(!told.issued.is_empty() && told.changes > 0, "the load did something");
    }
}

fn wait_dead(server: &mut Server, limit: Duration) {
    let start = Instant::now();
    while start.elapsed() < limit && !server.has_died() {
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Request id → roles of its certificates, and serial → status, each serial once.
fn all_certificates(client: &Client) -> (BTreeMap<String, Vec<String>>, BTreeMap<String, String>) {
    let (mut pairs, mut serials) = (BTreeMap::<_, Vec<_>>::new(), BTreeMap::new());
    let mut after = String::new();
    loop {
        let page = client.get(&format!("/api/v1/certificates?limit=500{after}"));
        for certificate in page["items"].as_array().unwrap() {
            let text = |name: &str| certificate[name].as_str().unwrap().to_owned();
            let twice = serials.insert(text("serial"), text("status"));
            assert!(twice.is_none(), "serial twice: {}", text("serial"));
            if text("request_id").starts_with("crash-") {
                pairs.entry(text("request_id")).or_default().push(text("role"));
            }
        }
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return (pairs, serials),
        }
    }
}

/// Journal, accounts and conservation, with the service stopped.
fn check_offline(world: &World) {
    let (code, text) = world.run(&["journal", "verify"]);
    assert_eq!(code, 0, "{text}");
    let (code, text) = world.run(&["doctor", "--full", "--json"]);
    assert_eq!(code, 0, "{text}");
    for check in support::checks(&text) {
        let name = check["name"].as_str().unwrap();
        if ["journal", "journal_full", "signatures", "kmc", "orders", "device"].contains(&name) {
            assert_eq!(check["level"], "good", "{check}");
        }
    }
}
