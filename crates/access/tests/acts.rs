//! Signed acts: once, by their person, in their session, with their own payload.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use crate::world;

use access::{ActKind, Action, Error, Principal};
use base64::Engine as _;
use gm::sm2::{self, PrivateKey};
use gm::{PublicKey, Signature, UserId};
use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::{Value, json};
use testkit::random::Seeded;
use world::{Staff, World, arrival, new_key, signature};

fn code(outcome: Result<impl Sized, Error>) -> &'static str {
    outcome.err().unwrap().code()
}

async fn clerk(world: &World) -> (Staff, Staff, Staff) {
    let (chief, _) = world.first_people().await;
    let lead = world.appoint(&chief, "lead", "business_admin", None).await;
    let clerk = world.appoint(&lead, "clerk", "entry_clerk", Some("office-1")).await;
    (chief, lead, clerk)
}

#[tokio::test]
async fn a_signed_act_is_what_was_prepared_and_anybody_can_verify_it() {
    let world = World::new().await;
    let (_, _, clerk) = clerk(&world).await;
    let payload = json!({ "method": "in_person", "passed": true, "note": "核对原件" });
    let object = "application:a1";
    let (permit, signed) =
        world.signed(&clerk, ActKind::ProofIdentity, object, &payload).await.unwrap();
    assert!(signed.covers(&permit, ActKind::ProofIdentity, object).is_ok());
    assert_eq!(signed.payload(), &payload);
    assert_eq!(signed.person(), &clerk.person.id);

    // As an auditor does it, from the record alone.
    let evidence = signed.to_json();
    let text = |name: &str| evidence[name].as_str().unwrap().to_owned();
    let key = PublicKey::from_sec1(&hex::decode(text("key")).unwrap()).unwrap();
    let der = base64::engine::general_purpose::STANDARD.decode(text("signature")).unwrap();
    let der = Signature::from_der(&der).unwrap();
    let statement = text("statement");
    sm2::verify(&key, &UserId::default(), statement.as_bytes(), &der).unwrap();
    assert_eq!(&key, clerk.key.public_key());
    let said: Value = serde_json::from_str(&statement).unwrap();
    assert_eq!(said["act"], "application.proof");
    assert_eq!(said["title"], "核验身份");
    assert_eq!(said["object"], object);
    assert_eq!(said["at"], "2026-11-23T09:00:00Z");
    let sealed = world.store.open_blob(evidence["payload"]["blob"].as_str().unwrap()).await;
    let sealed = sealed.unwrap();
    assert_eq!(said["payload_sm3"], gm::sm3::hash(&sealed).to_hex());
    let particulars: Value = serde_json::from_slice(&sealed).unwrap();
    assert_eq!(particulars["payload"], payload);
}

/// Invariant 6: what is in the journal cannot be guessed back.
#[tokio::test]
async fn the_same_payload_never_has_the_same_digest_twice() {
    let world = World::new().await;
    let (_, _, clerk) = clerk(&world).await;
    let held = world.principal(&clerk).await.unwrap();
    let mut digests = Vec::new();
    for _ in 0..2 {
        let act = world
            .access
            .prepare_act(&held, ActKind::ProofIdentity, "application:a1", &json!({}))
            .await
            .unwrap();
        let said: Value = serde_json::from_str(&act.statement).unwrap();
        digests.push(said["payload_sm3"].clone());
    }
    assert_ne!(digests[0], digests[1]);
}

#[tokio::test]
async fn an_act_fits_only_its_kind_its_object_and_its_permit() {
    let world = World::new().await;
    let (_, lead, clerk) = clerk(&world).await;
    let object = "application:a1";
    let (permit, signed) =
        world.signed(&clerk, ActKind::ProofIdentity, object, &json!({})).await.unwrap();
    let held = world.principal(&clerk).await.unwrap();
    let other_action = world.access.permit(&held, Action::ReturnApplication).unwrap();
    let held = world.principal(&lead).await.unwrap();
    let other_person = world.access.permit(&held, Action::ReadApplication).unwrap();
    let kind = ActKind::ProofIdentity;
    assert_eq!(
        code(signed.covers(&permit, ActKind::ReturnApplication, object)),
        "access.act-wrong"
    );
    assert_eq!(code(signed.covers(&permit, kind, "application:a2")), "access.act-wrong");
    assert_eq!(code(signed.covers(&other_action, kind, object)), "access.act-wrong");
    assert_eq!(code(signed.covers(&other_person, kind, object)), "access.act-wrong");
}

#[tokio::test]
async fn who_may_not_do_it_cannot_even_prepare_it() {
    let world = World::new().await;
    let (_, _, clerk) = clerk(&world).await;
    let held = world.principal(&clerk).await.unwrap();
    let prepare = |kind, object: &'static str| {
        let (world, held) = (&world, &held);
        async move { world.access.prepare_act(held, kind, object, &json!({})).await }
    };
    let refused = prepare(ActKind::ReviewApplication, "application:a1").await;
    assert_eq!(code(refused), "access.forbidden");
    for object in ["", "a\nb"] {
        let refused = prepare(ActKind::ProofIdentity, object).await;
        assert_eq!(code(refused), "access.act-payload");
    }
}

#[tokio::test]
async fn clients_and_applicants_sign_no_acts() {
    let world = World::new().await;
    let admin = world.admin().await;
    let client = world.ask(&admin, "POST", b"").await.unwrap();
    let opened = world.access.open_applicant_session("a1", arrival()).await.unwrap();
    let applicant = world.access.authenticate_cookie(opened.token.as_str()).await.unwrap();
    for held in [&client, &applicant] {
        let refused = world
            .access
            .prepare_act(held, ActKind::EnterApplication, "application:a1", &json!({}))
            .await;
        assert_eq!(code(refused), "access.person-needed");
    }
}

