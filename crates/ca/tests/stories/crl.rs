//! CRLs follow the status of certificates.

use ca::crl::CrlHealth;
use ca::rules::crl::Freshness;
use ca::{CrlKind, CrlPolicy, Error, Refusal, RevocationReason};
use gm::UserId;
use jiff::SignedDuration;
use pki::crl::{Crl, Reason, compare};
use pki::{Certificate, Serial};
use testkit::fault::{Counted, Fault};

use crate::world::{Db, World, policy};

crate::stories! {
    contents_follow_status
    numbers_only_grow
    expired_entry_stays_for_one_more_list
    current_list_is_published_on_schedule_and_after_a_change
    superseded_lists_are_pruned_but_for_the_last
    t11_device_outage_publishes_the_spare
    t11_spare_is_handed_out_even_when_nothing_can_be_written
    t11_clock_jump_publishes_at_once
    spare_is_never_older_than_the_current_list
}

/// The current list, read and verified as a stranger would.
pub async fn current(world: &World, kind: CrlKind) -> Crl {
    let found = world.ca.current_crl(kind).await.unwrap().expect("a current list");
    read(&found.der, world.ca.certificate())
}

fn read(der: &[u8], issuer: &Certificate) -> Crl {
    let crl = Crl::from_der(der.to_vec()).unwrap();
    crl.verify(&issuer.public_key().unwrap(), &UserId::default()).unwrap();
    crl
}

fn reason(crl: &Crl, serial: &Serial) -> Option<Reason> {
    crl.lookup(serial).map(|entry| entry.revoked.reason)
}

async fn contents_follow_status(world: World) {
    let good = world.certificate("good").await;
    let held = world.certificate("held").await;
    let gone = world.certificate("gone").await;
    world.suspend(held.serial()).await.unwrap();
    world.revoke(gone.serial(), RevocationReason::KeyCompromise).await.unwrap();
    world.pass(60);
    world.ca.publish_crl(CrlKind::Full).await.unwrap();
    let crl = current(&world, CrlKind::Full).await;
    assert_eq!(crl.len(), 2);
    assert_eq!(reason(&crl, good.serial()), None);
    assert_eq!(reason(&crl, held.serial()), Some(Reason::CertificateHold));
    assert_eq!(reason(&crl, gone.serial()), Some(Reason::KeyCompromise));
    world.resume(held.serial()).await.unwrap();
    world.pass(60);
    world.ca.publish_crl(CrlKind::Full).await.unwrap();
    let crl = current(&world, CrlKind::Full).await;
    assert_eq!(reason(&crl, held.serial()), None);
    assert_eq!(crl.len(), 1);
}

async fn numbers_only_grow(world: World) {
    let mut last = 0;
    for _ in 0..4 {
        world.pass(60);
        let number = world.ca.publish_crl(CrlKind::Full).await.unwrap().number;
        assert!(number > last);
        last = number;
    }
    let world = world.restarted().await;
    world.pass(60);
    assert!(world.ca.publish_crl(CrlKind::Full).await.unwrap().number > last);
}

/// RFC 5280 §3.3; Let's Encrypt bz1954861 dropped entries too early.
async fn expired_entry_stays_for_one_more_list(world: World) {
    let certificate = world.certificate("r1").await;
    world.revoke(certificate.serial(), RevocationReason::Superseded).await.unwrap();
    let mut listed = Vec::new();
    let end = certificate.record.not_after;
    for hours in [-48, -24, 1, 25] {
        world.clock.set(end.checked_add(SignedDuration::from_hours(hours)).unwrap());
        world.ca.publish_crl(CrlKind::Full).await.unwrap();
        listed.push(current(&world, CrlKind::Full).await.lookup(certificate.serial()).is_some());
    }
    assert_eq!(listed, [true, true, true, false]);
}

