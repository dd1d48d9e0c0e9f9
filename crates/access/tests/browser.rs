//! Sessions of browsers: over in time, ended by their holder, and bound to their forms.

#![allow(clippy::unwrap_used)]

use crate::world;

use access::{ActKind, Action, Arrival, Error, Object, Via, Way};
use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::json;
use world::{World, arrival, source};

fn code(outcome: Result<impl Sized, Error>) -> &'static str {
    outcome.err().unwrap().code()
}

#[tokio::test]
async fn a_cookie_is_no_bearer_token_and_a_bearer_token_is_no_cookie() {
    let world = World::new().await;
    let (chief, _) = world.first_people().await;
    let refused = world.access.authenticate_session(chief.token.as_str()).await;
    assert_eq!(code(refused), "access.session-over");
    let admin = world.admin().await;
    let principal = world.ask(&admin, "POST", b"").await.unwrap();
    let bearer = world.access.open_session(&principal).await.unwrap().token;
    assert_eq!(
        code(world.access.authenticate_cookie(bearer.as_str()).await),
        "access.session-over"
    );
}

/// Session fixation: what the browser had before is worth nothing afterwards.
#[tokio::test]
async fn signing_in_gives_another_token_and_ends_the_one_the_browser_had() {
    let world = World::new().await;
    let (chief, watch) = world.first_people().await;
    let planted = watch.token.as_str();
    let arrival = Arrival { source: source(), previous: Some(planted) };
    let fresh = world.sign_in(&chief.key, arrival).await.unwrap().token;
    assert_ne!(fresh.as_str(), planted);
    assert_eq!(code(world.access.authenticate_cookie(planted).await), "access.session-over");
    assert!(world.access.authenticate_cookie(fresh.as_str()).await.is_ok());
}

#[tokio::test]
async fn a_rotated_cookie_replaces_the_old_one_and_lengthens_nothing() {
    let world = World::new().await;
    let (chief, _) = world.first_people().await;
    world.clock.advance(SignedDuration::from_mins(10));
    let rotated = world.access.rotate_cookie(chief.token.as_str()).await.unwrap();
    assert_eq!(rotated.expires_at.to_string(), "2026-11-23T17:00:00Z");
    assert_eq!(code(world.principal(&chief).await), "access.session-over");
    assert!(world.access.authenticate_cookie(rotated.token.as_str()).await.is_ok());
}

#[tokio::test]
async fn signing_out_ends_this_session_and_is_recorded_once() {
    let world = World::new().await;
    let (chief, _) = world.first_people().await;
    let other = world.sign_in(&chief.key, arrival()).await.unwrap().token;
    world.access.sign_out(chief.token.as_str()).await.unwrap();
    world.access.sign_out(chief.token.as_str()).await.unwrap();
    world.access.sign_out("nonsense").await.unwrap();
    assert_eq!(code(world.principal(&chief).await), "access.session-over");
    assert!(world.access.authenticate_cookie(other.as_str()).await.is_ok());
    assert_eq!(world.records("session.ended").await.len(), 1);
}

#[tokio::test]
async fn all_sessions_of_a_person_end_in_one_step() {
    let world = World::new().await;
    let (chief, watch) = world.first_people().await;
    let other = world.sign_in(&chief.key, arrival()).await.unwrap().token;
    let held = world.principal(&chief).await.unwrap();
    assert_eq!(world.access.open_sessions(&held).await.unwrap().len(), 2);
    assert_eq!(world.access.end_all(&held).await.unwrap(), 2);
    assert!(world.principal(&chief).await.is_err());
    assert!(world.access.authenticate_cookie(other.as_str()).await.is_err());
    assert!(world.principal(&watch).await.is_ok(), "others go on");
    assert_eq!(world.records("person.sessions_ended").await.len(), 1);
}

