//! A ceremony that nobody can bring to its end is given up by another one: whatever it left is closed, and the next one
//! can be held. The processes of both die at any step.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use ca::ceremony::{AbandonPlan, AbandonReport, Ceremony, Quorum, restore_root, verify_protocol};
use ca::{Ca, CrlKind, Error, Refusal, Role};
use gm::{Device, UserId};
use pki::crl::Crl;
use pki::profile::ProfileSet;
use pki::{Certificate, Serial};
use store::{FixedClock, Scope, Store};
use testkit::fault::{Counted, Fault};

use crate::crash::{prepared, reopen};
use crate::world::{
    Faulty, World, actor, copy, issue, key, open_ca, order, participants, plan, policy, shares,
};
use crate::{cross, root_succession, succession};

mod kills;

crate::stories! {
    a_cross_certification_that_was_given_up_leaves_no_intent_open
    what_cannot_be_given_up_says_so_and_nothing_changes
}

/// Custodians that bring the root back: not all of them were there before.
const OTHERS: [usize; 3] = [2, 3, 4];

pub fn abandonment(
    folder: &Path,
    (name, gives_up): (&str, &str),
    holders: [usize; 3],
) -> AbandonPlan {
    AbandonPlan {
        name: name.into(),
        gives_up: gives_up.into(),
        reason: "第五名保管人离职，没有交出分量".into(),
        institution: plan(folder, 0, policy()).institution,
        root_config: root_succession::root_succession(folder, "x").root_config,
        issuing_config: succession::config(folder),
        shares: shares(folder, &holders),
        left_shares: folder.join(gives_up).join("shares"),
        protocol: folder.join(name),
    }
}

pub async fn abandon(
    (store, device, clock): (&Store, &Arc<Faulty>, &Arc<FixedClock>),
    plan: AbandonPlan,
    holders: [usize; 3],
) -> Result<AbandonReport, Error> {
    let mut people = participants();
    people.custodians = holders.map(|n| people.custodians[n - 1].clone()).to_vec();
    let profiles = Arc::new(ProfileSet::embedded().unwrap());
    let quorum = Quorum::of_holders(people).unwrap();
    let (store, device, clock) = (store.clone(), device.clone(), clock.clone());
    Ceremony::abandon(store, device, clock, profiles, (plan, quorum)).await
}

fn labels(device: &Faulty) -> Vec<String> {
    let keys = device.session().unwrap().keys().unwrap();
    keys.into_iter().map(|key| key.label.to_string()).collect()
}

/// What the root's list in force revokes, by the key of the one that certifies.
async fn revoked(roots: &Ca, serials: &[String]) -> bool {
    let first = roots.generations().remove(0);
    let list = Crl::from_der(first.current_crl(CrlKind::Full).await.unwrap().unwrap().der).unwrap();
    list.verify(&first.certificate().public_key().unwrap(), &UserId::default()).unwrap();
    serials.iter().all(|serial| list.lookup(&Serial::from_hex(serial).unwrap()).is_some())
}

fn is_signed(report: &AbandonReport, by: &Certificate) {
    let document = std::fs::read(&report.protocol.document).unwrap();
    let signature = std::fs::read_to_string(&report.protocol.signature).unwrap();
    verify_protocol(&document, &signature, by).unwrap();
    let text = std::fs::read_to_string(&report.protocol.text).unwrap();
    assert!(text.contains("放弃仪式记录") && text.contains("没有交出分量"), "{text}");
    assert!(!text.contains("口令"), "{text}");
}

fn is_refused<T>(held: &Result<T, Error>) -> bool {
    matches!(held, Err(Error::Refused(Refusal::Ceremony(_))))
}

