//! The process dies at every numbered step; the next one finishes or explains what was begun.
//!
//! The test starts itself again as a child that is told where to die (`YINXIN_CRASH_AT`), on a
//! copy of a prepared folder, and then looks at what is on the disk.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use ca::rules::account::Balance;
use ca::{Ca, CrlKind, Explanation, Role};
use gm::sm2::PrivateKey;
use gm::{Device, PublicKey};
use store::{FixedClock, Store};

use crate::world::{
    Faulty, START, World, ceremony, copy, issue, new_devices, open_ca, open_devices, open_store,
    order, plan, policy, sqlite_url,
};
use crate::{root_succession, succession};

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
/// Steps of a ceremony; with a count, the n-th time they are passed.
const CEREMONY: [&str; 24] = [
    "ca.60-key-made",
    "ca.60-key-made:2",
    "ca.60-key-made:3",
    "ca.61-ceremony-step",
    "ca.61-ceremony-step:2",
    "ca.61-ceremony-step:3",
    "ca.61-ceremony-step:4",
    "ca.61-ceremony-step:5",
    "ca.61-ceremony-step:6",
    "ca.61-ceremony-step:7",
    "ca.61-ceremony-step:8",
    "ca.61-ceremony-step:9",
    "ca.61-ceremony-step:10",
    "ca.61-ceremony-step:11",
    "ca.61-ceremony-step:12",
    "ca.62-root-signed",
    "ca.63-shares-written",
    "ca.64-shares-tried",
    "ca.65-ceremony-signed",
    "ca.65-ceremony-signed:2",
    "ca.55-crl-published:2",
    "ca.70-root-destroyed",
    "ca.71-protocol-noted",
    "ca.72-protocol-written",
];

/// Steps of a succession.
const SUCCESSION: [&str; 23] = [
    "none",
    "ca.61-ceremony-step",
    "ca.80-root-restored",
    "ca.61-ceremony-step:2",
    "ca.60-key-made",
    "ca.61-ceremony-step:3",
    "ca.61-ceremony-step:4",
    "ca.65-ceremony-signed",
    "ca.61-ceremony-step:5",
    "ca.53-crl-signed",
    "ca.55-crl-published",
    "ca.61-ceremony-step:6",
    "ca.52-crl-intended:3",
    "ca.55-crl-published:2",
    "ca.61-ceremony-step:7",
    "ca.70-root-destroyed",
    "ca.61-ceremony-step:8",
    "ca.61-ceremony-step:9",
    "ca.81-appointed",
    "ca.61-ceremony-step:10",
    "ca.71-protocol-noted",
    "ca.72-protocol-written",
    "ca.61-ceremony-step:12",
];

