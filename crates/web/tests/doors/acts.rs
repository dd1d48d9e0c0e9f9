//! What waits for a signature is signed by its person, in its session, in time, once (GM/T 0034 §6).

use access::{ActKind, Role};
use serde_json::json;
use testkit::together::{at_once, call};

use crate::door::Answer;
use crate::fill::{self, get, post, text};
use crate::staffed::{Comer, Staffed};
use crate::stages::Side;
use crate::way::Staff;

/// A decline, written down at the desk and not signed.
async fn prepared(staffed: &Staffed, id: &str, clerk: &Comer) -> String {
    let page = text(&get(staffed, clerk, &format!("/desk/applications/{id}/decline")).await);
    let version = page.split("name=\"version\" value=\"").nth(1).unwrap();
    let version = version.split('"').next().unwrap().to_owned();
    let fields =
        [("version", version.as_str()), ("ground", "not-government"), ("reason", "用于商业网站")];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let to = format!("/desk/applications/{id}/decline");
    let led = post(staffed, (clerk, "text/html"), &to, (&fields, &[])).await;
    let place = led.field("location").to_owned();
    assert!(place.starts_with("/sign/"), "{} {}", led.status, text(&led));
    place
}

async fn state(staffed: &Staffed, id: &str) -> String {
    let ra = staffed.world.institution.registration().unwrap();
    let inspector = staffed.staff(Side::Own, Role::Inspector);
    let access = staffed.world.institution.access();
    let permit = inspector.permit(access, access::Action::ReadApplication).await;
    ra.application(&permit, &id.parse().unwrap()).await.unwrap().state.word().to_owned()
}

