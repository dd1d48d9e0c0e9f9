//! The life of clients, and its records.

#![allow(clippy::unwrap_used)]

use crate::world;

use access::{Action, ClientName, Error, KeyLabel, PersonName, Role, Roles};
use world::{World, new_client};

#[tokio::test]
async fn the_first_client_comes_from_the_ceremony_and_only_the_first() {
    let world = World::new().await;
    world.admin().await;
    let (second, _) = new_client("第二", "admin");
    assert!(matches!(world.access.create_first_client(second).await, Err(Error::NotFirst)));
    assert_eq!(world.kinds().await.iter().filter(|kind| *kind == "client.created").count(), 1);
}

#[tokio::test]
async fn name_and_key_belong_to_one_client() {
    let world = World::new().await;
    let admin = world.admin().await;
    let permit = world.manage(&admin).await;
    let (mut same_name, _) = new_client("管理端", "reader");
    assert!(matches!(
        world.access.create_client(&permit, same_name.clone()).await,
        Err(Error::Taken)
    ));
    same_name.name = "别名".parse().unwrap();
    same_name.public_key = admin.client.public_key;
    assert!(matches!(world.access.create_client(&permit, same_name).await, Err(Error::Taken)));
    assert_eq!(world.count("access_client").await, 1);
}

#[tokio::test]
async fn only_an_admin_gets_the_permit_to_manage_clients() {
    let world = World::new().await;
    let admin = world.admin().await;
    for role in [Role::Operator, Role::Auditor, Role::Reader] {
        let asker = world.asker(&admin, role.chinese(), role.name()).await;
        let principal = world.ask(&asker, "GET", b"").await.unwrap();
        let refused = world.access.permit(&principal, Action::ManageClients).unwrap_err();
        assert_eq!(refused.to_string(), "没有权限：管理客户端需要角色 业务管理员");
        assert!(!refused.is_authentication());
    }
}

#[tokio::test]
async fn a_permit_is_good_for_its_action_only() {
    let world = World::new().await;
    let admin = world.admin().await;
    let principal = world.ask(&admin, "GET", b"").await.unwrap();
    let read = world.access.permit(&principal, Action::ReadClients).unwrap();
    let (new, _) = new_client("新", "reader");
    assert!(matches!(world.access.create_client(&read, new).await, Err(Error::WrongPermit(_))));
    assert_eq!(world.access.clients(&read).await.unwrap(), [admin.client]);
}

#[tokio::test]
async fn a_disabled_client_is_out_at_once_with_its_sessions() {
    let world = World::new().await;
    let admin = world.admin().await;
    let operator = world.asker(&admin, "业务端", "operator").await;
    let principal = world.ask(&operator, "POST", b"").await.unwrap();
    let token = world.access.open_session(&principal).await.unwrap().token;

    let permit = world.manage(&admin).await;
    let disabled = world.access.disable_client(&permit, operator.client.id.clone()).await.unwrap();
    assert!(disabled.disabled_at.is_some());
    assert!(matches!(world.ask(&operator, "GET", b"").await, Err(Error::Disabled(_))));
    assert!(world.access.authenticate_session(token.as_str()).await.is_err());

    // Once more changes nothing and records nothing.
    world.access.disable_client(&permit, operator.client.id.clone()).await.unwrap();
    assert_eq!(world.kinds().await.iter().filter(|kind| *kind == "client.disabled").count(), 1);
}

#[tokio::test]
async fn roles_change_for_open_sessions_too() {
    let world = World::new().await;
    let admin = world.admin().await;
    let asker = world.asker(&admin, "业务端", "operator").await;
    let principal = world.ask(&asker, "POST", b"").await.unwrap();
    let token = world.access.open_session(&principal).await.unwrap().token;
    let permit = world.manage(&admin).await;
    let reader = Roles::new([Role::Reader]).unwrap();
    world.access.change_roles(&permit, asker.client.id.clone(), reader).await.unwrap();
    let held = world.access.authenticate_session(token.as_str()).await.unwrap();
    assert!(world.access.permit(&held, Action::IssueCertificate).is_err());
    assert!(world.access.permit(&held, Action::ReadCertificate).is_ok());
    assert!(world.kinds().await.contains(&"client.roles_changed".to_owned()));
}

#[tokio::test]
async fn the_last_admin_can_neither_go_nor_step_down() {
    let world = World::new().await;
    let admin = world.admin().await;
    let permit = world.manage(&admin).await;
    let gone = world.access.disable_client(&permit, admin.client.id.clone()).await;
    assert!(matches!(gone, Err(Error::LastAdmin)));
    let reader = Roles::new([Role::Reader]).unwrap();
    let down = world.access.change_roles(&permit, admin.client.id.clone(), reader).await;
    assert!(matches!(down, Err(Error::LastAdmin)));

    world.asker(&admin, "管理端二", "admin").await;
    assert!(world.access.disable_client(&permit, admin.client.id).await.is_ok());
}

#[test]
fn nobody_and_nothing_has_a_name_with_what_nobody_sees() {
    for hidden in ['\u{200b}', '\u{202e}', '\u{feff}', '\u{3164}', '\u{2800}', '\u{e0041}', '\n'] {
        let name = format!("公文{hidden}交换");
        assert!(matches!(name.parse::<ClientName>(), Err(Error::Name)), "{hidden:?}");
        assert!(matches!(name.parse::<PersonName>(), Err(Error::PersonName)), "{hidden:?}");
        assert!(matches!(name.parse::<KeyLabel>(), Err(Error::KeyLabel)), "{hidden:?}");
    }
    // A rare character with its variant is one that people see.
    assert!("葛\u{e0100}洪".parse::<PersonName>().is_ok());
}

#[test]
fn names_and_identifiers_are_checked_at_the_door() {
    for bad in ["", "   ", "a\nb", &"长".repeat(65)] {
        assert!(bad.parse::<access::ClientName>().is_err(), "{bad:?}");
    }
    for bad in ["", "0", &"A".repeat(32), &"g".repeat(32), &"0".repeat(33)] {
        assert!(bad.parse::<access::ClientId>().is_err(), "{bad:?}");
    }
}
