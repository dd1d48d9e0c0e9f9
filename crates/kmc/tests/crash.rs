//! I8 under kill −9 (GM/T 0038 §7.6.2): the process dies at each numbered step of each move; the
//! next process finds every pair in exactly one store and finishes what was asked for.

// Helpers outside #[test] functions fail the test by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use common::{World, actor, opened, order, recovery_order, restore, serial};
use gm::sm2::PrivateKey;
use jiff::SignedDuration;
use kmc::{Ca, Party};

/// The child's folder; without it the child test does nothing.
const FOLDER: &str = "YINXIN_KMC_CRASH_FOLDER";
const CHILD: &str = "child_runs_the_life_of_a_key";

/// A key that both processes know.
fn known(number: u8) -> PrivateKey {
    PrivateKey::from_bytes(&[number; 32]).unwrap()
}

/// Everything that moves a key, twice over so that repetitions are part of it.
async fn life(world: &World) {
    let ca = registered(world).await;
    let kmc = &world.kmc;
    kmc.refill().await.unwrap();
    let (old, new) = (known(1), known(2));
    for number in [1, 2] {
        kmc.apply(&ca, order(number, old.public_key())).await.unwrap();
    }
    kmc.restore(&ca, restore(1, new.public_key())).await.unwrap();
    recover(world, &ca).await;
    kmc.revoke(&ca, serial(2)).await.unwrap();
    for number in 10..=18 {
        kmc.apply(&ca, order(number, old.public_key())).await.unwrap();
    }
    let mut brief = order(19, old.public_key());
    brief.not_after = brief.not_before + SignedDuration::from_secs(5);
    kmc.apply(&ca, brief).await.unwrap();
    // Well within what the store forgives a clock that goes back in the next process.
    world.clock.advance(SignedDuration::from_secs(10));
    kmc.expire().await.unwrap();
}

async fn registered(world: &World) -> Ca {
    let name = kmc::Text::parse("name", "甲机构").unwrap();
    world.kmc.register_ca(name, *known(3).public_key(), actor()).await.unwrap()
}

async fn recover(world: &World, ca: &Ca) {
    for (party, identity, key) in
        [(Party::Operator, "甲", known(4)), (Party::Judicial, "乙", known(5))]
    {
        let text = |text: &str| kmc::Text::parse("text", text).unwrap();
        let officer = kmc::NewOfficer {
            party,
            identity: text(identity),
            name: text("某某"),
            public_key: *key.public_key(),
        };
        let added = world.kmc.register_officer(officer, actor()).await;
        assert!(added.is_ok() || matches!(added, Err(kmc::Error::OfficerTaken)));
    }
    let mut order = recovery_order(ca, 1, known(6).public_key());
    order.case_number = kmc::Text::parse("case", &format!("第{}号", case_number())).unwrap();
    let case = world.kmc.open_recovery(order, actor()).await.unwrap();
    let approvals = vec![common::approval(&case, &known(4)), common::approval(&case, &known(5))];
    world.kmc.recover(&case.token, approvals, actor()).await.unwrap();
}

/// A case that was open when the process died stays; the next one has another number.
fn case_number() -> u128 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.unwrap().as_nanos()
}

/// Run by the parent in a process of its own, which dies at the step that the environment names.
#[tokio::test(flavor = "multi_thread")]
async fn child_runs_the_life_of_a_key() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        life(&World::at(Path::new(&folder)).await).await;
    }
}

fn run_child(folder: &Path, variable: (&str, &str)) -> bool {
    let program = std::env::current_exe().unwrap();
    let output = Command::new(program)
        .args(["--exact", CHILD, "--nocapture"])
        .env(FOLDER, folder)
        .env(variable.0, variable.1)
        .output()
        .unwrap();
    output.status.success()
}

/// The names of all steps that the life passes, with how often each is passed.
fn steps() -> BTreeSet<String> {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace");
    assert!(run_child(folder.path(), ("YINXIN_CRASH_TRACE", trace.to_str().unwrap())));
    let names = std::fs::read_to_string(trace).unwrap();
    names.lines().filter(|name| name.starts_with("kmc.")).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_any_step_loses_and_doubles_no_key() {
    let steps = steps();
    assert!(steps.len() >= 20, "{steps:?}");
    for step in &steps {
        for time in [1, 2] {
            let folder = tempfile::tempdir().unwrap();
            let survived = run_child(folder.path(), ("YINXIN_CRASH_AT", &format!("{step}:{time}")));
            assert!(time == 2 || !survived, "{step} did not kill");
            pick_up(folder.path(), step).await;
        }
    }
}

/// The next process: counts add up, the journal verifies, and the same requests end well.
async fn pick_up(folder: &Path, step: &str) {
    let world = World::at(folder).await;
    let statistics = world.kmc.statistics().await.unwrap();
    assert!(statistics.conserved(), "after {step}: {statistics:?}");
    world.assert_sound().await;
    let ca = registered(&world).await;
    let held = holder(&world, &ca).await;
    let before = opened(&held.1, &held.0).to_bytes();
    let again = holder(&world, &ca).await;
    assert_eq!(*opened(&again.1, &again.0).to_bytes(), *before, "after {step}");
    let statistics = world.kmc.statistics().await.unwrap();
    assert!(statistics.conserved(), "after {step}: {statistics:?}");
}

/// The key of certificate 1, whoever holds it at this moment.
async fn holder(world: &World, ca: &Ca) -> (PrivateKey, kmc::IssuedKey) {
    let (old, new) = (known(1), known(2));
    match world.kmc.apply(ca, order(1, old.public_key())).await {
        Ok(issued) => (old, issued),
        Err(_) => {
            let restored = world.kmc.restore(ca, restore(1, new.public_key())).await;
            (new, restored.unwrap())
        }
    }
}