async fn complete(
    staffed: &Staffed,
    (comer, by): (&Comer, &Staff),
    place: &str,
    said: &str,
) -> u16 {
    let fields = fill::signature(&by.0, said);
    let done = post(staffed, (comer, "text/html"), place, (&fields, &[])).await;
    done.status.as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_act_of_another_person_or_another_session_is_not_there() {
    let staffed = Staffed::new().await;
    let clerk = staffed.staff(Side::Own, Role::EntryClerk);
    let comer = clerk.session(&staffed.world).await;
    let place = prepared(&staffed, &staffed.own, &comer).await;
    let said = fill::statement(&text(&get(&staffed, &comer, &place).await)).unwrap();
    let nothing = "/sign/00000000000000000000000000000000";
    for (role, other) in &staffed.people {
        // The clerk's other session among them.
        let staff = staffed.staff(Side::Own, *role);
        let page = get(&staffed, other, &place).await;
        let missing = get(&staffed, other, nothing).await;
        let told = |answer: &Answer, place: &str| text(answer).replace(place, "/sign/ID");
        assert_eq!(page.status, missing.status, "{role:?}");
        assert_eq!(told(&page, &place), told(&missing, nothing), "{role:?}");
        for by in [clerk, staff] {
            let code = complete(&staffed, (other, by), &place, &said).await;
            assert!((400..500).contains(&code), "{role:?}: {code}");
        }
    }
    let holder = &staffed.applicant;
    assert_eq!(get(&staffed, holder, &place).await.status.as_u16(), 303, "an applicant signs in");
    assert_eq!(state(&staffed, &staffed.own).await, "acknowledged");
    // Not spent by all that: its person signs it.
    assert_eq!(complete(&staffed, (&comer, clerk), &place, &said).await, 303);
    assert_eq!(state(&staffed, &staffed.own).await, "refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_act_is_carried_out_once_however_often_and_however_fast_it_is_sent() {
    let staffed = Staffed::new().await;
    let clerk = staffed.staff(Side::Own, Role::EntryClerk);
    let comer = clerk.session(&staffed.world).await;
    let place = prepared(&staffed, &staffed.own, &comer).await;
    let said = fill::statement(&text(&get(&staffed, &comer, &place).await)).unwrap();
    let send = || complete(&staffed, (&comer, clerk), &place, &said);
    let codes = at_once((0..3).map(|_| call(send())).collect());
    assert_eq!(codes.iter().filter(|code| **code == 303).count(), 1, "{codes:?}");
    assert!(codes.iter().all(|code| *code < 500), "{codes:?}");
    assert!((400..500).contains(&send().await), "again");
    let about = format!("application:{}", staffed.own);
    let records = staffed.world.records("application.declined", &about).await;
    assert_eq!(records.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_act_is_over_after_ten_minutes_and_so_is_one_whose_session_ended() {
    let staffed = Staffed::new().await;
    let clerk = staffed.staff(Side::Own, Role::EntryClerk);
    let comer = clerk.session(&staffed.world).await;
    let place = prepared(&staffed, &staffed.own, &comer).await;
    let said = fill::statement(&text(&get(&staffed, &comer, &place).await)).unwrap();
    staffed.world.pass(600);
    assert!((400..500).contains(&complete(&staffed, (&comer, clerk), &place, &said).await));
    let late = get(&staffed, &comer, &place).await;
    assert!(late.status.is_client_error(), "{}", late.status);

    let place = prepared(&staffed, &staffed.own, &comer).await;
    let said = fill::statement(&text(&get(&staffed, &comer, &place).await)).unwrap();
    staffed.end(&comer).await;
    assert_eq!(complete(&staffed, (&comer, clerk), &place, &said).await, 303, "to sign in");
    // Signed in anew: the act waited in the session that is over.
    let again = clerk.session(&staffed.world).await;
    assert!((400..500).contains(&complete(&staffed, (&again, clerk), &place, &said).await));
    assert_eq!(state(&staffed, &staffed.own).await, "acknowledged");
}

/// What was signed counts, not what comes with it; and one statement's signature fits no other.
#[tokio::test(flavor = "multi_thread")]
async fn a_signature_of_one_act_completes_no_other() {
    let staffed = Staffed::new().await;
    let clerk = staffed.staff(Side::Own, Role::EntryClerk);
    let comer = clerk.session(&staffed.world).await;
    let first = prepared(&staffed, &staffed.own, &comer).await;
    let second = prepared(&staffed, &staffed.own, &comer).await;
    let said = fill::statement(&text(&get(&staffed, &comer, &first).await)).unwrap();
    assert!((400..500).contains(&complete(&staffed, (&comer, clerk), &second, &said).await));
    assert_eq!(state(&staffed, &staffed.own).await, "acknowledged");
    // Prepared by the program's own door for what the person may not do: refused there already.
    let access = staffed.world.institution.access();
    let principal = clerk.principal(access).await;
    let object = format!("application:{}", staffed.own);
    let kind = ActKind::ReviewApplication;
    assert!(access.prepare_act(&principal, kind, &object, &json!({})).await.is_err());
}

/// A session that somebody put into the browser beforehand is never the one after signing in.
#[tokio::test(flavor = "multi_thread")]
async fn signing_in_at_the_page_never_keeps_the_session_that_was_there() {
    let staffed = Staffed::new().await;
    let clerk = staffed.staff(Side::Own, Role::EntryClerk);
    // The attacker's own session, planted into the browser of the clerk.
    let planted = staffed.staff(Side::Own, Role::Reviewer).session(&staffed.world).await;
    let page = text(&get(&staffed, &planted, "/login/key").await);
    let challenge = fill::statement(&page).unwrap();
    let tags = crate::markup::tags(&page);
    let back = tags.iter().find(|tag| tag.value("name") == "return").unwrap().value("value");
    let named = back.split("challenge=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let mut fields = fill::signature(&clerk.0, &challenge);
    fields.push(("challenge".to_owned(), named));
    let done = post(&staffed, (&planted, "text/html"), "/login/key", (&fields, &[])).await;
    assert_eq!(done.status.as_u16(), 303, "{}", text(&done));
    let given = done.field("set-cookie").split(';').next().unwrap().to_owned();
    assert!(given.starts_with("yx=") && given != planted.cookie, "another token");
    let cookie = done.field("set-cookie").to_ascii_lowercase();
    assert!(cookie.contains("httponly") && cookie.contains("samesite="), "{cookie}");
    let old = get(&staffed, &planted, "/desk").await;
    assert!(old.field("location").starts_with("/login"), "the planted session is over");
    let fresh = Comer { cookie: given, token: String::new() };
    let account = text(&get(&staffed, &fresh, "/account").await);
    assert!(account.contains("entry_clerk"), "the session is the clerk's");
}
