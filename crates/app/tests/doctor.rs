//! The doctor looks at everything, and what it finds in the tables stops issuing.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail loudly")]

use crate::world;

use app::doctor::{Check, Level};
use app::{Act, Error};
use gm::OsRandom;
use gm::sm2::PrivateKey;
use store::Standing;
use testkit::fault::{Counted, Fault};
use world::World;

async fn tables(world: &World, full: bool) -> Option<Check> {
    checked(world, full, "tables").await
}

async fn checked(world: &World, full: bool, name: &str) -> Option<Check> {
    let checks = world.institution.examine(full).await;
    checks.into_iter().find(|check| check.name == name)
}

async fn ends(world: &World) -> Check {
    let checks = world.institution.examine(false).await;
    checks.into_iter().find(|check| check.name == "ends").unwrap()
}

/// Certificates that nobody renews by themselves are told of in time, in their own words.
#[tokio::test(flavor = "multi_thread")]
async fn certificates_that_come_near_their_end_are_told_of_far_ahead() {
    let world = World::new().await;
    let good = ends(&world).await;
    assert_eq!(good.level, Level::Good, "{}", good.detail);
    // The issuing CA lasts twenty years, and the root thirty.
    let end = world.institution.ca().certificate().not_after();
    let days = |end: jiff::Timestamp| end.duration_since(world.now()).as_hours() / 24;
    world.pass((days(end) - 1_830) * 86_400);
    world.institution.keep_responder_key().await.unwrap();
    assert_eq!(ends(&world).await.level, Level::Good, "five years and a few days");
    world.pass(10 * 86_400);
    let issuing = ends(&world).await;
    assert_eq!(issuing.level, Level::Warning, "{}", issuing.detail);
    assert!(
        issuing.detail.contains("签发机构") && issuing.detail.contains("密钥仪式"),
        "{issuing:?}"
    );
    assert!(!issuing.detail.contains("根证书"), "{}", issuing.detail);
    world.pass((days(end) + 1) * 86_400);
    let over = ends(&world).await;
    assert_eq!(over.level, Level::Failed, "{}", over.detail);
}

