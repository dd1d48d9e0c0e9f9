//! The same story on PostgreSQL: one SQL text serves both.

#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod world;

use access::{Error, Role, Roles};
use jiff::SignedDuration;
use world::{World, incoming, new_client};

#[tokio::test(flavor = "multi_thread")]
async fn the_life_of_a_client_is_the_same_on_postgresql() {
    let Some(world) = World::on_postgres().await else {
        eprintln!("YINXIN_TEST_PG_URL is not set: nothing was tested");
        return;
    };
    let admin = world.admin().await;
    let permit = world.manage(&admin).await;
    let (same_name, _) = new_client("管理端", "reader");
    assert!(matches!(
        world.access.create_client(&permit, same_name).await,
        Err(Error::Taken)
    ));

    let asker = world.asker(&admin, "业务端", "operator").await;
    let headers = world.sign(&asker, "POST", b"{}");
    let request = incoming("POST", b"{}", &headers);
    let principal = world.access.authenticate(&request).await.unwrap();
    assert!(matches!(
        world.other_node().authenticate(&request).await,
        Err(Error::Replayed)
    ));

    let opened = world.access.open_session(&principal).await.unwrap();
    world.clock.advance(SignedDuration::from_mins(10));
    assert!(
        world
            .access
            .authenticate_session(opened.token.as_str())
            .await
            .is_ok()
    );
    let rotated = world
        .access
        .rotate_session(opened.token.as_str())
        .await
        .unwrap();
    assert!(
        world
            .access
            .authenticate_session(opened.token.as_str())
            .await
            .is_err()
    );

    let reader = Roles::new([Role::Reader]).unwrap();
    world
        .access
        .change_roles(&permit, asker.client.id.clone(), reader)
        .await
        .unwrap();
    world
        .access
        .disable_client(&permit, asker.client.id.clone())
        .await
        .unwrap();
    assert!(
        world
            .access
            .authenticate_session(rotated.token.as_str())
            .await
            .is_err()
    );
    assert_eq!(world.count("access_client").await, 2);
    let kinds = world.kinds().await;
    for kind in [
        "client.created",
        "session.opened",
        "client.roles_changed",
        "client.disabled",
    ] {
        assert!(kinds.iter().any(|found| found == kind), "{kind}");
    }
}