async fn current_list_is_published_on_schedule_and_after_a_change(world: World) {
    assert!(world.ca.publish_due().await.unwrap().is_empty(), "the ceremony just made one");
    let certificate = world.certificate("r1").await;
    world.pass(30);
    assert!(world.ca.publish_due().await.unwrap().is_empty(), "issuing changes no list");
    world.suspend(certificate.serial()).await.unwrap();
    assert_eq!(world.ca.publish_due().await.unwrap().len(), 1);
    world.resume(certificate.serial()).await.unwrap();
    assert!(world.ca.publish_due().await.unwrap().is_empty(), "within the gap");
    world.pass(10);
    assert_eq!(world.ca.publish_due().await.unwrap().len(), 1);
    world.pass(86_400);
    assert_eq!(world.ca.publish_due().await.unwrap().len(), 1);
}

async fn superseded_lists_are_pruned_but_for_the_last(world: World) {
    let ca = world.reconfigured(|config| config.crl.keep = 2).await;
    for _ in 0..6 {
        world.pass(60);
        ca.publish_crl(CrlKind::Full).await.unwrap();
    }
    let lists = ca.crls(100).await.unwrap();
    assert_eq!(lists.len(), 3, "the current one and two before");
    assert!(lists.is_sorted_by(|a, b| a.number > b.number));
}

async fn health(world: &World) -> Freshness {
    let all = world.ca.crl_health().await.unwrap();
    let full = all.into_iter().find(|health| health.kind == CrlKind::Full);
    full.map(|CrlHealth { freshness, .. }| freshness).unwrap()
}

/// IdenTrust bz1914067: expired CRLs for eight hours.
async fn t11_device_outage_publishes_the_spare(world: World) {
    let certificate = world.certificate("r1").await;
    world.revoke(certificate.serial(), RevocationReason::Superseded).await.unwrap();
    world.pass(60);
    let before = world.ca.publish_crl(CrlKind::Full).await.unwrap();
    world.device.fail_from(Counted::Calls, 1, Fault::Gone);
    let open = world.number("SELECT COUNT(*) FROM crl_intent").await;
    world.pass(12 * 3_600);
    assert!(world.ca.publish_due().await.unwrap().is_empty());
    world.pass(11 * 3_600);
    assert_eq!(health(&world).await, Freshness::Fresh);
    world.pass(3_600);
    assert_eq!(health(&world).await, Freshness::HalfSpent, "the alarm");
    let published = world.ca.publish_due().await.unwrap();
    assert!(published[0].spare && published[0].number > before.number);
    assert_eq!(health(&world).await, Freshness::Fresh);
    let crl = current(&world, CrlKind::Full).await;
    assert_eq!(reason(&crl, certificate.serial()), Some(Reason::Superseded));
    world.pass(60);
    assert!(world.ca.publish_due().await.is_err(), "there is no second spare");
    assert_eq!(world.number("SELECT COUNT(*) FROM crl_intent").await, open, "no useless records");
    world.device.heal();
    let after = world.ca.publish_due().await.unwrap();
    assert!(!after[0].spare && after[0].number > published[0].number);
}

async fn t11_spare_is_handed_out_even_when_nothing_can_be_written(world: World) {
    let before = world.ca.current_crl(CrlKind::Full).await.unwrap().unwrap();
    world.device.fail_from(Counted::Calls, 1, Fault::Gone);
    world.journal.fail_from(Counted::Calls, 1, Fault::Gone);
    world.pass(25 * 3_600);
    assert!(world.ca.publish_due().await.is_err());
    let now = world.ca.current_crl(CrlKind::Full).await.unwrap().unwrap();
    assert!(now.record.spare && now.record.number > before.record.number);
    read(&now.der, world.ca.certificate());
    world.journal.heal();
    world.device.heal();
}

async fn t11_clock_jump_publishes_at_once(world: World) {
    world.pass(30 * 86_400);
    assert_eq!(health(&world).await, Freshness::Expired);
    assert_eq!(world.ca.publish_due().await.unwrap().len(), 1);
    assert_eq!(health(&world).await, Freshness::Fresh);
}

