//! People: the first two, who appoints whom, and how somebody leaves.

#![allow(clippy::unwrap_used)]

use crate::world;

use access::{ActKind, Action, Custodians, Error, PersonChange, Role, Roles};
use serde_json::json;
use world::{Staff, World, arrival, new_key, new_person};

fn codes(outcome: Result<impl Sized, Error>) -> &'static str {
    outcome.err().unwrap().code()
}

/// GM/T 0034 §6: both administrators come together, as peers, and only once.
#[tokio::test]
async fn the_first_two_people_come_together_and_only_once() {
    let world = World::new().await;
    let (chief, watch) = world.first_people().await;
    assert!(chief.person.roles.contains(Role::SuperAdmin));
    assert!(watch.person.roles.contains(Role::AuditAdmin));
    assert_eq!(world.records("person.created").await.len(), 2);

    let again = world
        .access
        .create_first_people(
            new_person("chief2", "super_admin", None),
            new_person("watch2", "audit_admin", None),
            &Custodians::default(),
        )
        .await;
    assert_eq!(codes(again), "access.people-not-first");
}

#[tokio::test]
async fn the_first_two_are_the_two_peers_and_two_people() {
    let world = World::new().await;
    let none = Custodians::default();
    let chief = || new_person("chief", "super_admin", None);
    let watch = || new_person("watch", "audit_admin", None);
    let wrong = world.access.create_first_people(watch(), chief(), &none).await;
    assert_eq!(codes(wrong), "access.roles");
    let mut same = watch();
    same.name = chief().name;
    let wrong = world.access.create_first_people(chief(), same, &none).await;
    assert_eq!(codes(wrong), "access.appointment");
    assert_eq!(world.count("access_person").await, 0);
}

/// GM/T 0034 §6: a holder of a share of the root key holds no role.
#[tokio::test]
async fn a_custodian_gets_no_role() {
    let world = World::new().await;
    let custodians = Custodians::new(["watch先生".to_owned()]);
    let refused = world
        .access
        .create_first_people(
            new_person("chief", "super_admin", None),
            new_person("watch", "audit_admin", None),
            &custodians,
        )
        .await;
    assert_eq!(codes(refused), "access.custodian");
}

/// GM/T 0034 §6: who appoints whom, every pair of the table.
#[tokio::test]
async fn everybody_is_appointed_by_the_role_above_and_by_nobody_else() {
    let world = World::new().await;
    let (chief, watch) = world.first_people().await;
    let lead = world.appoint(&chief, "lead", "business_admin", None).await;
    let clerk = world.appoint(&lead, "clerk", "entry_clerk", Some("office-1")).await;
    let officer = world.appoint(&chief, "officer", "security_admin", None).await;
    let cases = [
        ("super_admin", 0),
        ("business_admin", 0),
        ("security_admin", 0),
        ("compliance", 0),
        ("archivist", 0),
        ("audit_admin", 1),
        ("inspector", 1),
        ("entry_clerk", 2),
        ("reviewer", 2),
    ];
    let people = [&chief, &watch, &lead, &clerk, &officer];
    for (role, by) in cases {
        for (at, person) in people.iter().enumerate() {
            let new = new_person(&format!("{}-{at}", role.replace('_', "-")), role, None);
            let outcome = world.create(person, &new).await.map(|_| ());
            let expected = match (at == by, at < 3) {
                (true, _) => None,
                (false, true) => Some("access.appointment"),
                (false, false) => Some("access.forbidden"),
            };
            assert_eq!(outcome.err().map(|e| e.code()), expected, "{role} by {at}");
        }
    }
}

#[tokio::test]
async fn a_person_gets_no_role_of_clients_or_signers() {
    let world = World::new().await;
    let (chief, _) = world.first_people().await;
    for role in ["admin", "operator", "auditor", "reader", "subscriber"] {
        let outcome = world.create(&chief, &new_person("somebody", role, None)).await;
        assert!(outcome.is_err(), "{role}");
    }
    let admin = world.admin().await;
    let (mut new, _) = world::new_client("人", "reader");
    new.roles = Roles::new([Role::BusinessAdmin]).unwrap();
    let permit = world.manage(&admin).await;
    assert_eq!(codes(world.access.create_client(&permit, new).await), "access.roles");
}

/// Measures Art. 25: registration offices have clerks and nobody else.
#[tokio::test]
async fn only_clerks_work_for_a_registration_office() {
    let world = World::new().await;
    let (chief, _) = world.first_people().await;
    let new = new_person("lead", "business_admin", Some("office-1"));
    assert_eq!(codes(world.create(&chief, &new).await), "access.roles");
}

#[tokio::test]
async fn a_login_and_a_key_belong_to_one_person_for_ever() {
    let world = World::new().await;
    let (chief, _) = world.first_people().await;
    let lead = world.appoint(&chief, "lead", "business_admin", None).await;
    disable(&world, &chief, &lead).await.unwrap();
    let outcome = world.create(&chief, &new_person("lead", "compliance", None)).await;
    assert_eq!(codes(outcome), "access.person-taken");
    let mut new = new_person("lead2", "compliance", None);
    new.key = Some(*lead.key.public_key());
    assert_eq!(codes(world.create(&chief, &new).await), "access.person-taken");
}

async fn disable(world: &World, by: &Staff, leaver: &Staff) -> Result<access::Person, Error> {
    let id = leaver.person.id.clone();
    let reason = json!({ "reason": "离职" });
    let (permit, signed) = world.signed(by, ActKind::DisablePerson, &id.object(), &reason).await?;
    world.access.disable_person(&permit, signed, id).await
}