/// Steps of a succession of the root.
const ROOT_SUCCESSION: [&str; 28] = [
    "none",
    "ca.61-ceremony-step",
    "ca.80-root-restored",
    "ca.61-ceremony-step:2",
    "ca.60-key-made",
    "ca.61-ceremony-step:3",
    "ca.61-ceremony-step:4",
    "ca.62-root-signed",
    "ca.61-ceremony-step:5",
    "ca.63-shares-written",
    "ca.64-shares-tried",
    "ca.61-ceremony-step:6",
    "ca.61-ceremony-step:7",
    "ca.65-ceremony-signed",
    "ca.61-ceremony-step:8",
    "ca.65-ceremony-signed:2",
    "ca.61-ceremony-step:10",
    "ca.53-crl-signed",
    "ca.61-ceremony-step:11",
    "ca.55-crl-published:2",
    "ca.61-ceremony-step:12",
    "ca.70-root-destroyed",
    "ca.70-root-destroyed:2",
    "ca.61-ceremony-step:13",
    "ca.81-appointed",
    "ca.61-ceremony-step:15",
    "ca.71-protocol-noted",
    "ca.72-protocol-written",
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

/// Runs a child test of this file in a folder, told where to die.
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ceremony_killed_at_every_step_is_held_to_its_end() {
    for at in CEREMONY {
        let folder = tempfile::tempdir().unwrap();
        drop(new_devices(folder.path()));
        assert!(!run_child("child_holds_a_ceremony", folder.path(), at), "{at}");
        let (store, device, clock) = reopen(folder.path()).await;
        let plan = plan(folder.path(), 0, policy());
        let report = ceremony(&store, &device, &clock, plan.clone()).run().await;
        let report = report.unwrap_or_else(|error| panic!("{at}: {error}"));
        let key = report.root.public_key().unwrap();
        report.issuing.verify_signature(&key, &gm::UserId::default()).unwrap();
        let document = std::fs::read(&report.protocol.document).unwrap();
        let signature = std::fs::read_to_string(&report.protocol.signature).unwrap();
        ca::ceremony::verify_protocol(&document, &signature, &report.issuing).unwrap();
        let sealed = crate::world::shares(folder.path(), &[1, 3, 5]);
        let actor = crate::world::actor();
        ca::ceremony::restore_root(&store, device.clone(), sealed, actor).await.unwrap();
        let ca = open_ca(&store, &device, &clock, plan.issuing_config).await;
        let balance = ca.reconcile().await.unwrap().balance;
        assert!(!balance.is_alarm(), "{at}: {balance:?}");
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_founding_is_continued_by_those_who_began_it_and_before_those_who_hold_the_root() {
    let folder = tempfile::tempdir().unwrap();
    drop(new_devices(folder.path()));
    // The root key is shared, and signed nothing but its own certificate.
    assert!(!run_child("child_holds_a_ceremony", folder.path(), "ca.61-ceremony-step:5"));
    let (store, device, clock) = reopen(folder.path()).await;
    let parts = (&store, &device, &clock);
    let label = gm::KeyLabel::new("root").unwrap();
    let uses = || device.session().unwrap().key(&label).unwrap().uses;
    let signed = uses();
    let held = async |people| {
        let plan = plan(folder.path(), 0, policy());
        crate::world::ceremony_with(parts, plan, people).run().await
    };
    for who in 0..3 {
        let mut people = crate::world::participants();
        let other = ca::ceremony::Person::new("X9", "另一人", "某处");
        match who {
            0 => people.leader = other,
            1 => people.witnesses = vec![other],
            _ => people.custodians[4].person = other,
        }
        let refused = held(people).await;
        let is_refused = matches!(refused, Err(ca::Error::Refused(ca::Refusal::Ceremony(_))));
        assert!(is_refused, "{who}: {refused:?}");
    }
    let mut people = crate::world::participants();
    for custodian in &mut people.custodians {
        custodian.passphrase = "guessed by somebody".to_owned().into();
    }
    assert!(held(people).await.is_err(), "nobody of those who hold the root");
    let away = |n: usize| folder.path().join(format!("shares/share-{n}.json"));
    let taken = |n: usize| folder.path().join(format!("taken-{n}.json"));
    for n in 1..=3 {
        std::fs::rename(away(n), taken(n)).unwrap();
    }
    assert!(held(crate::world::participants()).await.is_err(), "two shares are none");
    assert_eq!(uses(), signed, "nothing was signed meanwhile");
    std::fs::rename(taken(2), away(2)).unwrap();
    held(crate::world::participants()).await.unwrap();
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn succession_killed_at_every_step_always_leaves_one_that_issues_and_is_held_to_its_end() {
    let original = prepared().await;
    for at in SUCCESSION {
        let copied = tempfile::tempdir().unwrap();
        let folder = copied.path();
        copy(original.path(), folder);
        assert_eq!(run_child("child_holds_a_succession", folder, at), at == "none", "{at}");
        let (store, device, clock) = reopen(folder).await;
        let ca = open_ca(&store, &device, &clock, succession::config(folder)).await;
        ca.recover().await.unwrap();
        let issuing = |ca: &Ca| {
            let all = ca.generations();
            let names = all.iter().filter(|one| one.generation().unwrap().is_issuing);
            names.map(|one| one.name().to_owned()).collect::<Vec<_>>()
        };
        // Whatever was cut off, the service opens again and issues, by exactly one of them.
        let now = issuing(&ca);
        assert_eq!(now.len(), 1, "{at}: {now:?}");
        issue(&store, &ca, order("between", Role::Sign, "张三", key())).await.unwrap();
        assert!(ca.publish_due().await.is_ok(), "{at}");
        let plan = succession::succession(folder, "G2", None);
        let held = succession::succeed((&store, &device, &clock), plan).await;
        let report = held.unwrap_or_else(|error| panic!("{at}: {error}"));
        ca.follow_line().await.unwrap();
        assert_eq!(issuing(&ca), ["issuing2"], "{at}");
        assert_eq!(ca.certificate(), &report.issuing, "{at}");
        let document = std::fs::read(&report.protocol.document).unwrap();
        let signature = std::fs::read_to_string(&report.protocol.signature).unwrap();
        ca::ceremony::verify_protocol(&document, &signature, &report.issuing).unwrap();
        let labels = device.session().unwrap().keys().unwrap();
        assert!(labels.iter().all(|key| key.label.as_str() != "root"), "{at}");
        if at == "ca.65-ceremony-signed" {
            let filter = store::Filter {
                kind: Some("ceremony.root-restored".to_owned()),
                ..store::Filter::default()
            };
            assert_eq!(store.count(&filter).await.unwrap(), 2, "brought back a second time");
        }
        for one in ca.generations() {
            let balance = one.reconcile().await.unwrap().balance;
            assert!(!balance.is_alarm(), "{at}: {one:?} {balance:?}");
        }
        assert!(ca.compare_with_journal().await.unwrap().is_sound(), "{at}");
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn succession_of_the_root_killed_at_every_step_always_leaves_one_that_certifies() {
    let original = prepared().await;
    for at in ROOT_SUCCESSION {
        let copied = tempfile::tempdir().unwrap();
        let folder = copied.path();
        copy(original.path(), folder);
        let survived = run_child("child_holds_a_succession_of_the_root", folder, at);
        assert_eq!(survived, at == "none", "{at}");
        let (store, device, clock) = reopen(folder).await;
        let config = || root_succession::root_succession(folder, "root-2").root_config;
        let roots = open_ca(&store, &device, &clock, config()).await;
        let certifying = |roots: &Ca| {
            let all = roots.generations();
            let names = all.iter().filter(|one| one.generation().unwrap().is_issuing);
            names.map(|one| one.name().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(certifying(&roots).len(), 1, "{at}");
        // Whatever was cut off, the service opens again and issues.
        let ca = open_ca(&store, &device, &clock, succession::config(folder)).await;
        ca.recover().await.unwrap();
        issue(&store, &ca, order("between", Role::Sign, "张三", key())).await.unwrap();
        let plan = root_succession::root_succession(folder, "root-2");
        let held = root_succession::succeed_root((&store, &device, &clock), plan).await;
        let report = held.unwrap_or_else(|error| panic!("{at}: {error}"));
        roots.follow_line().await.unwrap();
        assert_eq!(certifying(&roots), ["root2"], "{at}");
        assert_eq!(roots.certificate(), &report.root, "{at}");
        let links: Vec<_> = roots.links().await.unwrap().iter().map(ca::Link::file).collect();
        assert_eq!(links, ["root2-by-root", "root-by-root2"], "{at}");
        let keys = device.session().unwrap().keys().unwrap();
        assert!(keys.iter().all(|key| !key.label.as_str().starts_with("root")), "{at}");
        let document = std::fs::read(&report.protocol.document).unwrap();
        let signature = std::fs::read_to_string(&report.protocol.signature).unwrap();
        ca::ceremony::verify_protocol(&document, &signature, ca.certificate()).unwrap();
        assert!(!ca.reconcile().await.unwrap().balance.is_alarm(), "{at}");
        assert!(ca.compare_with_journal().await.unwrap().is_sound(), "{at}");
        // The files that custodians took away are those of the key that is certified.
        let sealed = root_succession::next_shares(folder, "root-2", &[2, 4, 5]);
        let actor = crate::world::actor();
        ca::ceremony::restore_root(&store, device.clone(), sealed, actor).await.unwrap();
        roots.check_key().unwrap();
        store.close().await;
    }
}

/// A succession of the root that was cut off at a step, opened again.
async fn cut(at: &str) -> (tempfile::TempDir, Store, Arc<Faulty>, Arc<FixedClock>) {
    let folder = prepared().await;
    assert!(!run_child("child_holds_a_succession_of_the_root", folder.path(), at), "{at}");
    let (store, device, clock) = reopen(folder.path()).await;
    (folder, store, device, clock)
}

fn is_refused(held: Result<ca::ceremony::RootSuccessionReport, ca::Error>) -> bool {
    matches!(held, Err(ca::Error::Refused(ca::Refusal::Ceremony(_))))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_root_key_signs_nothing_in_a_resumed_run_without_its_custodians() {
    // Only the list of the new key is left to make.
    let (folder, store, device, clock) = cut("ca.61-ceremony-step:11").await;
    let parts = (&store, &device, &clock);
    let plan = || root_succession::root_succession(folder.path(), "root-2");
    let mut old = plan();
    old.shares
        .iter_mut()
        .for_each(|share| share.passphrase = "guessed by somebody".to_owned().into());
    assert!(root_succession::succeed_root(parts, old).await.is_err(), "nobody of the old key");
    let mut people = root_succession::next_custodians("root-2");
    for custodian in &mut people.custodians {
        custodian.passphrase = "guessed by somebody".to_owned().into();
    }
    let held = root_succession::succeed_root_with(parts, plan(), people).await;
    assert!(held.is_err(), "nobody of the new key");
    let roots = open_ca(&store, &device, &clock, plan().root_config).await;
    let new = roots.generation_named("root2").unwrap();
    assert!(new.current_crl(CrlKind::Full).await.unwrap().is_none(), "nothing was signed");
    root_succession::succeed_root(parts, plan()).await.unwrap();
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_root_key_that_was_lost_or_exchanged_after_its_step_is_not_made_anew() {
    for exchanged in [false, true] {
        // The content of the certificate is recorded, nothing is signed.
        let (folder, store, device, clock) = cut("ca.61-ceremony-step:4").await;
        let label = gm::KeyLabel::new("root-2").unwrap();
        device.session().unwrap().destroy(&label).unwrap();
        if exchanged {
            device.session().unwrap().generate(&label, gm::KeyKind::Sm2Sign).unwrap();
        }
        let plan = root_succession::root_succession(folder.path(), "root-2");
        let config = plan.root_config.clone();
        assert!(is_refused(root_succession::succeed_root((&store, &device, &clock), plan).await));
        let roots = open_ca(&store, &device, &clock, config).await;
        assert_eq!(roots.generations().len(), 1);
        let keys = device.session().unwrap().keys().unwrap();
        let uses: Vec<_> =
            keys.iter().filter(|key| key.label == label).map(|key| key.uses).collect();
        assert_eq!(uses, if exchanged { vec![0] } else { vec![] }, "nothing was signed");
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_goes_on_with_a_succession_of_the_root_is_who_began_it() {
    let (folder, store, device, clock) = cut("ca.61-ceremony-step:2").await;
    let parts = (&store, &device, &clock);
    let plan = || root_succession::root_succession(folder.path(), "root-2");
    for at in 0..2 {
        let mut people = root_succession::next_custodians("root-2");
        let other = ca::ceremony::Person::new("X9", "另一人", "某处");
        match at {
            0 => people.leader = other,
            _ => people.witnesses = vec![other],
        }
        assert!(
            is_refused(root_succession::succeed_root_with(parts, plan(), people).await),
            "{at}"
        );
    }
    root_succession::succeed_root(parts, plan()).await.unwrap();
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_ceremony_left_open_does_not_keep_a_root_that_has_ended_from_being_over() {
    let folder = prepared().await;
    let folder = folder.path();
    assert!(!run_child("child_holds_a_succession", folder, "ca.65-ceremony-signed"));
    let (store, device, clock) = reopen(folder).await;
    let plan = root_succession::root_succession(folder, "root-2");
    let config = plan.root_config.clone();
    let report = root_succession::succeed_root((&store, &device, &clock), plan).await.unwrap();
    let roots = open_ca(&store, &device, &clock, config).await;
    clock.set(report.before.not_after());
    clock.advance(jiff::SignedDuration::from_secs(1));
    assert_eq!(roots.note_over().await.unwrap(), 1);
    let filter = store::Filter {
        kind: Some("certificate.abandoned".to_owned()),
        ..store::Filter::default()
    };
    assert_eq!(store.records(&filter, store::Page::default()).await.unwrap().len(), 1);
    store.close().await;
}
