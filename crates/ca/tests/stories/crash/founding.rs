//! A founding dies at every step, and is held to its end by those who began it.

use gm::Device;

use super::{reopen, run_child};
use crate::world::{ceremony, ceremony_with, new_devices, open_ca, participants, plan, policy};

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
        ceremony_with(parts, plan, people).run().await
    };
    for who in 0..3 {
        let mut people = participants();
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
    let mut people = participants();
    for custodian in &mut people.custodians {
        custodian.passphrase = "guessed by somebody".to_owned().into();
    }
    assert!(held(people).await.is_err(), "nobody of those who hold the root");
    let away = |n: usize| folder.path().join(format!("shares/share-{n}.json"));
    let taken = |n: usize| folder.path().join(format!("taken-{n}.json"));
    for n in 1..=3 {
        std::fs::rename(away(n), taken(n)).unwrap();
    }
    assert!(held(participants()).await.is_err(), "two shares are none");
    assert_eq!(uses(), signed, "nothing was signed meanwhile");
    std::fs::rename(taken(2), away(2)).unwrap();
    held(participants()).await.unwrap();
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_founding_whose_root_has_nothing_left_to_sign_asks_for_no_share() {
    let folder = tempfile::tempdir().unwrap();
    drop(new_devices(folder.path()));
    // Behind the list of the root, and before its key is disposed of: the custodians have gone with their files.
    assert!(!run_child("child_holds_a_ceremony", folder.path(), "ca.55-crl-published:2"));
    std::fs::remove_dir_all(folder.path().join("shares")).unwrap();
    let (store, device, clock) = reopen(folder.path()).await;
    let label = gm::KeyLabel::new("root").unwrap();
    assert!(device.session().unwrap().key(&label).is_ok(), "it is on the device still");
    let report =
        ceremony(&store, &device, &clock, plan(folder.path(), 0, policy())).run().await.unwrap();
    assert_eq!(report.shares.len(), 5);
    assert!(device.session().unwrap().key(&label).is_err());
    store.close().await;
}