/// GM/T 0034 §6: leavers lose everything at once.
#[tokio::test]
async fn a_leavers_sessions_and_keys_end_at_once() {
    let world = World::new().await;
    let (chief, _) = world.first_people().await;
    let lead = world.appoint(&chief, "lead", "business_admin", None).await;
    let held = world.principal(&lead).await.unwrap();
    let act = world
        .access
        .prepare_act(&held, ActKind::ManageOffice, "office:1", &json!({}))
        .await
        .unwrap();
    disable(&world, &chief, &lead).await.unwrap();

    assert_eq!(codes(world.principal(&lead).await), "access.session-over");
    assert_eq!(codes(world.sign_in(&lead.key, arrival()).await), "access.sign-in");
    let der = world::signature(&lead.key, &act.statement).to_der();
    let late = world.access.complete_act(&held, &act.id, &der).await;
    assert_eq!(codes(late), "access.act-signature", "what was begun is not finished");
    let record = world.records("person.disabled").await.remove(0);
    assert_eq!(record.body["sessions_ended"], 1);
    assert_eq!(record.body["keys_ended"], 1);
    assert!(record.body["act"]["signature"].is_string(), "signed by who dismissed");
}

#[tokio::test]
async fn a_clerk_is_dismissed_by_the_role_above_and_by_nobody_else() {
    let world = World::new().await;
    let (chief, watch) = world.first_people().await;
    let lead = world.appoint(&chief, "lead", "business_admin", None).await;
    let clerk = world.appoint(&lead, "clerk", "entry_clerk", None).await;
    for person in [&chief, &watch] {
        assert_eq!(codes(disable(&world, person, &clerk).await), "access.appointment");
    }
    assert_eq!(codes(disable(&world, &clerk, &lead).await), "access.forbidden");
    assert!(disable(&world, &lead, &clerk).await.is_ok());
}

#[tokio::test]
async fn the_last_of_the_two_peers_stays() {
    let world = World::new().await;
    let (chief, watch) = world.first_people().await;
    assert_eq!(codes(disable(&world, &chief, &chief).await), "access.last-of-role");
    assert_eq!(codes(disable(&world, &watch, &watch).await), "access.last-of-role");
    let next = world.appoint(&chief, "chief2", "super_admin", None).await;
    assert!(disable(&world, &next, &chief).await.is_ok());
}

#[tokio::test]
async fn other_roles_end_the_sessions_and_count_from_then_on() {
    let world = World::new().await;
    let (chief, _) = world.first_people().await;
    let lead = world.appoint(&chief, "lead", "business_admin", None).await;
    let clerk = world.appoint(&lead, "clerk", "entry_clerk", Some("office-1")).await;
    let id = clerk.person.id.clone();
    let change = PersonChange { roles: "reviewer".parse().unwrap(), office: None };
    let (permit, signed) =
        world.signed(&lead, ActKind::ChangePerson, &id.object(), &change.to_json()).await.unwrap();
    world.access.change_person(&permit, (signed, id), &Custodians::default()).await.unwrap();

    assert_eq!(codes(world.principal(&clerk).await), "access.session-over");
    let token = world.sign_in(&clerk.key, arrival()).await.unwrap().token;
    let now = world.access.authenticate_cookie(token.as_str()).await.unwrap();
    assert!(world.access.permit(&now, Action::ReviewApplication).is_ok());
    assert_eq!(codes(world.access.permit(&now, Action::ProofIdentity)), "access.forbidden");
}

#[tokio::test]
async fn nobody_is_created_without_a_fitting_signature() {
    let world = World::new().await;
    let (chief, watch) = world.first_people().await;
    let none = Custodians::default();
    let new = new_person("lead", "business_admin", None);
    let (permit, _) =
        world.signed(&chief, ActKind::CreatePerson, &new.object(), &new.to_json()).await.unwrap();
    // Signed by another, for another, or as another act.
    let (_, by_other) =
        world.signed(&watch, ActKind::CreatePerson, &new.object(), &new.to_json()).await.unwrap();
    let (_, for_other) =
        world.signed(&chief, ActKind::CreatePerson, "login:other", &new.to_json()).await.unwrap();
    let (_, other_act) =
        world.signed(&chief, ActKind::DisablePerson, &new.object(), &new.to_json()).await.unwrap();
    for signed in [by_other, for_other, other_act] {
        let outcome = world.access.create_person(&permit, signed, &none).await;
        assert_eq!(codes(outcome), "access.act-wrong");
    }
}

#[tokio::test]
async fn a_revoked_certificate_ends_its_key_and_the_sessions() {
    let world = World::new().await;
    let (chief, _) = world.first_people().await;
    let created = world.create(&chief, &new_person("lead", "business_admin", None)).await.unwrap();
    let key = new_key();
    let challenge = world.access.begin_challenge(world::ORIGIN).unwrap();
    let new = access::NewKey {
        public_key: *key.public_key(),
        label: "智能密码钥匙".parse().unwrap(),
        certificate: Some("0a1b".into()),
        expires_at: None,
    };
    let signed = world::signature(&key, &challenge.text);
    let code = created.invitation.unwrap().code;
    world
        .access
        .enrol_key(("lead", &code), new, (&challenge, &signed), world::source())
        .await
        .unwrap();
    let token = world.sign_in(&key, arrival()).await.unwrap().token;
    let ended =
        world.access.end_keys_of_certificate(store::Actor::system(), "0a1b".into()).await.unwrap();
    assert_eq!(ended, 1);
    assert!(world.access.authenticate_cookie(token.as_str()).await.is_err());
    assert_eq!(codes(world.sign_in(&key, arrival()).await), "access.sign-in");
}