#[tokio::test]
async fn the_security_administrator_ends_the_sessions_of_others() {
    let world = World::new().await;
    let (chief, watch) = world.first_people().await;
    let officer = world.appoint(&chief, "officer", "security_admin", None).await;
    let id = watch.person.id.clone();
    let reason = json!({ "reason": "发现异常登录" });
    let end = async |object: &str| {
        world.signed(&officer, ActKind::EndSessions, object, &reason).await.unwrap()
    };
    let (permit, for_other) = end(&chief.person.id.object()).await;
    let refused = world.access.end_all_of(&permit, for_other, id.clone()).await;
    assert_eq!(code(refused), "access.act-wrong");
    let (permit, signed) = end(&id.object()).await;
    world.access.end_all_of(&permit, signed, id).await.unwrap();
    assert!(world.principal(&watch).await.is_err());
    let record = world.records("person.sessions_ended").await.pop().unwrap();
    assert!(record.body["act"]["signature"].is_string(), "signed by who ended them");
    let held = world.principal(&chief).await.unwrap();
    let wrong = world.access.permit(&held, Action::ReadPeople).unwrap();
    let (_, signed) = end(&officer.person.id.object()).await;
    let refused = world.access.end_all_of(&wrong, signed, officer.person.id.clone()).await;
    assert_eq!(code(refused), "access.wrong-permit");
}

#[tokio::test]
async fn an_applicant_reaches_the_own_application_and_nothing_else() {
    let world = World::new().await;
    let opened = world.access.open_applicant_session("a1", arrival()).await.unwrap();
    assert!(opened.person.is_none());
    let held = world.access.authenticate_cookie(opened.token.as_str()).await.unwrap();
    assert_eq!(held.application(), Some("a1"));
    assert!(matches!(held.via(), Via::Cookie(_, Way::CheckCode)));
    assert_eq!(held.actor().as_str(), "applicant:a1");
    let permit = world.access.permit(&held, Action::ReadApplication).unwrap();
    let read = Action::ReadApplication;
    assert!(permit.covers_object(read, &Object::application("a1", Some("office-1"))).is_ok());
    let other = permit.covers_object(read, &Object::application("a2", None));
    assert_eq!(code(other), "access.out-of-reach");
    assert!(permit.covers_object(read, &Object::of_office(None)).is_err(), "nobody's is not mine");
    assert_eq!(code(permit.covers(read)), "access.out-of-reach", "a narrow permit is no wide one");
    assert_eq!(code(world.access.permit(&held, Action::ReviewApplication)), "access.forbidden");
    assert_eq!(code(world.access.end_all(&held).await), "access.person-needed");
}

/// Measures Art. 25: a clerk works for one office and sees no other's applications.
#[tokio::test]
async fn a_clerk_reaches_the_own_office_and_no_other() {
    let world = World::new().await;
    let (chief, _) = world.first_people().await;
    let lead = world.appoint(&chief, "lead", "business_admin", None).await;
    let outside = world.appoint(&lead, "outside", "entry_clerk,reviewer", Some("office-1")).await;
    let inside = world.appoint(&lead, "inside", "entry_clerk", None).await;
    let objects =
        [None, Some("office-1"), Some("office-2")].map(|office| Object::application("a1", office));
    for (who, expected) in [
        (&lead, [true, true, true]),
        (&outside, [false, true, false]),
        (&inside, [true, false, false]),
    ] {
        let held = world.principal(who).await.unwrap();
        let permit = world.access.permit(&held, Action::ReadApplication).unwrap();
        let reached = objects.each_ref().map(|object| permit.reach(object).is_ok());
        assert_eq!(reached, expected, "{}", who.person.login);
        assert_eq!(permit.covers(Action::ReadApplication).is_ok(), expected == [true; 3]);
        assert!(permit.is_for(Action::ReadApplication).is_ok());
        assert!(permit.covers_object(Action::ReturnApplication, &objects[0]).is_err());
    }
}

