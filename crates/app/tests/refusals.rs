//! Orders of identified clients that are refused: acts that the journal has, without what they held.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail loudly")]

use crate::world;

use app::lifecycle::Change;
use app::{Act, Error};
use ca::{Revocation, RevocationReason};
use gm::OsRandom;
use gm::sm2::PrivateKey;
use store::{Actor, Stored};
use world::World;

fn key() -> PrivateKey {
    PrivateKey::generate(&mut OsRandom).unwrap()
}

/// Who, which code, and nothing else.
fn assert_says(record: &Stored, world: &World, code: &str) {
    assert_eq!(record.actor, format!("client:{}", world.client.id));
    assert_eq!(record.body, serde_json::json!({ "code": code }));
    assert!(!record.leaf.contains("张三"), "{}", record.leaf);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_of_an_unknown_kind_is_recorded_as_refused() {
    let world = World::new().await;
    let error =
        world.institution.enrol(world.order("r1", "张三", Act::New, &key())).await.unwrap_err();
    assert!(matches!(error, Error::NoKind(_)), "{error}");
    let records = world.records("order.refused", "enrolment:r1").await;
    assert_eq!(records.len(), 1);
    assert_says(&records[0], &world, "app.no_kind");
    // The id was not used up by it.
    world.institution.enrol(world.order("r1", "person", Act::New, &key())).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_comes_again_with_another_order_is_recorded_as_refused() {
    let world = World::new().await;
    let order = world.order("r1", "person", Act::New, &key());
    world.institution.enrol(order.clone()).await.unwrap();
    world.institution.enrol(order).await.unwrap();
    assert!(world.records("order.refused", "enrolment:r1").await.is_empty(), "a repetition");
    let error =
        world.institution.enrol(world.order("r1", "unit", Act::New, &key())).await.unwrap_err();
    assert!(matches!(error, Error::RequestDiffers(_)), "{error}");
    let records = world.records("order.refused", "enrolment:r1").await;
    assert_eq!(records.len(), 1);
    assert_says(&records[0], &world, "app.request_differs");
    assert_eq!(world.records("enrolment.issued", "enrolment:r1").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_the_rules_refuse_is_recorded_once_for_each_attempt() {
    let world = World::new().await;
    let done =
        world.institution.enrol(world.order("r1", "person", Act::New, &key())).await.unwrap();
    let serial = done.sign.record.serial;
    let actor = Actor::client(&world.client.id.to_string());
    let revoke = Change::Revoke(Revocation::because(RevocationReason::Superseded));
    world.institution.change(serial, revoke, actor.clone()).await.unwrap();
    let error = world.institution.change(serial, Change::Resume, actor).await.unwrap_err();
    assert_eq!(error.code(), "ca.status.revoked");
    let about = format!("certificate:issuing/{}", serial.to_hex());
    let records = world.records("order.refused", &about).await;
    assert_eq!(records.len(), 1);
    assert_says(&records[0], &world, "ca.status.revoked");
}
