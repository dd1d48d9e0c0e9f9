//! What people sign in with: taken up, added, replaced and ended by themselves, and who is found.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use crate::world;

use access::{
    ActKind, Action, Challenge, Confirmation, Custodians, Error, NewKey, NewPassphrase, NewSecret,
    PassphraseProof, PeopleQuery, PersonChange, Principal, Role,
};
use gm::sm2::PrivateKey;
use jiff::SignedDuration;
use serde_json::json;
use std::sync::Arc;
use world::{
    ORIGIN, Staff, World, arrival, code_of, new_key, new_person, secret_of, signature, source,
};
use zeroize::Zeroizing;

const PASSPHRASE: &str = "春眠不觉晓，处处闻啼鸟。";
const OTHER: &str = "夜来风雨声，花落知多少。";

fn code(outcome: Result<impl Sized, Error>) -> &'static str {
    outcome.err().unwrap().code()
}

fn text(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.to_owned())
}

/// Somebody who signs in by passphrase and has never had a key.
struct Typist {
    login: &'static str,
    secret: Vec<u8>,
}

impl Typist {
    async fn new(world: &World, by: &Staff) -> Self {
        let created = world.create(by, &new_person("typist", "compliance", None)).await.unwrap();
        let invitation = created.invitation.unwrap();
        let enrolment = world.access.begin_enrolment().unwrap();
        let secret = secret_of(world, "typist", &enrolment);
        let new = NewPassphrase {
            login: "typist",
            code: &invitation.code,
            secret: NewSecret {
                passphrase: &text(PASSPHRASE),
                enrolment: &enrolment,
                first_code: &code_of(world, &secret),
            },
        };
        world.access.enrol_passphrase(new, source()).await.unwrap();
        world.clock.advance(SignedDuration::from_secs(30));
        Self { login: "typist", secret }
    }

    async fn sign_in(&self, world: &World, passphrase: &str) -> Result<Principal, Error> {
        let code = &code_of(world, &self.secret);
        let passphrase = &text(passphrase);
        let proof = PassphraseProof { login: self.login, passphrase, code };
        let signed_in = world.access.sign_in_by_passphrase(proof, arrival()).await?;
        world.clock.advance(SignedDuration::from_secs(30));
        world.access.authenticate_cookie(signed_in.token.as_str()).await
    }
}

fn offered(key: &PrivateKey) -> NewKey {
    NewKey {
        public_key: *key.public_key(),
        label: "备用钥匙".parse().unwrap(),
        certificate: None,
        expires_at: None,
    }
}

fn possession(world: &World, key: &PrivateKey) -> (Challenge, gm::Signature) {
    let challenge = world.access.begin_challenge(ORIGIN).unwrap();
    let signed = signature(key, &challenge.text);
    (challenge, signed)
}

async fn add_by_key(world: &World, staff: &Staff, key: &Arc<PrivateKey>) -> Result<(), Error> {
    let held = world.principal(staff).await?;
    let (challenge, signed) = possession(world, key);
    let new = offered(key);
    let act = world.access.prepare_own_key(&held, &new, (&challenge, &signed)).await?;
    let der = signature(&staff.key, &act.statement).to_der();
    let signed = world.access.complete_act(&held, &act.id, &der).await?;
    world.access.add_own_key(&held, signed).await.map(drop)
}

#[tokio::test]
async fn a_present_key_adds_another_that_signs_in_too() {
    let world = World::new().await;
    let (chief, watch) = world.first_people().await;
    let second = new_key();
    add_by_key(&world, &chief, &second).await.unwrap();
    assert_eq!(world.sign_in(&second, arrival()).await.unwrap().person.unwrap(), chief.person);
    let record = world.records("person.credential_added").await.pop().unwrap();
    assert!(record.body["act"]["signature"].is_string(), "signed with the present key");
    // A key is one person's for ever, whoever shows possession of it.
    assert_eq!(code(add_by_key(&world, &watch, &second).await), "access.person-taken");
}

