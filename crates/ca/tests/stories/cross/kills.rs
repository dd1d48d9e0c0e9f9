//! A cross-certification whose process dies at each of its steps: it goes on and makes one certificate.

use std::path::Path;
use std::sync::Arc;

use gm::Device;
use store::{FixedClock, Store};

use super::{certify, crossing};
use crate::world::{Faulty, START, World, copy, open_devices, open_store, sqlite_url};

/// Steps at which the process dies.
const STEPS: [&str; 14] = [
    "none",
    "ca.61-ceremony-step",
    "ca.80-root-restored",
    "ca.61-ceremony-step:2",
    "ca.11-intended",
    "ca.61-ceremony-step:3",
    "ca.20-before-signature",
    "ca.65-ceremony-signed",
    "ca.61-ceremony-step:4",
    "ca.53-crl-signed",
    "ca.61-ceremony-step:5",
    "ca.70-root-destroyed",
    "ca.71-protocol-noted",
    "ca.72-protocol-written",
];

const FOLDER: &str = "YINXIN_CA_CROSS_FOLDER";

async fn reopened(folder: &Path) -> (Store, Arc<Faulty>, Arc<FixedClock>) {
    let (device, journal) = open_devices(folder);
    let clock = Arc::new(FixedClock::at(START).unwrap());
    clock.advance(jiff::SignedDuration::from_secs(60));
    let store = open_store(&sqlite_url(folder), folder, &journal, &clock).await;
    (store, device, clock)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a child of the story below"]
async fn child_certifies() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let folder = Path::new(&folder);
    let (store, device, clock) = reopened(folder).await;
    certify((&store, &device, &clock), crossing(folder, "cross-1")).await.unwrap();
}

fn survives(folder: &Path, at: &str) -> bool {
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "cross::kills::child_certifies", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .env("YINXIN_CRASH_AT", at)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status();
    child.unwrap().success()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ceremony_killed_at_every_step_makes_one_cross_certificate() {
    let world = World::new(crate::world::Db::Sqlite).await;
    let World { store, device, journal, ca, folder: original, .. } = world;
    drop(ca);
    store.close().await;
    drop((device, journal));
    for at in STEPS {
        let copied = tempfile::tempdir().unwrap();
        let folder = copied.path();
        copy(original.path(), folder);
        assert_eq!(survives(folder, at), at == "none", "{at}");
        let (store, device, clock) = reopened(folder).await;
        let held = certify((&store, &device, &clock), crossing(folder, "cross-1")).await;
        let report = held.unwrap_or_else(|error| panic!("{at}: {error}"));
        let issued = ca::cross_issued(&store).await.unwrap();
        assert_eq!(issued.len(), 1, "{at}");
        assert_eq!(issued[0].certificate, report.certificate, "{at}");
        let labels = device.session().unwrap().keys().unwrap();
        assert!(labels.iter().all(|key| key.label.as_str() != "root"), "{at}");
        let journal = store.verify_journal(store::Scope::Full).await.unwrap();
        assert!(journal.findings.is_empty(), "{at}: {journal:?}");
        store.close().await;
    }
}
