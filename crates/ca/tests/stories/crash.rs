//! The process dies at every numbered step; the next one finishes or explains what was begun.
//!
//! The test starts itself again as a child that is told where to die (`YINXIN_CRASH_AT`), on a
//! copy of a prepared folder, and then looks at what is on the disk.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use ca::rules::account::Balance;
use ca::{Ca, CrlKind, Explanation, Role};
use gm::PublicKey;
use gm::sm2::PrivateKey;
use store::{FixedClock, Store};

use crate::world::{
    Faulty, START, World, ceremony, copy, issue, open_ca, open_devices, open_store, order, plan,
    policy, sqlite_url,
};
use crate::{root_succession, succession};

mod founding;
mod issuing;
mod root;

/// Steps of issuing, in their order.
const ISSUING: [&str; 6] = [
    "ca.10-key-claimed",
    "ca.11-intended",
    "ca.20-before-signature",
    "ca.21-signed",
    "ca.30-stored",
    "none",
];
/// Steps of publishing.
const PUBLISHING: [&str; 7] = [
    "ca.50-crl-numbered",
    "ca.51-crl-built",
    "ca.52-crl-intended",
    "ca.53-crl-signed",
    "ca.54-crl-checked",
    "ca.55-crl-published",
    "ca.56-spare-signed",
];

struct Reopened {
    store: Store,
    ca: Ca,
}

pub async fn reopen(folder: &Path) -> (Store, Arc<Faulty>, Arc<FixedClock>) {
    let (device, journal) = open_devices(folder);
    let clock = Arc::new(FixedClock::at(START).unwrap());
    clock.advance(jiff::SignedDuration::from_secs(60));
    let store = open_store(&sqlite_url(folder), folder, &journal, &clock).await;
    (store, device, clock)
}

async fn reopen_ca(folder: &Path) -> Reopened {
    let (store, device, clock) = reopen(folder).await;
    let config = plan(folder, 0, policy()).issuing_config;
    let ca = open_ca(&store, &device, &clock, config).await;
    Reopened { store, ca }
}

/// The same key in parent and child.
fn key() -> PublicKey {
    let octets = gm::sm3::hash(b"a subscriber's key").0;
    *PrivateKey::from_bytes(&octets).unwrap().public_key()
}

/// Runs a child test of this file (not of the parts of it) in a folder, told where to die.
fn run_child(test: &str, folder: &Path, at: &str) -> bool {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("crash::{test}"), "--ignored", "--nocapture"])
        .env("YINXIN_CA_CRASH_FOLDER", folder)
        .env("YINXIN_CRASH_AT", at)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status()
        .unwrap()
        .success()
}

fn child_folder() -> Option<std::path::PathBuf> {
    std::env::var_os("YINXIN_CA_CRASH_FOLDER").map(Into::into)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a child of the crash stories"]
async fn child_issues() {
    let Some(folder) = child_folder() else { return };
    let Reopened { store, ca } = reopen_ca(&folder).await;
    issue(&store, &ca, order("r1", Role::Sign, "张三", key())).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a child of the crash stories"]
async fn child_publishes() {
    let Some(folder) = child_folder() else { return };
    let Reopened { ca, .. } = reopen_ca(&folder).await;
    ca.publish_crl(CrlKind::Full).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a child of the crash stories"]
async fn child_holds_a_ceremony() {
    let Some(folder) = child_folder() else { return };
    let (store, device, clock) = reopen(&folder).await;
    ceremony(&store, &device, &clock, plan(&folder, 0, policy())).run().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a child of the crash stories"]
async fn child_holds_a_succession() {
    let Some(folder) = child_folder() else { return };
    let (store, device, clock) = reopen(&folder).await;
    let plan = succession::succession(&folder, "G2", None);
    succession::succeed((&store, &device, &clock), plan).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a child of the crash stories"]
async fn child_holds_a_succession_of_the_root() {
    let Some(folder) = child_folder() else { return };
    let (store, device, clock) = reopen(&folder).await;
    let plan = root_succession::root_succession(&folder, "root-2");
    root_succession::succeed_root((&store, &device, &clock), plan).await.unwrap();
}

/// A folder with a CA in it, closed.
pub async fn prepared() -> tempfile::TempDir {
    let world = World::new(crate::world::Db::Sqlite).await;
    let World { store, device, journal, ca, folder, .. } = world;
    drop(ca);
    store.close().await;
    drop((device, journal));
    folder
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t02_issuing_killed_at_every_step_leaves_one_certificate() {
    let original = prepared().await;
    for at in ISSUING {
        let copied = tempfile::tempdir().unwrap();
        copy(original.path(), copied.path());
        let survived = run_child("child_issues", copied.path(), at);
        assert_eq!(survived, at == "none", "{at}");
        let Reopened { store, ca } = reopen_ca(copied.path()).await;
        let recovery = ca.recover().await.unwrap();
        for (serial, explanation) in &recovery.intents {
            assert_eq!(*explanation, Explanation::Finished, "{at}: {serial}");
        }
        assert!(recovery.settled, "{at}");
        let asked = || order("r1", Role::Sign, "张三", key());
        let first = issue(&store, &ca, asked()).await.unwrap();
        let again = issue(&store, &ca, asked()).await.unwrap();
        assert_eq!(first.der(), again.der(), "{at}");
        let filter = ca::CertificateFilter {
            request_id: Some("r1".into()),
            ..ca::CertificateFilter::default()
        };
        assert_eq!(ca.count(&filter).await.unwrap(), 1, "{at}");
        assert_eq!(ca.reconcile().await.unwrap().balance, Balance::Exact, "{at}");
        let journal = store.verify_journal(store::Scope::Full).await.unwrap();
        assert!(journal.findings.is_empty(), "{at}: {journal:?}");
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn publishing_killed_at_every_step_leaves_a_sound_list() {
    let original = prepared().await;
    for at in PUBLISHING {
        let copied = tempfile::tempdir().unwrap();
        copy(original.path(), copied.path());
        assert!(!run_child("child_publishes", copied.path(), at), "{at}");
        let Reopened { store, ca } = reopen_ca(copied.path()).await;
        let before = ca.current_crl(CrlKind::Full).await.unwrap().unwrap().record.number;
        let recovery = ca.recover().await.unwrap();
        assert!(recovery.crls <= 1 && recovery.settled, "{at}: {recovery:?}");
        let after = ca.publish_crl(CrlKind::Full).await.unwrap();
        assert!(after.number > before, "{at}");
        assert_eq!(ca.reconcile().await.unwrap().balance, Balance::Exact, "{at}");
        store.close().await;
    }
}