#[tokio::test]
async fn a_key_is_not_added_without_its_possession_or_by_another_persons_act() {
    let world = World::new().await;
    let (chief, watch) = world.first_people().await;
    let held = world.principal(&chief).await.unwrap();
    let (mine, strange) = (new_key(), new_key());
    let (challenge, by_other) = possession(&world, &strange);
    let proof = (&challenge, &by_other);
    let refused = world.access.prepare_own_key(&held, &offered(&mine), proof).await;
    assert_eq!(code(refused), "access.sign-in");
    // Somebody prepares the act by hand, without possession.
    let payload = json!({
        "key": hex::encode(mine.public_key().to_sec1()), "label": "x",
        "challenge": challenge.text, "possession": hex::encode(by_other.to_der()),
    });
    let object = chief.person.id.object();
    let (_, signed) = world.signed(&chief, ActKind::AddKey, &object, &payload).await.unwrap();
    assert_eq!(code(world.access.add_own_key(&held, signed).await), "access.act-payload");
    let (_, signed) = world.signed(&watch, ActKind::AddKey, &object, &payload).await.unwrap();
    assert_eq!(code(world.access.add_own_key(&held, signed).await), "access.act-wrong");
}

/// A passphrase opens the way to the first key and never to another: it would be as good as one.
#[tokio::test]
async fn a_passphrase_adds_the_first_key_and_no_other() {
    let world = World::new().await;
    let (chief, _) = world.first_people().await;
    let typist = Typist::new(&world, &chief).await;
    let held = typist.sign_in(&world, PASSPHRASE).await.unwrap();
    let add = async |key: &PrivateKey, passphrase: &str| {
        let (challenge, signed) = possession(&world, key);
        let passphrase = &text(passphrase);
        let code = &code_of(&world, &typist.secret);
        let confirmation = Confirmation { passphrase, code, source: source() };
        let proof = (&challenge, &signed);
        let access = &world.access;
        let added = access.add_own_key_by_passphrase(&held, offered(key), proof, confirmation);
        let added = added.await;
        world.clock.advance(SignedDuration::from_secs(30));
        added
    };
    let key = new_key();
    assert_eq!(code(add(&key, "wrong passphrase").await), "access.sign-in");
    let added = add(&key, PASSPHRASE).await.unwrap();
    assert!(world.sign_in(&key, arrival()).await.is_ok());
    assert_eq!(code(add(&new_key(), PASSPHRASE).await), "access.key-needed");
    let fingerprint = added.public_key.fingerprint();
    world.access.end_own_key(&held, fingerprint.clone()).await.unwrap();
    assert_eq!(code(world.sign_in(&key, arrival()).await), "access.sign-in");
    assert_eq!(code(add(&new_key(), PASSPHRASE).await), "access.key-needed");
    let again = world.access.end_own_key(&held, fingerprint).await;
    assert_eq!(code(again), "access.no-credential");
    assert_eq!(code(world.access.end_own_passphrase(&held).await), "access.last-credential");
    assert!(typist.sign_in(&world, PASSPHRASE).await.is_ok(), "a refusal ends nothing");
}

#[tokio::test]
async fn the_last_key_is_not_ended_by_its_holder() {
    let world = World::new().await;
    let (chief, watch) = world.first_people().await;
    let held = world.principal(&chief).await.unwrap();
    let own = chief.key.public_key().fingerprint();
    assert_eq!(code(world.access.end_own_key(&held, own).await), "access.last-credential");
    let others = watch.key.public_key().fingerprint();
    assert_eq!(code(world.access.end_own_key(&held, others).await), "access.no-credential");
    assert!(world.sign_in(&watch.key, arrival()).await.is_ok());
}