/// What holds after a succession of the root was given up, wherever it was cut off.
async fn the_root_is_as_before(
    (store, device, clock): (&Store, &Arc<Faulty>, &Arc<FixedClock>),
    folder: &Path,
    (report, at): (&AbandonReport, &str),
) {
    let parts = (store, device, clock);
    let root_plan = |name: &str| root_succession::root_succession(folder, name);
    assert!(labels(device).iter().all(|label| !label.starts_with("root")), "{at}");
    let left = folder.join("root-2/shares");
    let files = std::fs::read_dir(&left).map(|all| all.count()).unwrap_or_default();
    assert_eq!(files, 0, "{at}: shares of the unused key are gone");
    let old = root_succession::succeed_root(parts, root_plan("root-2")).await;
    assert!(is_refused(&old) && old.unwrap_err().to_string().contains("已放弃"), "{at}");
    let roots = open_ca(store, device, clock, root_plan("x").root_config).await;
    assert_eq!(roots.name(), "root", "{at}");
    assert!(revoked(&roots, &report.revoked).await, "{at}");
    assert!(roots.untold(&roots.signing_generations()).await.unwrap().is_empty(), "{at}");
    let ca = open_ca(store, device, clock, succession::config(folder)).await;
    is_signed(report, ca.certificate());
    issue(store, &ca, order("between", Role::Sign, "张三", key())).await.unwrap();
    // The next one is held, by whatever number is free.
    let next = root_succession::succeed_root(parts, root_plan("root-next")).await;
    let next = next.unwrap_or_else(|error| panic!("{at}: {error}"));
    let wanted = if report.generation.is_some() { "root3" } else { "root2" };
    assert_eq!(next.name, wanted, "{at}");
    assert_eq!(next.before.der(), roots.certificate().der(), "{at}");
    roots.follow_line().await.unwrap();
    assert_eq!(roots.certificate(), &next.root, "{at}");
    assert!(!ca.reconcile().await.unwrap().balance.is_alarm(), "{at}");
    let compared = roots.compare_with_journal().await.unwrap();
    assert!(compared.is_sound(), "{at}: {:?}", compared.findings);
    let journal = store.verify_journal(Scope::Full).await.unwrap();
    assert!(journal.findings.is_empty(), "{at}: {journal:?}");
}

async fn a_cross_certification_that_was_given_up_leaves_no_intent_open(world: World) {
    let folder = world.folder.path().to_owned();
    let parts = (&world.store, &world.device, &world.clock);
    world.device.fail_next(Counted::Signatures, Fault::Gone);
    assert!(cross::certify(parts, cross::crossing(&folder, "cross-1")).await.is_err());
    world.device.heal();
    let open = "SELECT COUNT(*) FROM issuance WHERE state = 'intended'";
    assert_eq!(world.number(open).await, 1);
    let plan = abandonment(&folder, ("over", "cross-1"), OTHERS);
    let report = abandon(parts, plan.clone(), OTHERS).await.unwrap();
    assert_eq!(world.number(open).await, 0);
    assert_eq!(world.records("certificate.abandoned").await, 1);
    assert!(report.revoked.is_empty() && report.generation.is_none() && report.stands.is_none());
    let size = world.store.size().await.unwrap();
    abandon(parts, plan, OTHERS).await.unwrap();
    assert_eq!(world.store.size().await.unwrap(), size, "held again, nothing changes");
    let old = cross::certify(parts, cross::crossing(&folder, "cross-1")).await;
    assert!(is_refused(&old), "{old:?}");
    cross::certify(parts, cross::crossing(&folder, "cross-2")).await.unwrap();
    assert!(world.ca.compare_with_journal().await.unwrap().is_sound());
}

async fn what_cannot_be_given_up_says_so_and_nothing_changes(world: World) {
    let folder = world.folder.path().to_owned();
    let parts = (&world.store, &world.device, &world.clock);
    cross::certify(parts, cross::crossing(&folder, "done")).await.unwrap();
    let size = world.store.size().await.unwrap();
    for other in ["nobody", "2026-11-22", "done"] {
        let held = abandon(parts, abandonment(&folder, ("over", other), OTHERS), OTHERS).await;
        assert!(is_refused(&held), "{other}: {held:?}");
    }
    let mut brief = abandonment(&folder, ("over", "done"), OTHERS);
    brief.reason = "算了".into();
    assert!(abandon(parts, brief, OTHERS).await.is_err());
    assert_eq!(world.store.size().await.unwrap(), size);
    // Nothing is closed before three opened their shares.
    world.device.fail_next(Counted::Signatures, Fault::Gone);
    assert!(cross::certify(parts, cross::crossing(&folder, "cut")).await.is_err());
    world.device.heal();
    let mut guessed = abandonment(&folder, ("over", "cut"), OTHERS);
    guessed.shares[1].passphrase = "guessed by somebody".to_owned().into();
    assert!(abandon(parts, guessed, OTHERS).await.is_err());
    assert_eq!(world.records("ceremony.given-up").await, 0);
    cross::certify(parts, cross::crossing(&folder, "cut")).await.unwrap();
}
