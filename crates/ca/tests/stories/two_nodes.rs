//! Two nodes make the same list at once: the list with the higher number never lacks a revocation that the one before
//! told (Invariant 7), whichever of them is held up, and neither does the spare.

use ca::{
    Ca, CrlKind, CrlPolicy, Error, Explanation, PublishedCrl, Refusal, RevocationReason, Role,
};
use jiff::SignedDuration;
use store::Engine;
use store::fault::{self, Held};
use testkit::fault::{Counted, Fault, Held as HeldAnswer};
use tokio::task::JoinHandle;

use crate::crl::current;
use crate::succession::{config, succeed, succession};
use crate::world::{Db, World, intend, key, open_ca, open_store, order, policy};

crate::stories! {
    a_node_that_is_slow_to_read_publishes_no_number_that_is_outrun
    a_node_that_is_slow_to_sign_publishes_nothing_that_lacks_a_revocation
    t11_spare_of_the_slower_node_never_replaces_the_newer_one
    a_list_that_another_node_took_for_interrupted_is_not_published
    t06_a_node_that_starts_while_another_recovers_is_left_what_it_makes
    two_nodes_that_find_the_same_state_both_go_on
    of_two_nodes_the_slower_clock_gives_no_earlier_instant_to_a_higher_number
}

type Publishing = JoinHandle<Result<PublishedCrl, Error>>;

/// Another node over the same database.
async fn node(world: &World) -> Ca {
    world.reconfigured(|_| ()).await
}

/// A node that has its number and is held up before it reads.
async fn numbered(ca: Ca, kind: CrlKind) -> (Held, Publishing) {
    let (mut held, work) =
        fault::held("ca.50-crl-numbered", async move { ca.publish_crl(kind).await });
    let work = tokio::spawn(work);
    assert!(held.reached().await);
    (held, work)
}

/// A node that has read, and whose signature is held back.
async fn signing(world: &World, ca: Ca, kind: CrlKind) -> (HeldAnswer, Publishing) {
    let held = world.device.hold_next(Counted::Signatures);
    let work = tokio::spawn(async move { ca.publish_crl(kind).await });
    while !held.is_waiting() {
        tokio::task::yield_now().await;
    }
    (held, work)
}

fn outrun(done: Result<PublishedCrl, Error>) -> bool {
    matches!(done, Err(Error::Refused(Refusal::ListOutrun)))
}

/// The lower number reads later and tells more: the higher one, without it, must not follow.
async fn a_node_that_is_slow_to_read_publishes_no_number_that_is_outrun(world: World) {
    let (first, second) = (world.certificate("r1").await, world.certificate("r2").await);
    world.revoke(first.serial(), RevocationReason::Superseded).await.unwrap();
    world.pass(60);
    let (held, slow) = numbered(world.ca.clone(), CrlKind::Full).await;
    let (answer, fast) = signing(&world, node(&world).await, CrlKind::Full).await;
    world.revoke(second.serial(), RevocationReason::KeyCompromise).await.unwrap();
    held.go();
    let told = slow.await.unwrap().unwrap();
    assert_eq!(told.entries, 2);
    answer.release();
    assert!(outrun(fast.await.unwrap()), "its number is higher, and the second one is not on it");
    let list = current(&world, CrlKind::Full).await;
    assert!(list.lookup(second.serial()).is_some());
    assert_eq!(world.records("crl.rejected").await, 1);
    // The next one has a number above both.
    world.pass(60);
    assert!(node(&world).await.publish_crl(CrlKind::Full).await.unwrap().number > told.number + 1);
    assert!(!world.ca.reconcile().await.unwrap().balance.is_alarm());
}

async fn a_node_that_is_slow_to_sign_publishes_nothing_that_lacks_a_revocation(world: World) {
    let (first, second) = (world.certificate("r1").await, world.certificate("r2").await);
    world.revoke(first.serial(), RevocationReason::Superseded).await.unwrap();
    world.pass(60);
    let (answer, slow) = signing(&world, world.ca.clone(), CrlKind::Full).await;
    world.revoke(second.serial(), RevocationReason::KeyCompromise).await.unwrap();
    let fast = node(&world).await.publish_crl(CrlKind::Full).await.unwrap();
    answer.release();
    assert!(outrun(slow.await.unwrap()));
    let found = world.ca.current_crl(CrlKind::Full).await.unwrap().unwrap().record;
    assert_eq!((found.number, found.entries), (fast.number, 2));
    // A node that only does what is due takes that for done.
    world.pass(60);
    let due = world.ca.publish_due().await.unwrap();
    assert!(due.is_empty(), "{due:?}");
}

/// Device lost past the middle of the window: what goes out then is not older than what is out.
async fn t11_spare_of_the_slower_node_never_replaces_the_newer_one(world: World) {
    let (first, second) = (world.certificate("r1").await, world.certificate("r2").await);
    world.revoke(first.serial(), RevocationReason::Superseded).await.unwrap();
    world.pass(60);
    // The slower node has published, and is signing its spare.
    let ca = world.ca.clone();
    let (mut held, slow) =
        fault::held("ca.56-spare-signed", async move { ca.publish_crl(CrlKind::Full).await });
    let slow = tokio::spawn(slow);
    assert!(held.reached().await);
    world.pass(1);
    world.revoke(second.serial(), RevocationReason::KeyCompromise).await.unwrap();
    node(&world).await.publish_crl(CrlKind::Full).await.unwrap();
    held.go();
    slow.await.unwrap().unwrap();
    world.device.fail_from(Counted::Calls, world.device.count(Counted::Calls) + 1, Fault::Gone);
    world.clock.advance(SignedDuration::from_hours(25));
    let spare = node(&world).await.use_spare(CrlKind::Full).await.unwrap().unwrap();
    assert_eq!((spare.entries, spare.spare), (2, true));
    assert!(current(&world, CrlKind::Full).await.lookup(second.serial()).is_some());
    assert!(world.ca.use_spare(CrlKind::Full).await.unwrap().is_none(), "once");
}