#[tokio::test]
async fn a_replaced_passphrase_ends_the_old_one_and_the_other_sessions() {
    let world = World::new().await;
    let (chief, _) = world.first_people().await;
    let mut typist = Typist::new(&world, &chief).await;
    let other = typist.sign_in(&world, PASSPHRASE).await.unwrap();
    let held = typist.sign_in(&world, PASSPHRASE).await.unwrap();
    let enrolment = world.access.begin_enrolment().unwrap();
    let secret = secret_of(&world, "typist", &enrolment);
    let replace = async |first_code: &str, now: &str| {
        let (fresh, present) = (text(OTHER), text(now));
        let new = NewSecret { passphrase: &fresh, enrolment: &enrolment, first_code };
        let code = &code_of(&world, &typist.secret);
        let confirmation = Confirmation { passphrase: &present, code, source: source() };
        world.access.set_own_passphrase_by_passphrase(&held, new, confirmation).await
    };
    assert_eq!(code(replace("000000", PASSPHRASE).await), "access.first-code");
    let first = code_of(&world, &secret);
    assert_eq!(code(replace(&first, OTHER).await), "access.sign-in");
    replace(&first, PASSPHRASE).await.unwrap();
    let sessions = world.access.open_sessions(&held).await.unwrap();
    assert_eq!(sessions.len(), 1, "only the one in which it was replaced");
    assert_ne!(other.session().unwrap().id, sessions[0].session.id);
    world.clock.advance(SignedDuration::from_secs(30));
    assert_eq!(code(typist.sign_in(&world, PASSPHRASE).await), "access.sign-in");
    typist.secret = secret;
    assert!(typist.sign_in(&world, OTHER).await.is_ok());
}

#[tokio::test]
async fn who_has_a_key_sets_a_passphrase_in_a_signed_act_that_holds_no_secret() {
    let world = World::new().await;
    let (chief, _) = world.first_people().await;
    let held = world.principal(&chief).await.unwrap();
    let enrolment = world.access.begin_enrolment().unwrap();
    let secret = secret_of(&world, "chief", &enrolment);
    let passphrase = text(OTHER);
    let new = NewSecret {
        passphrase: &passphrase,
        enrolment: &enrolment,
        first_code: &code_of(&world, &secret),
    };
    let act = world.access.prepare_own_passphrase(&held, new).await.unwrap();
    assert!(!act.payload.contains(OTHER) && !act.payload.contains(&hex::encode(&secret)));
    let der = signature(&chief.key, &act.statement).to_der();
    let signed = world.access.complete_act(&held, &act.id, &der).await.unwrap();
    world.access.set_own_passphrase(&held, signed).await.unwrap();
    world.clock.advance(SignedDuration::from_secs(30));
    let typist = Typist { login: "chief", secret };
    assert!(typist.sign_in(&world, OTHER).await.is_ok());
    let own = chief.key.public_key().fingerprint();
    world.access.end_own_key(&held, own).await.unwrap();
    assert!(world.sign_in(&chief.key, arrival()).await.is_err());
}

#[tokio::test]
async fn an_invitation_may_be_looked_at_and_waits_until_the_first_code_is_right() {
    let world = World::new().await;
    let (chief, _) = world.first_people().await;
    let created = world.create(&chief, &new_person("typist", "compliance", None)).await.unwrap();
    let invitation = created.invitation.unwrap();
    let pair = ("typist", invitation.code.as_str());
    assert_eq!(
        code(world.access.invitation(("typist", "AAAA"), source()).await),
        "access.invitation-over"
    );
    for _ in 0..40 {
        let found = world.access.invitation(pair, source()).await.unwrap();
        assert_eq!(found.person.id, created.person.id, "looking is no failure");
    }
    let enrolment = world.access.begin_enrolment().unwrap();
    let passphrase = text(PASSPHRASE);
    let try_with = async |first_code: &str| {
        let secret = NewSecret { passphrase: &passphrase, enrolment: &enrolment, first_code };
        let new = NewPassphrase { login: pair.0, code: pair.1, secret };
        world.access.enrol_passphrase(new, source()).await
    };
    assert_eq!(code(try_with("000000").await), "access.first-code");
    assert!(world.access.invitation(pair, source()).await.is_ok(), "nothing is lost");
    let right = code_of(&world, &secret_of(&world, "typist", &enrolment));
    try_with(&right).await.unwrap();
    assert_eq!(code(try_with(&right).await), "access.invitation-over");
}