/// The transport certificate of the directory, and files that somebody else serves.
#[tokio::test(flavor = "multi_thread")]
async fn certificates_of_transport_are_looked_at_in_their_files() {
    let world = World::new().await;
    let folder = tempfile::tempdir().unwrap();
    let certificate = world.institution.ca().certificate().clone();
    let file = folder.path().join("chain.pem");
    std::fs::write(&file, certificate.to_pem().unwrap()).unwrap();
    let (file, missing) = (file.display().to_string(), folder.path().join("none.pem"));
    let world = world
        .restarted(|settings| {
            settings.directory.certificate.clone_from(&file);
            settings.directory.key = "unused.pem".to_owned();
            settings.alarms.transport = app::Threshold { days: 7_300, percent: 90 };
        })
        .await
        .unwrap();
    assert_eq!(ends(&world).await.level, Level::Good);
    world.pass(10 * 365 * 86_400);
    world.institution.keep_responder_key().await.unwrap();
    let near = ends(&world).await;
    assert_eq!(near.level, Level::Warning, "{}", near.detail);
    assert!(near.detail.contains("LDAPS") && near.detail.contains("chain.pem"), "{}", near.detail);
    let missing = missing.display().to_string();
    let world = world
        .restarted(|settings| {
            settings.alarms.transport = app::Threshold { days: 30, percent: 25 };
            settings.alarms.watched = vec![file, missing];
        })
        .await
        .unwrap();
    let unread = ends(&world).await;
    assert_eq!(unread.level, Level::Unknown, "{}", unread.detail);
    assert!(unread.detail.contains("none.pem"), "{}", unread.detail);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_taken_back_in_the_database_is_found_by_the_full_check_and_stops_issuing() {
    let world = World::new().await;
    let key = PrivateKey::generate(&mut OsRandom).unwrap();
    let done = world.institution.enrol(world.order("r1", "person", Act::New, &key)).await.unwrap();
    let reason = ca::RevocationReason::KeyCompromise;
    let revoke = app::lifecycle::Change::Revoke(ca::Revocation::because(reason));
    let actor = store::Actor::system();
    world.institution.change(done.sign.record.serial, revoke, actor).await.unwrap();
    assert!(tables(&world, false).await.is_none(), "only when asked for in full");
    let sound = tables(&world, true).await.unwrap();
    assert_eq!(sound.level, Level::Good, "{}", sound.detail);
    assert!(sound.detail.contains("2 次状态变更"), "{}", sound.detail);

    world
        .institution
        .store()
        .commit(|tx| {
            Box::pin(async move {
                sqlx::query("UPDATE certificate SET status = 'good', reason = NULL")
                    .execute(tx.conn())
                    .await?;
                Ok::<_, store::Error>(())
            })
        })
        .await
        .unwrap();
    let found = tables(&world, true).await.unwrap();
    assert_eq!(found.level, Level::Failed);
    assert!(found.detail.contains("号记录"), "{}", found.detail);
    assert!(matches!(world.institution.store().standing(), Standing::Halted { .. }));
    let key = PrivateKey::generate(&mut OsRandom).unwrap();
    let stopped = world.institution.enrol(world.order("r2", "person", Act::New, &key)).await;
    assert!(matches!(stopped, Err(Error::Store(store::Error::Halted(_)))));
}

/// A hold that somebody takes away in the database frees nobody's certificate: it is found by its record, and by
/// the status of the certificate (Measures Art. 18; Invariant 4).
#[tokio::test(flavor = "multi_thread")]
async fn a_hold_taken_away_in_the_database_is_found_and_stops_the_institution() {
    let world = World::with(|settings| {
        settings.institution.credit_code = "12110101YX0000016B".into();
    })
    .await;
    let key = PrivateKey::generate(&mut OsRandom).unwrap();
    let done = world.institution.enrol(world.order("r1", "person", Act::New, &key)).await.unwrap();
    let (suspend, actor) = (app::lifecycle::Change::Suspend, store::Actor::client("0011"));
    world.institution.change(done.sign.record.serial, suspend, actor).await.unwrap();
    assert!(checked(&world, false, "registration").await.is_none(), "only when asked for in full");
    let sound = checked(&world, true, "registration").await.unwrap();
    assert_eq!(sound.level, Level::Good, "{}", sound.detail);
    assert!(sound.detail.contains("1 项暂停"), "{}", sound.detail);
    let hourly = world.institution.compare_registration(false).await.unwrap().unwrap();
    assert!(hourly.is_sound());

    let tampered = world.institution.store().commit(|tx| {
        Box::pin(async move {
            sqlx::query("DELETE FROM ra_hold").execute(tx.conn()).await?;
            Ok::<_, store::Error>(())
        })
    });
    tampered.await.unwrap();
    let found = checked(&world, true, "registration").await.unwrap();
    assert_eq!(found.level, Level::Failed);
    for said in ["暂停曾被删除", "已暂停而没有任何暂停"] {
        assert!(found.detail.contains(said), "{said}: {}", found.detail);
    }
    let stopped = world.institution.compare_registration(false).await.unwrap().unwrap();
    assert_eq!(stopped.findings.len(), 2);
    assert!(matches!(world.institution.store().standing(), Standing::Halted { .. }));
}

/// A node that was killed has recorded a signature and not made it: another one could stand for it (T-06).
#[tokio::test(flavor = "multi_thread")]
async fn signatures_that_were_permitted_and_never_made_are_told_until_a_node_starts_alone() {
    let world = World::new().await;
    let told = async |world: &World| checked(world, false, "signatures").await.unwrap();
    assert_eq!(told(&world).await.level, Level::Good);
    world.device.fail_next(Counted::Signatures, Fault::Gone);
    world.institution.ca().publish_crl(ca::CrlKind::Full).await.unwrap_err();
    assert_eq!(told(&world).await.level, Level::Good, "it may be in work");
    world.pass(3_601);
    let left = told(&world).await;
    assert_eq!(left.level, Level::Warning, "{}", left.detail);
    for part in ["“ca”有 1 次签名", "只启动一个"] {
        assert!(left.detail.contains(part), "{}", left.detail);
    }
    let world = world.restarted(|_| ()).await.unwrap();
    world.pass(3_601);
    let settled = told(&world).await;
    assert_eq!(settled.level, Level::Good, "{}", settled.detail);
}
