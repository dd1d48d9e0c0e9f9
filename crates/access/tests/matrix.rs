//! The permission table as permits carry it out: every role, every action, own and others' objects.

#![allow(clippy::unwrap_used)]

use crate::world;

use access::{Action, Error, Limit, Object, Permissions, Principal, Role, Scope};
use world::{World, arrival};

/// Somebody of every role, each with nothing but this role.
async fn everybody(world: &World) -> Vec<(Role, Principal)> {
    let admin = world.admin().await;
    let mut all = vec![(Role::Admin, world.ask(&admin, "GET", b"").await.unwrap())];
    for role in [Role::Operator, Role::Auditor, Role::Reader, Role::Application] {
        let asker = world.asker(&admin, role.name(), role.name()).await;
        all.push((role, world.ask(&asker, "GET", b"").await.unwrap()));
    }
    let (chief, watch) = world.first_people().await;
    let lead = world.appoint(&chief, "lead", "business_admin", None).await;
    for (role, by, office) in [
        (Role::EntryClerk, &lead, Some("office-1")),
        (Role::Reviewer, &lead, Some("office-1")),
        (Role::Inspector, &watch, None),
        (Role::SecurityAdmin, &chief, None),
        (Role::Compliance, &chief, None),
        (Role::Archivist, &chief, None),
    ] {
        let login = role.name().replace('_', "-");
        let staff = world.appoint(by, &login, role.name(), office).await;
        all.push((role, world.principal(&staff).await.unwrap()));
    }
    for (role, staff) in
        [(Role::SuperAdmin, &chief), (Role::AuditAdmin, &watch), (Role::BusinessAdmin, &lead)]
    {
        all.push((role, world.principal(staff).await.unwrap()));
    }
    let opened = world.access.open_applicant_session("a1", arrival()).await.unwrap();
    let applicant = world.access.authenticate_cookie(opened.token.as_str()).await.unwrap();
    all.push((Role::Subscriber, applicant));
    all
}

#[tokio::test]
async fn every_permit_reaches_as_far_as_its_cell_says_and_no_farther() {
    let world = World::new().await;
    let table = Permissions::embedded().unwrap();
    let everybody = everybody(&world).await;
    assert_eq!(everybody.len(), Role::ALL.len(), "every role is tried");
    let mine = Object::application("a1", Some("office-1"));
    let of_my_office = Object::application("a2", Some("office-1"));
    let of_another = Object::application("a2", Some("office-2"));
    for (role, principal) in &everybody {
        for action in Action::ALL {
            let place = format!("{} {}", role.name(), action.name());
            let found = world.access.permit(principal, *action);
            let Some(scope) = table.scope(*role, *action) else {
                assert!(matches!(found, Err(Error::Forbidden { .. })), "{place}");
                continue;
            };
            let permit = found.unwrap();
            let reached = [&mine, &of_my_office, &of_another]
                .map(|object| permit.covers_object(*action, object).is_ok());
            let (expected, limit) = match scope {
                Scope::Any => ([true, true, true], Limit::Any),
                Scope::Office => ([true, true, false], Limit::Office(Some("office-1".into()))),
                Scope::Own => ([true, false, false], Limit::Own("a1".into())),
            };
            assert_eq!(reached, expected, "{place}");
            assert_eq!(permit.limit(), &limit, "{place}");
            assert_eq!(permit.covers(*action).is_ok(), scope == Scope::Any, "{place}");
            let others = Action::ALL.iter().filter(|other| *other != action);
            for other in others {
                assert!(permit.covers_object(*other, &mine).is_err(), "{place}");
                assert!(permit.covers(*other).is_err() && permit.is_for(*other).is_err());
            }
        }
    }
}

#[tokio::test]
async fn two_roles_reach_as_far_as_the_wider_of_them() {
    let world = World::new().await;
    let (chief, _) = world.first_people().await;
    let both = world.appoint(&chief, "both", "compliance,archivist", None).await;
    let held = world.principal(&both).await.unwrap();
    assert_eq!(world.access.permit(&held, Action::ReadApplication).unwrap().limit(), &Limit::Any);
    assert!(world.access.permit(&held, Action::ReadStatistics).is_ok());
}

#[tokio::test]
async fn a_refusal_names_roles_that_the_asker_could_be_given() {
    let world = World::new().await;
    let everybody = everybody(&world).await;
    let refusal = |role: Role, action| {
        let (_, principal) = everybody.iter().find(|(found, _)| *found == role).unwrap();
        world.access.permit(principal, action).unwrap_err().to_string()
    };
    let text = refusal(Role::Compliance, Action::ReviewApplication);
    assert_eq!(text, "没有权限：审核申请需要角色 审核员");
    let text = refusal(Role::Reader, Action::IssueCertificate);
    assert_eq!(text, "没有权限：签发证书需要角色 业务操作员");
    let text = refusal(Role::Reader, Action::ReviewApplication);
    assert_eq!(text, "没有权限：审核申请不对您的身份开放");
}