async fn spare_is_never_older_than_the_current_list(world: World) {
    world.pass(60);
    world.ca.publish_crl(CrlKind::Full).await.unwrap();
    // The list is signed, its spare is not: the spare before must not come back.
    let signatures = world.device.count(Counted::Signatures);
    world.device.fail(Counted::Signatures, signatures + 2, Fault::Gone);
    world.pass(60);
    world.ca.publish_crl(CrlKind::Full).await.unwrap();
    world.pass(25 * 3_600);
    assert_eq!(world.ca.use_spare(CrlKind::Full).await.unwrap(), None);
}

fn with_delta() -> CrlPolicy {
    CrlPolicy {
        delta_every: SignedDuration::from_hours(1),
        delta_window: SignedDuration::from_hours(2),
        on_change: false,
        ..policy()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn delta_lists_what_changed_since_its_base() {
    let world = World::with(Db::Sqlite, 0, with_delta()).await;
    let (a, b, c) =
        (world.certificate("a").await, world.certificate("b").await, world.certificate("c").await);
    world.suspend(a.serial()).await.unwrap();
    world.revoke(b.serial(), RevocationReason::Superseded).await.unwrap();
    world.pass(60);
    let base = world.ca.publish_crl(CrlKind::Full).await.unwrap();
    world.resume(a.serial()).await.unwrap();
    world.revoke(c.serial(), RevocationReason::AffiliationChanged).await.unwrap();
    world.pass(60);
    let delta = world.ca.publish_crl(CrlKind::Delta).await.unwrap();
    assert!(delta.number > base.number);
    let delta = current(&world, CrlKind::Delta).await;
    assert_eq!(delta.base().and_then(|n| n.to_u64()), u64::try_from(base.number).ok());
    assert_eq!(delta.len(), 2);
    assert_eq!(reason(&delta, a.serial()), Some(Reason::RemoveFromCrl));
    assert_eq!(reason(&delta, c.serial()), Some(Reason::AffiliationChanged));
    assert!(current(&world, CrlKind::Full).await.freshest().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn delta_without_policy_is_refused() {
    let world = World::new(Db::Sqlite).await;
    let error = world.ca.publish_crl(CrlKind::Delta).await.unwrap_err();
    assert!(matches!(error, Error::Refused(Refusal::CrlNotConfigured)), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shards_together_are_the_full_list() {
    let world = World::with(Db::Sqlite, 4, policy()).await;
    for n in 0..24 {
        let certificate = world.certificate(&format!("r{n}")).await;
        world.revoke(certificate.serial(), RevocationReason::Superseded).await.unwrap();
        let point = certificate.certificate.crl_dp().unwrap();
        let url = format!("{point:?}");
        let shard = ca::rules::crl::shard_of(certificate.serial(), 4);
        assert!(url.contains(&format!("ca-{shard}.crl")), "{url}");
    }
    world.pass(60);
    assert_eq!(world.ca.publish_due().await.unwrap().len(), 5);
    let full = current(&world, CrlKind::Full).await;
    assert_eq!(full.len(), 24);
    let mut union = 0;
    for shard in 0..4 {
        let crl = current(&world, CrlKind::Shard(shard)).await;
        union += crl.len();
        let scope = crl.scope().unwrap();
        let url = format!("http://crl.test.cn/ca-{shard}.crl");
        assert_eq!(scope.urls().collect::<Vec<_>>(), [url]);
        for entry in crl.entries() {
            let serial = entry.revoked.serial;
            assert_eq!(ca::rules::crl::shard_of(&serial, 4), shard);
            assert!(full.lookup(&serial).is_some());
        }
    }
    assert_eq!(union, 24);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn consecutive_lists_hold_against_the_independent_checker() {
    let world = World::new(Db::Sqlite).await;
    let first = current(&world, CrlKind::Full).await;
    let certificate = world.certificate("r1").await;
    world.revoke(certificate.serial(), RevocationReason::Superseded).await.unwrap();
    world.pass(60);
    world.ca.publish_crl(CrlKind::Full).await.unwrap();
    let second = current(&world, CrlKind::Full).await;
    assert!(compare(&first, &second, |_| None, world.now()).is_sound());
}