#[tokio::test]
async fn a_form_is_bound_to_its_session() {
    let world = World::new().await;
    let (chief, watch) = world.first_people().await;
    let (mine, other) =
        (world.principal(&chief).await.unwrap(), world.principal(&watch).await.unwrap());
    let token = world.access.csrf_token(&mine).unwrap();
    assert!(world.access.check_csrf(&mine, &token).is_ok());
    assert!(world.other_node().check_csrf(&mine, &token).is_ok(), "on every node");
    assert_eq!(code(world.access.check_csrf(&other, &token)), "access.csrf");
    for wrong in ["", "0", &token[1..], &token.to_uppercase()] {
        assert_eq!(code(world.access.check_csrf(&mine, wrong)), "access.csrf");
    }
    let before = world.access.form_token("random-of-the-browser").unwrap();
    assert!(world.access.check_form_token("random-of-the-browser", &before).is_ok());
    assert!(world.access.check_form_token("another", &before).is_err());
}

#[tokio::test]
async fn unmasking_needs_a_reason_and_leaves_a_record_without_it() {
    let world = World::new().await;
    let (chief, watch) = world.first_people().await;
    let lead = world.appoint(&chief, "lead", "business_admin", None).await;
    let clerk = world.appoint(&lead, "clerk", "entry_clerk", Some("office-1")).await;
    let held = world.principal(&clerk).await.unwrap();
    let permit = world.access.permit(&held, Action::UnmaskApplication).unwrap();
    let own = Object::application("a1", Some("office-1"));
    let look = async |object: &Object, reason: &str| {
        world.access.unmask(&permit, ("a1", object), &["id_number"], reason).await
    };
    assert_eq!(code(look(&own, "").await), "access.reason");
    assert_eq!(code(look(&own, "换行\n换行").await), "access.reason");
    let foreign = Object::application("a1", Some("office-2"));
    assert_eq!(code(look(&foreign, "核对原件").await), "access.out-of-reach");
    assert!(world.records("application.unmasked").await.is_empty());

    let seen = look(&own, "电话核对张三的身份").await.unwrap();
    assert!(seen.covers("a1", "id_number"));
    assert!(!seen.covers("a1", "phone") && !seen.covers("a2", "id_number"));
    let record = world.records("application.unmasked").await.remove(0);
    assert_eq!(record.actor, format!("person:{}", clerk.person.id));
    assert_eq!(record.body["fields"][0], "id_number");
    assert!(!record.leaf.contains("张三"));
    let stored = world.store.open_blob(record.body["reason"]["blob"].as_str().unwrap()).await;
    assert_eq!(&*stored.unwrap(), "电话核对张三的身份".as_bytes());
    let held = world.principal(&watch).await.unwrap();
    assert_eq!(code(world.access.permit(&held, Action::UnmaskApplication)), "access.forbidden");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// However a session is used, it is open exactly while the last use (to the minute) is less
    /// than 15 minutes ago and its opening less than 8 hours.
    #[test]
    fn a_session_is_never_good_past_its_limits(
        // Seldom too long, so that many sessions come to the end of their eight hours.
        gaps in proptest::collection::vec(
            prop_oneof![60 => 300_i64..900, 5 => 1_i64..60, 1 => 880_i64..1_000],
            1..70,
        ),
        rotations in proptest::collection::vec(any::<bool>(), 70),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::new().await;
            let mut token = world.access.open_applicant_session("a1", arrival()).await.unwrap().token;
            let (mut age, mut since_use) = (0, 0);
            for (gap, rotate) in gaps.into_iter().zip(rotations) {
                world.clock.advance(SignedDuration::from_secs(gap));
                (age, since_use) = (age + gap, since_use + gap);
                let open = age < 8 * 3600 && since_use < 15 * 60;
                let found = world.access.authenticate_cookie(token.as_str()).await;
                prop_assert_eq!(found.is_ok(), open, "age {} unused {}", age, since_use);
                if !open {
                    prop_assert!(world.access.rotate_cookie(token.as_str()).await.is_err());
                    return Ok(());
                }
                if since_use >= 60 {
                    since_use = 0;
                }
                if rotate {
                    token = world.access.rotate_cookie(token.as_str()).await.unwrap().token;
                }
            }
            Ok(())
        })?;
    }
}
