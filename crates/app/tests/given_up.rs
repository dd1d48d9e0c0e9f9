//! An order that was refused, or given up, comes to no certificate any more, on whichever way the program goes on: what
//! was recorded for it before is signed by nobody, neither after a crash nor by a node that is late (ADR 1).

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail loudly")]

use app::doctor::Level;
use app::enrol::State;
use app::{Act, EnrolOrder, Enrolled, Error};
use ca::RequestId;
use gm::sm2::PrivateKey;
use sqlx::Row as _;
use store::{Actor, fault};
use testkit::fault::{Counted, Fault};
use testkit::maker::{MAKER, Maker};

use crate::postgres::postgres;
use crate::way::key;
use crate::world::World;

const DAY: i64 = 86_400;

async fn state(world: &World, id: &str) -> State {
    world.institution.enrolment(&RequestId::new(id).unwrap()).await.unwrap().state
}

/// What exists and counts of an order: intents that are open, certificates that are good.
async fn left(world: &World, id: &'static str) -> (i64, i64) {
    let mut reader = world.institution.store().read().await.unwrap();
    let mut count = async |text: &'static str| {
        let query = sqlx::query_scalar::<_, i64>(text).bind(id);
        query.fetch_one(&mut *reader).await.unwrap()
    };
    let open = "SELECT COUNT(*) FROM issuance WHERE request_id = $1 AND state = 'intended'";
    let good = "SELECT COUNT(*) FROM certificate WHERE request_id = $1 AND status = 'good'";
    (count(open).await, count(good).await)
}

async fn orders(world: &World) -> Level {
    let checks = world.institution.examine(false).await;
    checks.into_iter().find(|check| check.name == "orders").unwrap().level
}

/// As if the device had gone away after everything was recorded: the last unit before a signature.
async fn cut_before_signing(world: &World, order: EnrolOrder) {
    world.device.fail_from(Counted::Signatures, 0, Fault::Gone);
    world.institution.enrol(order).await.unwrap_err();
    world.device.heal();
}

async fn tampered(world: &World, text: &'static str) {
    let unit = world.institution.store().commit(move |tx| {
        Box::pin(async move {
            sqlx::query(text).execute(tx.conn()).await.unwrap();
            Ok::<_, store::Error>(())
        })
    });
    unit.await.unwrap();
}

/// The register of products, with these devices that are trusted no more.
fn register(world: &World, maker: &Maker, blocked: &str) {
    let path = world.institution.layout().products();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path.with_file_name("maker.der"), maker.root.certificate.der()).unwrap();
    let text = format!(
        "[[product]]\nmaker = \"{MAKER}\"\nmodel = \"KEY-200\"\ncertificate = \"GM0099\"\nlevel = 2\n\
         valid_from = \"2020-01-01\"\nvalid_until = \"2049-12-31\"\nuses = [\"subscriber\"]\n\
         root = \"maker.der\"\nblocked = [{blocked}]\n"
    );
    std::fs::write(path, text).unwrap();
}

/// An order whose key is in a certified device.
fn attested(world: &World, maker: &Maker, (id, key): (&str, &PrivateKey)) -> EnrolOrder {
    let text = maker.device("KEY-200", "SN-0001").attest(key.public_key());
    let order = world.order(id, "person", Act::New, key);
    let of = ("person", key.public_key());
    let attestation = world.institution.judge_key(of, Some(text.as_bytes())).unwrap();
    EnrolOrder { attestation, ..order }
}

async fn on(database: &str) -> World {
    World::with(|settings| settings.storage.url = database.into()).await
}