#[tokio::test]
async fn an_act_waits_ten_minutes_and_what_nobody_signed_is_erased() {
    let world = World::new().await;
    let (_, _, clerk) = clerk(&world).await;
    let held = world.principal(&clerk).await.unwrap();
    let prepare = async || {
        let payload = json!({ "note": "x" });
        let kind = ActKind::ProofIdentity;
        world.access.prepare_act(&held, kind, "application:a1", &payload).await.unwrap()
    };
    let early = prepare().await;
    world.clock.advance(SignedDuration::from_secs(600));
    let der = signature(&clerk.key, &early.statement).to_der();
    assert_eq!(code(world.access.complete_act(&held, &early.id, &der).await), "access.act-over");
    let erased = world.count("blob WHERE content IS NULL").await;
    world.clock.advance(SignedDuration::from_secs(1));
    let next = prepare().await;
    assert_eq!(world.count("blob WHERE content IS NULL").await, erased + 1);
    assert!(world.access.pending_act(&held, &next.id).await.unwrap() == next);
}

#[tokio::test]
async fn an_expired_certificate_signs_no_act() {
    let world = World::new().await;
    let (chief, _) = world.first_people().await;
    let new = world::new_person("lead", "business_admin", None);
    let code_of_lead = world.create(&chief, &new).await.unwrap().invitation.unwrap().code;
    let key = new_key();
    let challenge = world.access.begin_challenge(world::ORIGIN).unwrap();
    let expires_at = "2026-11-23T09:05:00Z".parse().ok();
    let new = access::NewKey {
        public_key: *key.public_key(),
        label: "短期".parse().unwrap(),
        certificate: None,
        expires_at,
    };
    let signed = signature(&key, &challenge.text);
    let proof = (&challenge, &signed);
    let who = ("lead", code_of_lead.as_str());
    let person = world.access.enrol_key(who, new, proof, world::source()).await.unwrap();
    let token = world.sign_in(&key, arrival()).await.unwrap().token;
    let lead = Staff { person, key, token };
    assert!(world.signed(&lead, ActKind::ManageOffice, "office:1", &json!({})).await.is_ok());
    world.clock.advance(SignedDuration::from_mins(5));
    let late = world.signed(&lead, ActKind::ManageOffice, "office:1", &json!({})).await;
    assert_eq!(code(late), "access.act-signature");
    assert_eq!(code(world.sign_in(&lead.key, arrival()).await), "access.sign-in");
}

/// One try to complete one of several acts.
#[derive(Debug, Clone, Copy)]
struct Try {
    act: usize,
    /// 0: the right session; 1: another of the same person; 2: another person's.
    session: usize,
    /// Whose key signs: 0 the person's, 1 another person's, 2 nobody's.
    key: usize,
    /// The statement of which act is signed.
    statement: usize,
    /// Seconds before it.
    pause: i64,
}

/// Mostly one thing wrong at a time, seldom nothing: an act must be there to be misused.
fn tries() -> impl Strategy<Value = Vec<Try>> {
    let flaw = prop_oneof![
        2 => Just((0_usize, 0_usize, 0_usize)),
        3 => (1..3_usize).prop_map(|session| (session, 0, 0)),
        3 => (1..3_usize).prop_map(|key| (0, key, 0)),
        3 => (1..3_usize).prop_map(|other| (0, 0, other)),
        1 => (0..3_usize, 0..3_usize, 0..3_usize),
    ];
    let one = (0..3_usize, flaw, 0..80_i64).prop_map(|(act, (session, key, other), pause)| Try {
        act,
        session,
        key,
        statement: (act + other) % 3,
        pause,
    });
    proptest::collection::vec(one, 1..28)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn an_act_is_completed_once_by_its_person_in_its_session_with_its_payload(tries in tries()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(complete(tries))?;
    }
}

async fn complete(tries: Vec<Try>) -> Result<(), TestCaseError> {
    let world = World::new().await;
    let (_, lead, clerk) = clerk(&world).await;
    let second = world.sign_in(&clerk.key, arrival()).await.unwrap().token;
    let sessions: [Principal; 3] = [
        world.principal(&clerk).await.unwrap(),
        world.access.authenticate_cookie(second.as_str()).await.unwrap(),
        world.principal(&lead).await.unwrap(),
    ];
    let strange = PrivateKey::generate(&mut Seeded::new(7)).unwrap();
    let keys = [&*clerk.key, &*lead.key, &strange];
    let mut acts = Vec::new();
    for at in 0..3 {
        let (kind, payload) = (ActKind::ProofIdentity, json!({ "number": at }));
        let object = format!("application:a{at}");
        acts.push(world.access.prepare_act(&sessions[0], kind, &object, &payload).await.unwrap());
    }
    let (mut done, mut elapsed) = ([false; 3], 0);
    for one in tries {
        world.clock.advance(SignedDuration::from_secs(one.pause));
        elapsed += one.pause;
        let der = signature(keys[one.key], &acts[one.statement].statement).to_der();
        let id = &acts[one.act].id;
        let outcome = world.access.complete_act(&sessions[one.session], id, &der).await;
        let right = one.session == 0 && one.key == 0 && one.statement == one.act;
        let expected = right && !done[one.act] && elapsed < 600;
        prop_assert_eq!(outcome.is_ok(), expected, "{:?} after {}", one, elapsed);
        if let Ok(signed) = outcome {
            done[one.act] = true;
            prop_assert_eq!(signed.payload(), &json!({ "number": one.act }));
        }
    }
    Ok(())
}
