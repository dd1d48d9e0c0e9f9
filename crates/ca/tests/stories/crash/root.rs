//! A succession of the root dies at every step; what goes on after it is before those who hold the keys.

use std::sync::Arc;

use ca::{Ca, CrlKind, Role};
use gm::Device;
use store::{FixedClock, Store};

use super::{key, prepared, reopen, run_child};
use crate::world::{Faulty, copy, issue, open_ca, order};
use crate::{root_succession, succession};

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