#[tokio::test]
async fn people_are_found_by_what_is_known_of_them() {
    let world = World::new().await;
    let (chief, _) = world.first_people().await;
    let lead = world.appoint(&chief, "lead", "business_admin", None).await;
    world.appoint(&lead, "a_clerk", "entry_clerk,reviewer", Some("office-1")).await;
    world.appoint(&lead, "abclerk", "entry_clerk", None).await;
    let held = world.principal(&lead).await.unwrap();
    let permit = world.access.permit(&held, Action::ReadPeople).unwrap();
    let found = async |query: PeopleQuery| {
        let page = world.access.find_people(&permit, &PeopleQuery { limit: 9, ..query }).await;
        let people = page.unwrap().people;
        people.into_iter().map(|one| one.login.to_string()).collect::<Vec<_>>().join(" ")
    };
    let all = PeopleQuery::default;
    assert_eq!(found(all()).await, "a_clerk abclerk chief lead watch");
    assert_eq!(found(PeopleQuery { text: "A_CL".into(), ..all() }).await, "a_clerk");
    assert_eq!(found(PeopleQuery { text: "clerk 先".into(), ..all() }).await, "a_clerk abclerk");
    assert_eq!(found(PeopleQuery { text: "%".into(), ..all() }).await, "");
    assert_eq!(found(PeopleQuery { role: Some(Role::Reviewer), ..all() }).await, "a_clerk");
    assert_eq!(found(PeopleQuery { office: Some("office-1".into()), ..all() }).await, "a_clerk");
    let own = PeopleQuery { office: Some(String::new()), text: "clerk".into(), ..all() };
    assert_eq!(found(own).await, "abclerk");
    let id = lead.person.id.clone();
    let why = json!({ "reason": "离职" });
    let (may, signed) =
        world.signed(&chief, ActKind::DisablePerson, &id.object(), &why).await.unwrap();
    world.access.disable_person(&may, signed, id).await.unwrap();
    assert_eq!(found(PeopleQuery { disabled: Some(true), ..all() }).await, "lead");
    let page = PeopleQuery { limit: 2, ..all() };
    let first = world.access.find_people(&permit, &page).await.unwrap();
    assert_eq!(first.next.as_deref(), Some("abclerk"));
    let everybody = first.total;
    let page = PeopleQuery { limit: 9, skip: 2, ..all() };
    let rest = world.access.find_people(&permit, &page).await.unwrap();
    assert_eq!((rest.people.len() as u64 + 2, rest.total), (everybody, everybody));
    assert!(!rest.people.contains(&first.people[1]));
    let page = PeopleQuery { limit: 3, after: "abclerk".into(), ..all() };
    assert_eq!(world.access.find_people(&permit, &page).await.unwrap().next, None);
}

#[tokio::test]
async fn sign_ins_are_told_from_the_journal() {
    let world = World::new().await;
    let (chief, watch) = world.first_people().await;
    let held = world.principal(&chief).await.unwrap();
    let permit = world.access.permit(&held, Action::ReadPeople).unwrap();
    world.sign_in(&watch.key, arrival()).await.unwrap();
    let told = world.access.sign_ins(&permit, &watch.person.id, 5).await.unwrap();
    assert_eq!(told.len(), 2);
    assert_eq!(told[0].source, "203.0.113.0/24");
}

/// GM/T 0034 §6: a custodian gets no role under any name, and keeps none.
#[tokio::test]
async fn a_custodian_is_known_by_name_or_staff_number_also_when_roles_change() {
    let world = World::new().await;
    let (chief, _) = world.first_people().await;
    let numbers = Custodians::default().with_numbers(["K-0042".to_owned()]);
    let new = new_person("k-0042", "compliance", None);
    let (permit, signed) =
        world.signed(&chief, ActKind::CreatePerson, &new.object(), &new.to_json()).await.unwrap();
    let refused = world.access.create_person(&permit, signed, &numbers).await;
    assert_eq!(code(refused), "access.custodian");
    let officer = world.appoint(&chief, "officer", "compliance", None).await;
    let change = PersonChange { roles: "archivist".parse().unwrap(), office: None };
    let id = officer.person.id.clone();
    let names = Custodians::new(["officer 先 生".to_owned()]);
    let (permit, signed) =
        world.signed(&chief, ActKind::ChangePerson, &id.object(), &change.to_json()).await.unwrap();
    let refused = world.access.change_person(&permit, (signed, id), &names).await;
    assert_eq!(code(refused), "access.custodian");
}
