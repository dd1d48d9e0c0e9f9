//! A succession of the issuing CA dies at every step.

use ca::{Ca, Role};
use gm::Device;

use super::{key, prepared, reopen, run_child};
use crate::succession;
use crate::world::{copy, issue, open_ca, order};

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