async fn a_list_that_another_node_took_for_interrupted_is_not_published(world: World) {
    let certificate = world.certificate("r1").await;
    world.revoke(certificate.serial(), RevocationReason::Superseded).await.unwrap();
    world.pass(60);
    let before = world.records("crl.published").await;
    let (answer, slow) = signing(&world, world.ca.clone(), CrlKind::Full).await;
    assert_eq!(node(&world).await.recover().await.unwrap().crls, 1);
    answer.release();
    let refused = slow.await.unwrap();
    assert!(matches!(refused, Err(Error::CrlRejected(_))), "{refused:?}");
    assert_eq!(world.records("crl.published").await, before, "abandoned, and that stands");
    assert_eq!(world.records("crl.abandoned").await, 1);
    assert_eq!(world.ca.publish_due().await.unwrap().len(), 1, "the next one tells it");
    assert!(!world.ca.reconcile().await.unwrap().balance.is_alarm());
}

/// It was alone when it started, and repeats what a crash had left under one generation: what a node that starts meanwhile
/// makes under the next one is neither given up nor does it fall out of the account.
async fn t06_a_node_that_starts_while_another_recovers_is_left_what_it_makes(world: World) {
    if world.store.engine() == Engine::Sqlite {
        return;
    }
    let folder = world.folder.path();
    let line = open_ca(&world.store, &world.device, &world.clock, config(folder)).await;
    intend(&world.store, &line, order("r1", Role::Sign, "张三", key())).await.unwrap();
    world.pass(60);
    let parts = (&world.store, &world.device, &world.clock);
    succeed(parts, succession(folder, "G2", None)).await.unwrap();
    line.follow_line().await.unwrap();
    // Its signature for the first generation is held back.
    let repeated = world.device.hold_next(Counted::Signatures);
    let recovering = tokio::spawn(async move { line.recover().await });
    while !repeated.is_waiting() {
        tokio::task::yield_now().await;
    }
    let store = open_store(&world.url, folder, &world.journal, &world.clock).await;
    let other = open_ca(&store, &world.device, &world.clock, config(folder)).await;
    let (answer, making) = signing(&world, other.clone(), CrlKind::Full).await;
    repeated.release();
    let found = recovering.await.unwrap().unwrap();
    assert!(matches!(found.intents[..], [(_, Explanation::Finished)]), "{found:?}");
    assert_eq!((found.crls, found.settled), (0, false), "another node is there by now");
    answer.release();
    assert_eq!(making.await.unwrap().unwrap().issuer, "issuing2");
    assert!(!other.reconcile().await.unwrap().balance.is_alarm());
    assert_eq!(world.records("crl.abandoned").await, 0);
}

async fn two_nodes_that_find_the_same_state_both_go_on(world: World) {
    let certificate = world.certificate("r1").await;
    world.revoke(certificate.serial(), RevocationReason::Superseded).await.unwrap();
    world.pass(60);
    let (held, slow) = numbered(world.ca.clone(), CrlKind::Full).await;
    held.go();
    let first = slow.await.unwrap().unwrap();
    let second = node(&world).await.publish_crl(CrlKind::Full).await.unwrap();
    assert!(second.number > first.number);
    assert_eq!((first.entries, second.entries), (1, 1));
}

async fn of_two_nodes_the_slower_clock_gives_no_earlier_instant_to_a_higher_number(world: World) {
    world.certificate("r1").await;
    world.pass(60);
    let (held, fast) = numbered(world.ca.clone(), CrlKind::Full).await;
    // The clock of the other node is behind; it takes the higher number.
    world.pass(-30);
    let (answer, slow) = signing(&world, node(&world).await, CrlKind::Full).await;
    world.pass(30);
    held.go();
    let first = fast.await.unwrap().unwrap();
    answer.release();
    assert!(outrun(slow.await.unwrap()), "relying parties would take the older one for the newer");
    // Behind a list of the other node it is not dated before that.
    world.pass(-30);
    let second = node(&world).await.publish_crl(CrlKind::Full).await.unwrap();
    assert!(second.number > first.number);
    let found = world.ca.current_crl(CrlKind::Full).await.unwrap().unwrap().record;
    assert_eq!(found.number, second.number);
}

/// A delta beside a full list: their numbers are of one series.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_full_list_that_is_slow_never_follows_a_delta_that_told_more() {
    let policy = CrlPolicy {
        delta_every: SignedDuration::from_hours(1),
        delta_window: SignedDuration::from_hours(2),
        ..policy()
    };
    let world = World::with(Db::Sqlite, 0, policy).await;
    let certificate = world.certificate("r1").await;
    world.pass(60);
    // The delta has the lower number and reads after the revocation, which the full list misses.
    let (held, delta) = numbered(world.ca.clone(), CrlKind::Delta).await;
    let (answer, full) = signing(&world, node(&world).await, CrlKind::Full).await;
    world.revoke(certificate.serial(), RevocationReason::KeyCompromise).await.unwrap();
    held.go();
    assert_eq!(delta.await.unwrap().unwrap().entries, 1);
    answer.release();
    assert!(outrun(full.await.unwrap()));
}