/// The device of a key is reported stolen between a crash and the next start.
async fn blocked_before_the_start(database: &str) {
    let (world, maker, key) = (on(database).await, Maker::new(), key());
    register(&world, &maker, "");
    let world = world.restarted(|_| ()).await.unwrap();
    cut_before_signing(&world, attested(&world, &maker, ("r1", &key))).await;
    assert_eq!(left(&world, "r1").await, (2, 0));
    register(&world, &maker, "\"SN-0001\"");
    let world = world.restarted(|_| ()).await.unwrap();
    assert_eq!(left(&world, "r1").await, (0, 0), "nothing was signed, and nothing is going to be");
    assert!(matches!(state(&world, "r1").await, State::Refused(_)));
    assert_eq!(world.records("enrolment.refused", "enrolment:r1").await.len(), 1);
    assert_eq!(world.records("enrolment.issued", "enrolment:r1").await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_signs_nothing_for_a_device_that_was_blocked_meanwhile_on_sqlite() {
    blocked_before_the_start("").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_signs_nothing_for_a_device_that_was_blocked_meanwhile_on_postgresql() {
    let Some(database) = postgres("given_up_blocked").await else { return };
    blocked_before_the_start(&database).await;
}

/// What can't be judged or read is not signed for, and holds up no other order.
async fn not_judged(damage: &'static str) {
    let (world, maker, key) = (World::new().await, Maker::new(), key());
    register(&world, &maker, "");
    let world = world.restarted(|_| ()).await.unwrap();
    cut_before_signing(&world, attested(&world, &maker, ("r1", &key))).await;
    cut_before_signing(&world, world.order("r2", "person", Act::New, &crate::way::key())).await;
    tampered(&world, damage).await;
    register(&world, &maker, "\"SN-0001\"");
    let world = world.restarted(|_| ()).await.unwrap();
    assert_eq!(left(&world, "r1").await, (2, 0), "{damage}");
    assert_eq!(world.records("enrolment.issued", "enrolment:r1").await.len(), 0);
    assert_eq!(left(&world, "r2").await, (0, 2), "{damage}");
    assert_eq!(state(&world, "r2").await, State::Issued);
    let again = world.institution.recover().await.unwrap();
    assert_eq!(again.left.into_iter().collect::<Vec<_>>(), ["r1"]);
    assert_eq!(left(&world, "r1").await, (2, 0), "{damage}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_signs_nothing_for_an_order_whose_device_it_cannot_judge() {
    not_judged("UPDATE enrolment_attestation SET verdict = '{' WHERE request_id = 'r1'").await;
    not_judged("DELETE FROM enrolment_attestation WHERE request_id = 'r1'").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_signs_nothing_for_an_order_that_it_cannot_read() {
    not_judged("UPDATE enrolment SET enc_serial = 'zz' WHERE request_id = 'r1'").await;
    not_judged(
        "UPDATE enrolment SET enc_serial = 'zz', state = 'refused', refusal = '已终止', \
         finished_at = accepted_at WHERE request_id = 'r1'",
    )
    .await;
}

/// The clock was set back, or another node's is ahead: when an order says that it was accepted excuses it from nothing.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_was_accepted_later_than_now_is_judged_at_the_start_too() {
    let (world, maker, key) = (World::new().await, Maker::new(), key());
    register(&world, &maker, "");
    let world = world.restarted(|_| ()).await.unwrap();
    cut_before_signing(&world, attested(&world, &maker, ("r1", &key))).await;
    tampered(&world, "UPDATE enrolment SET accepted_at = accepted_at + 3600").await;
    register(&world, &maker, "\"SN-0001\"");
    let world = world.restarted(|_| ()).await.unwrap();
    assert_eq!(left(&world, "r1").await, (0, 0));
    assert!(matches!(state(&world, "r1").await, State::Refused(_)));
}

/// The applicant was told that the order is refused: no start makes certificates of it afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_after_it_was_recorded_is_signed_by_no_start() {
    let (world, maker, key) = (World::new().await, Maker::new(), key());
    register(&world, &maker, "");
    let world = world.restarted(|_| ()).await.unwrap();
    let order = attested(&world, &maker, ("r1", &key));
    cut_before_signing(&world, order.clone()).await;
    register(&world, &maker, "\"SN-0001\"");
    // What was recorded is still open when the client asks again.
    let world = world.restarted_unrecovered().await;
    assert_eq!(left(&world, "r1").await, (2, 0));
    let refused = world.institution.enrol(order).await.unwrap_err();
    assert_eq!(refused.code(), "attestation.device-blocked");
    assert_eq!(left(&world, "r1").await, (0, 0));
    let abandoned = world.records_of_kind("certificate.abandoned").await;
    assert_eq!(abandoned, 2, "both are explained");
    let world = world.restarted(|_| ()).await.unwrap();
    assert_eq!(left(&world, "r1").await, (0, 0));
    assert_eq!(orders(&world).await, Level::Good);
    assert!(world.institution.ca().recover().await.unwrap().settled, "and so is the account");
}

/// What an older version left: the intents of a refused order are given up before anything is signed.
#[tokio::test(flavor = "multi_thread")]
async fn intents_of_an_order_that_was_refused_before_are_given_up_first() {
    let world = World::new().await;
    cut_before_signing(&world, world.order("r1", "person", Act::New, &key())).await;
    tampered(
        &world,
        "UPDATE enrolment SET state = 'refused', refusal = '已终止', finished_at = accepted_at",
    )
    .await;
    let world = world.restarted(|_| ()).await.unwrap();
    assert_eq!(left(&world, "r1").await, (0, 0));
    // Certificates of a refused order: nobody looked at them so far.
    world.institution.enrol(world.order("r2", "person", Act::New, &key())).await.unwrap();
    assert_eq!(orders(&world).await, Level::Good);
    tampered(
        &world,
        "UPDATE enrolment SET state = 'refused', refusal = '已终止' WHERE request_id = 'r2'",
    )
    .await;
    assert_eq!(orders(&world).await, Level::Failed);
}

/// One node gives an order up while another is about to sign for it: what the late one signs counts for nothing.
async fn late(database: &str) {
    let world = on(database).await;
    let order = world.order("r1", "person", Act::New, &key());
    let held = world.device.hold_next(Counted::Signatures);
    let institution = world.institution.clone();
    let asked = tokio::spawn(async move { institution.enrol(order).await });
    while !held.is_waiting() {
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    world.pass(DAY + 1);
    world.institution.give_up_stale().await.unwrap();
    assert!(matches!(state(&world, "r1").await, State::Refused(_)));
    held.release();
    let answer: Result<Enrolled, Error> = asked.await.unwrap();
    assert_eq!(answer.unwrap_err().code(), "app.request_refused");
    assert_eq!(left(&world, "r1").await, (0, 0));
    assert_eq!(world.records("enrolment.issued", "enrolment:r1").await.len(), 0);
    assert!(world.institution.ca().recover().await.unwrap().intents.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_late_issues_nothing_for_an_order_that_was_given_up_on_sqlite() {
    late("").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_late_issues_nothing_for_an_order_that_was_given_up_on_postgresql() {
    let Some(database) = postgres("given_up_late").await else { return };
    late(&database).await;
}

/// What recovery had signed of an order that is refused before anybody was handed it, is revoked with the refusal.
#[tokio::test(flavor = "multi_thread")]
async fn certificates_that_nobody_was_handed_are_revoked_with_the_refusal() {
    let (world, maker, key) = (World::new().await, Maker::new(), key());
    register(&world, &maker, "");
    let world = world.restarted(|_| ()).await.unwrap();
    cut_before_signing(&world, attested(&world, &maker, ("r1", &key))).await;
    // The CA comes to its end, and the answer isn't made: as if the key centre had been away.
    world.institution.ca().recover().await.unwrap();
    assert_eq!(left(&world, "r1").await, (0, 2));
    register(&world, &maker, "\"SN-0001\"");
    let world = world.restarted(|_| ()).await.unwrap();
    assert_eq!(left(&world, "r1").await, (0, 0));
    let row = world.institution.enrolment(&RequestId::new("r1").unwrap()).await.unwrap();
    let subject = format!("certificate:issuing/{}", row.sign_serial.to_hex());
    let revoked = world.records("certificate.revoked", &subject).await;
    assert_eq!(revoked.len(), 1);
    assert_eq!(revoked.first().unwrap().actor, Actor::system().to_string());
    assert!(world.institution.settle_key_notices().await.unwrap() >= 1, "the centre ends the key");
}

/// One order that fails each time, or can't be read at all, holds up no other.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_cannot_be_given_up_holds_up_no_other() {
    let world = World::new().await;
    for id in ["r1", "r2", "r3"] {
        cut_before_signing(&world, world.order(id, "person", Act::New, &key())).await;
    }
    tampered(&world, "UPDATE enrolment SET enc_serial = 'zz' WHERE request_id = 'r1'").await;
    tampered(&world, "UPDATE enrolment_attestation SET verdict = '{' WHERE request_id = 'r2'")
        .await;
    world.pass(DAY + 1);
    world.institution.give_up_stale().await.unwrap();
    assert_eq!(state(&world, "r2").await, State::Accepted);
    assert!(matches!(state(&world, "r3").await, State::Refused(_)));
    assert_eq!(left(&world, "r3").await, (0, 0));
}

/// What comes to no end, whatever is tried: certificates to which the key centre gives no key, an order without a verdict
/// that can be read.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_never_comes_to_its_end_is_told_of_and_taken_back_after_a_week() {
    let world = World::new().await;
    cut_before_signing(&world, world.order("r1", "person", Act::New, &key())).await;
    world.institution.ca().recover().await.unwrap();
    let row = world.institution.enrolment(&RequestId::new("r1").unwrap()).await.unwrap();
    world.institution.centre().revoke(row.enc_serial.unwrap()).await.unwrap();
    cut_before_signing(&world, world.order("r2", "person", Act::New, &key())).await;
    tampered(&world, "UPDATE enrolment_attestation SET verdict = '{' WHERE request_id = 'r2'")
        .await;
    assert_eq!(orders(&world).await, Level::Warning);
    world.pass(DAY + 3 * 3_600);
    world.institution.give_up_stale().await.unwrap();
    assert_eq!(left(&world, "r1").await, (0, 2), "the key centre may come to itself");
    assert_eq!(state(&world, "r2").await, State::Accepted);
    let told = world.institution.examine(false).await;
    let told = told.into_iter().find(|check| check.name == "orders").unwrap();
    assert_eq!(told.level, Level::Failed);
    assert!(told.detail.contains("r1") && told.detail.contains("r2"), "{}", told.detail);
    world.pass(6 * DAY);
    world.institution.give_up_stale().await.unwrap();
    for id in ["r1", "r2"] {
        assert!(matches!(state(&world, id).await, State::Refused(_)), "{id}");
        assert_eq!(left(&world, id).await, (0, 0), "{id}");
    }
    assert_eq!(orders(&world).await, Level::Good);
}

/// Given up between the key centre's answer and the intents: nothing is recorded to be signed, and nothing is signed.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_recorded_to_be_signed_of_an_order_that_was_given_up_meanwhile() {
    let world = World::new().await;
    let order = world.order("r1", "person", Act::New, &key());
    let institution = world.institution.clone();
    let enrolling = async move { institution.enrol(order).await };
    let (mut held, enrolling) = fault::held("app.20-key", enrolling);
    let asked = tokio::spawn(enrolling);
    assert!(held.reached().await);
    // Long ago by its row: what the clock says of the intents themselves is another guard's affair.
    tampered(&world, "UPDATE enrolment SET accepted_at = accepted_at - 90000").await;
    world.institution.give_up_stale().await.unwrap();
    assert!(matches!(state(&world, "r1").await, State::Refused(_)));
    let intended = world.records_of_kind("certificate.intended").await;
    held.go();
    assert_eq!(asked.await.unwrap().unwrap_err().code(), "app.request_refused");
    assert_eq!(world.records_of_kind("certificate.intended").await, intended);
    let mut reader = world.institution.store().read().await.unwrap();
    let text = "SELECT COUNT(*) FROM issuance WHERE request_id = 'r1'";
    let rows = sqlx::query_scalar::<_, i64>(text).fetch_one(&mut *reader).await.unwrap();
    assert_eq!(rows, 0);
}

/// However many orders were refused in all years: a start looks at what is open (SQLite's plan).
#[tokio::test(flavor = "multi_thread")]
async fn what_refused_orders_left_is_found_by_what_is_open() {
    let world = World::new().await;
    let mut reader = world.institution.store().read().await.unwrap();
    let explain = format!("EXPLAIN QUERY PLAN {}", app::enrol::refused_open_query());
    let query = sqlx::query(sqlx::AssertSqlSafe(explain)).bind(0_i64).bind(500_i64);
    let rows = query.fetch_all(&mut *reader).await.unwrap();
    let plan: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
    assert!(plan[0].contains("issuance USING INDEX issuance_open"), "{plan:?}");
    assert!(plan[1].contains("SEARCH enrolment") && plan[1].contains("request_id=?"), "{plan:?}");
    assert_eq!(plan.len(), 2, "{plan:?}");
}
