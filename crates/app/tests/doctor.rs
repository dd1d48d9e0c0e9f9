//! The doctor looks at everything, and what it finds in the tables stops issuing.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail loudly")]

mod world;

use app::doctor::{Check, Level};
use app::{Act, Error};
use gm::OsRandom;
use gm::sm2::PrivateKey;
use store::Standing;
use world::World;

async fn tables(world: &World, full: bool) -> Option<Check> {
    let checks = world.institution.examine(full).await;
    checks.into_iter().find(|check| check.name == "tables")
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
