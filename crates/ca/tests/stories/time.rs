//! T-03 and T-04: to the second, and never backwards.

use ca::{Error, Intent, IssueOrder, Refusal, Role, Validity};
use jiff::{SignedDuration, Timestamp};

use crate::world::{World, intend, key, order};

crate::stories! {
    t03_validity_is_the_profiles_to_the_second
    t04_clock_set_back_stops_issuing
    t04_start_date_before_the_records_is_refused
    t04_signing_stops_when_the_clock_runs_back_after_the_intent
}

/// Let's Encrypt bz1715455: every certificate of 90 days counted one second too many.
async fn t03_validity_is_the_profiles_to_the_second(world: World) {
    let days = world.ca.profiles().by_name("person-sign").unwrap().validity().default_days;
    for (n, start) in ["2027-02-28T23:59:59Z", "2028-02-29T00:00:00Z", "2030-12-31T16:00:00.999Z"]
        .into_iter()
        .enumerate()
    {
        world.clock.set(start.parse().unwrap());
        let certificate = world.certificate(&format!("r{n}")).await.certificate;
        let (from, until) = (certificate.not_before(), certificate.not_after());
        assert_eq!(until.as_second() - from.as_second() + 1, i64::from(days) * 86_400);
        let whole: Timestamp = start.parse().unwrap();
        assert_eq!(from.as_second(), whole.as_second());
    }
    let end = world.ca.certificate().not_after();
    world.clock.set(end.checked_sub(SignedDuration::from_hours(24)).unwrap());
    let late = world.issue(order("late", Role::Sign, "张三", key())).await.unwrap_err();
    assert!(matches!(late, Error::Pki(_)), "beyond the issuer: {late}");
}

async fn t04_clock_set_back_stops_issuing(world: World) {
    world.pass(2 * 365 * 86_400);
    world.certificate("r1").await;
    for back in [3_600, 86_400, 365 * 86_400] {
        world.pass(-back);
        let error = world.issue(order("r2", Role::Sign, "张三", key())).await.unwrap_err();
        assert_eq!(error.code(), "store.clock_behind", "{back} s back: {error}");
        world.pass(back);
    }
    world.certificate("r3").await;
    assert_eq!(world.number("SELECT COUNT(*) FROM issuance WHERE request_id = 'r2'").await, 0);
}

/// WoSign, issue S: certificates dated back to slip under a deadline.
async fn t04_start_date_before_the_records_is_refused(world: World) {
    world.pass(86_400);
    let at =
        |seconds: i64| Some(world.now().checked_add(SignedDuration::from_secs(seconds)).unwrap());
    let asked = |request: &str, not_before| IssueOrder {
        validity: Validity { not_before, not_after: None },
        ..order(request, Role::Sign, "张三", key())
    };
    let error = world.issue(asked("r1", at(-301))).await.unwrap_err();
    assert!(matches!(error, Error::Refused(Refusal::Backdated)), "{error}");
    world.issue(asked("r2", at(-300))).await.unwrap();
    world.issue(asked("r3", at(86_400))).await.unwrap();
    let error = world.issue(asked("r4", at(49 * 3_600))).await.unwrap_err();
    assert!(matches!(error, Error::Refused(Refusal::TooEarly)), "{error}");
}

async fn t04_signing_stops_when_the_clock_runs_back_after_the_intent(world: World) {
    let asked = order("r1", Role::Sign, "张三", key());
    let Intent::Ticket(ticket) = intend(&world.store, &world.ca, asked).await.unwrap() else {
        panic!("nothing is stored yet");
    };
    world.pass(-3_600);
    let error = world.ca.sign(vec![*ticket]).await.unwrap_err();
    assert!(matches!(error, Error::Refused(Refusal::ClockBackwards)), "{error}");
    world.pass(3_600);
    let recovery = world.ca.recover().await.unwrap();
    assert_eq!(recovery.intents.len(), 1);
    assert_eq!(recovery.intents[0].1, ca::Explanation::Finished);
}
