//! The same stories on PostgreSQL: one SQL text serves both.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stderr)]

use crate::world;

use access::{
    ActKind, Action, Error, NewPassphrase, NewSecret, PassphraseProof, PeopleQuery, PersonChange,
    Role, Roles, Token,
};
use jiff::SignedDuration;
use serde_json::json;
use world::{
    Asker, Staff, World, arrival, code_of, incoming, new_client, new_person, secret_of, source,
};
use zeroize::Zeroizing;

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

#[tokio::test(flavor = "multi_thread")]
async fn the_life_of_a_person_is_the_same_on_postgresql() {
    let Some(world) = World::on_postgres().await else {
        eprintln!("YINXIN_TEST_PG_URL is not set: nothing was tested");
        return;
    };
    let (chief, _) = world.first_people().await;
    let lead = world.appoint(&chief, "lead", "business_admin", None).await;
    let clerk = world.appoint(&lead, "clerk", "entry_clerk", Some("office-1")).await;
    a_clerk_moves_to_another_office(&world, &lead, &clerk).await;
    failures_are_counted_and_a_passphrase_is_enrolled(&world, &lead).await;
    an_act_that_nobody_signed_is_erased(&world, &lead).await;
    an_applicant_comes_and_goes(&world).await;
    the_leaver_loses_everything(&world, &chief, &lead).await;
}

async fn a_clerk_moves_to_another_office(world: &World, lead: &Staff, clerk: &Staff) {
    let id = clerk.person.id.clone();
    let change =
        PersonChange { roles: "reviewer".parse().unwrap(), office: Some("office-2".into()) };
    let kind = ActKind::ChangePerson;
    let (permit, signed) = world.signed(lead, kind, &id.object(), &change.to_json()).await.unwrap();
    world.access.change_person(&permit, (signed, id), &Default::default()).await.unwrap();
    assert!(world.principal(clerk).await.is_err());
    let first = world.sign_in(&clerk.key, arrival()).await.unwrap().token;
    let rotated = world.access.rotate_cookie(first.as_str()).await.unwrap().token;
    world.clock.advance(SignedDuration::from_mins(2));
    let held = world.access.authenticate_cookie(rotated.as_str()).await.unwrap();
    assert_eq!(held.person().unwrap().office.as_deref(), Some("office-2"));
    let permit = world.access.permit(&held, Action::UnmaskApplication).unwrap();
    let object = access::Object::application("a1", Some("office-2"));
    world.access.unmask(&permit, ("a1", &object), &["phone"], "电话核对").await.unwrap();
    assert_eq!(world.access.end_all(&held).await.unwrap(), 1);
}

async fn failures_are_counted_and_a_passphrase_is_enrolled(world: &World, lead: &Staff) {
    let created = world.create(lead, &new_person("typist", "reviewer", None)).await.unwrap();
    let code = created.invitation.unwrap().code;
    let passphrase = &Zeroizing::new("白日依山尽，黄河入海流。".to_owned());
    let enrolment = &world.access.begin_enrolment().unwrap();
    let first_code = &code_of(world, &secret_of(world, "typist", enrolment));
    let secret = NewSecret { passphrase, enrolment, first_code };
    let new = NewPassphrase { login: "typist", code: &code, secret };
    let enrolled = world.access.enrol_passphrase(new, source()).await.unwrap();
    assert_eq!(enrolled.id, created.person.id);
    people_are_found(world, lead).await;
    let proof = PassphraseProof { login: "typist", passphrase, code: "0" };
    for _ in 0..5 {
        let refused = world.access.sign_in_by_passphrase(proof, arrival()).await;
        assert!(matches!(refused, Err(Error::SignIn)));
    }
    let refused = world.other_node().sign_in_by_passphrase(proof, arrival()).await;
    assert!(matches!(refused, Err(Error::Locked { .. })));
    assert_eq!(world.records("person.locked").await.len(), 1);
}

async fn people_are_found(world: &World, lead: &Staff) {
    let held = world.principal(lead).await.unwrap();
    let permit = world.access.permit(&held, Action::ReadPeople).unwrap();
    let query = PeopleQuery {
        text: "TYPI".into(),
        role: Some(Role::Reviewer),
        office: Some(String::new()),
        disabled: Some(false),
        limit: 10,
        ..PeopleQuery::default()
    };
    let found = world.access.find_people(&permit, &query).await.unwrap();
    assert_eq!(found.people.len(), 1);
    let credentials = world.access.credentials(&permit, &found.people[0].id).await.unwrap();
    assert!(credentials.has_passphrase && credentials.keys.is_empty());
}

async fn an_act_that_nobody_signed_is_erased(world: &World, lead: &Staff) {
    let held = world.principal(lead).await.unwrap();
    let prepare = async || {
        let kind = ActKind::ManageOffice;
        world.access.prepare_act(&held, kind, "office:1", &json!({ "name": "x" })).await.unwrap()
    };
    let first = prepare().await;
    world.clock.advance(SignedDuration::from_secs(601));
    assert!(world.access.pending_act(&held, &first.id).await.is_err());
    let next = prepare().await;
    assert_eq!(world.access.pending_act(&held, &next.id).await.unwrap(), next);
    assert_eq!(world.count("access_act WHERE completed_at IS NULL").await, 1);
}

async fn an_applicant_comes_and_goes(world: &World) {
    let token = world.access.open_applicant_session("a1", arrival()).await.unwrap().token;
    let held = world.access.authenticate_cookie(token.as_str()).await.unwrap();
    assert_eq!(held.application(), Some("a1"));
    world.access.sign_out(token.as_str()).await.unwrap();
    assert!(world.access.authenticate_cookie(token.as_str()).await.is_err());
}

async fn the_leaver_loses_everything(world: &World, chief: &Staff, lead: &Staff) {
    let signed_in = world.sign_in(&chief.key, arrival()).await.unwrap();
    let chief =
        Staff { person: chief.person.clone(), key: chief.key.clone(), token: signed_in.token };
    let id = lead.person.id.clone();
    let kind = ActKind::DisablePerson;
    let (permit, signed) = world.signed(&chief, kind, &id.object(), &json!({})).await.unwrap();
    world.access.disable_person(&permit, signed, id).await.unwrap();
    assert!(world.principal(lead).await.is_err());
    assert!(world.sign_in(&lead.key, arrival()).await.is_err());
}
