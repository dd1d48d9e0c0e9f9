//! The same story on PostgreSQL: one SQL text serves both.

#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod world;

use access::{Error, Role, Roles, Token};
use jiff::SignedDuration;
use world::{Asker, World, incoming, new_client};

#[tokio::test(flavor = "multi_thread")]
async fn the_life_of_a_client_is_the_same_on_postgresql() {
    let Some(world) = World::on_postgres().await else {
        eprintln!("YINXIN_TEST_PG_URL is not set: nothing was tested");
        return;
    };
    let admin = world.admin().await;
    let asker = world.asker(&admin, "业务端", "operator").await;
    a_name_is_taken_once(&world, &admin).await;
    let token = a_session_is_opened_and_rotated(&world, &asker).await;
    the_client_goes_with_its_session(&world, &admin, &asker, &token).await;

    assert_eq!(world.count("access_client").await, 2);
    let kinds = world.kinds().await;
    for kind in ["client.created", "session.opened", "client.roles_changed", "client.disabled"] {
        assert!(kinds.iter().any(|found| found == kind), "{kind}");
    }
}

async fn a_name_is_taken_once(world: &World, admin: &Asker) {
    let permit = world.manage(admin).await;
    let (same_name, _) = new_client("管理端", "reader");
    let refused = world.access.create_client(&permit, same_name).await;
    assert!(matches!(refused, Err(Error::Taken)));
}

async fn a_session_is_opened_and_rotated(world: &World, asker: &Asker) -> Token {
    let headers = world.sign(asker, "POST", b"{}");
    let request = incoming("POST", b"{}", &headers);
    let principal = world.access.authenticate(&request).await.unwrap();
    let again = world.other_node().authenticate(&request).await;
    assert!(matches!(again, Err(Error::Replayed)));

    let opened = world.access.open_session(&principal).await.unwrap();
    world.clock.advance(SignedDuration::from_mins(10));
    assert!(world.access.authenticate_session(opened.token.as_str()).await.is_ok());
    let rotated = world.access.rotate_session(opened.token.as_str()).await.unwrap();
    assert!(world.access.authenticate_session(opened.token.as_str()).await.is_err());
    rotated.token
}

async fn the_client_goes_with_its_session(
    world: &World,
    admin: &Asker,
    asker: &Asker,
    token: &Token,
) {
    let permit = world.manage(admin).await;
    let id = &asker.client.id;
    let reader = Roles::new([Role::Reader]).unwrap();
    world.access.change_roles(&permit, id.clone(), reader).await.unwrap();
    assert!(world.access.authenticate_session(token.as_str()).await.is_ok());
    world.access.disable_client(&permit, id.clone()).await.unwrap();
    assert!(world.access.authenticate_session(token.as_str()).await.is_err());
}
