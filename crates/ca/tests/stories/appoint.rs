//! The issuing CA is revoked while the next generation waits for its day: two people have it issue at once. And a
//! generation that was revoked before its day holds up no other.

use ca::{Ca, Error, Refusal, RevocationReason, Role};
use jiff::{SignedDuration, Timestamp};
use store::{Actor, Record, Warrant};

use crate::succession::{config, succeed, succession};
use crate::world::{World, issue, key, open_ca, order, plan, policy};

crate::stories! {
    a_generation_that_waits_issues_at_once_when_the_one_in_office_was_revoked
    a_generation_is_appointed_before_its_day_only_where_nobody_issues
    a_generation_that_was_revoked_before_its_day_holds_up_no_other
    a_succession_that_was_cut_off_before_its_protocol_says_since_when_it_issues
    t27_an_instant_that_was_put_off_is_found
}

const DAY: i64 = 86_400;

fn warrant() -> Warrant {
    Warrant::new("S001", "A001", "签发机构证书已撤销").unwrap()
}

async fn line(world: &World) -> Ca {
    open_ca(&world.store, &world.device, &world.clock, config(world.folder.path())).await
}

/// The next generation, for the day after tomorrow.
async fn waiting(world: &World) -> Timestamp {
    let from = world.now().checked_add(SignedDuration::from_hours(48)).unwrap();
    let plan = succession(world.folder.path(), "G2", Some(from));
    succeed((&world.store, &world.device, &world.clock), plan).await.unwrap();
    from
}

async fn revoke(world: &World, generation: &Ca) {
    let config = plan(world.folder.path(), 0, policy()).root_config;
    let root = open_ca(&world.store, &world.device, &world.clock, config).await;
    let serial = generation.certificate().serial();
    let reason = RevocationReason::CessationOfOperation;
    root.revoke_authority(&serial, reason, &warrant()).await.unwrap();
}

fn is_refused<T: std::fmt::Debug>(held: &Result<T, Error>) -> bool {
    matches!(held, Err(Error::Refused(Refusal::Ceremony(_))))
}

async fn is_sound(ca: &Ca) {
    let compared = ca.compare_with_journal().await.unwrap();
    assert!(compared.is_sound(), "{:?}", compared.findings);
}

async fn a_generation_that_waits_issues_at_once_when_the_one_in_office_was_revoked(world: World) {
    let from = waiting(&world).await;
    let (ca, other) = (line(&world).await, line(&world).await);
    let [first, second] = ca.generations().try_into().unwrap();
    revoke(&world, &first).await;
    let asked = order("r1", Role::Sign, "张三", key());
    let stopped = issue(&world.store, &ca, asked.clone()).await;
    assert!(matches!(stopped, Err(Error::Refused(Refusal::IssuerRevoked))), "{stopped:?}");
    world.pass(60);
    let appointed = second.appoint_now(&warrant()).await.unwrap();
    assert_eq!((appointed.active_from, appointed.is_issuing), (Some(world.now()), true));
    assert!(world.now() < from);
    // The same order again is issued; so it is by a node that has not looked yet, once it has.
    let stored = issue(&world.store, &ca, asked).await.unwrap();
    assert_eq!(stored.certificate.issuer(), second.certificate().subject());
    let late = order("r2", Role::Sign, "李四", key());
    assert!(issue(&world.store, &other, late.clone()).await.is_err());
    other.follow_line().await.unwrap();
    let stored = issue(&world.store, &other, late).await.unwrap();
    assert_eq!(stored.certificate.issuer(), second.certificate().subject());
    // Two people answer for it, and the journal has both instants.
    let filter = store::Filter { kind: Some("issuer.appointed".into()), ..Default::default() };
    let records = world.store.records(&filter, store::Page::default()).await.unwrap();
    assert_eq!(records.len(), 2);
    let record = records.iter().max_by_key(|record| record.seq).unwrap();
    assert_eq!(
        (record.subject.as_str(), record.actor.as_str()),
        ("issuer:issuing2", "person:S001")
    );
    assert_eq!(record.body["witness"], "person:A001");
    is_sound(&ca).await;
    // Ordered again it changes nothing, and its day changes nothing either.
    assert!(is_refused(&second.appoint_now(&warrant()).await));
    world.pass(3 * DAY);
    let reopened = line(&world).await;
    assert_eq!(reopened.name(), "issuing2");
    let plan = succession(world.folder.path(), "G3", None);
    let third = succeed((&world.store, &world.device, &world.clock), plan).await.unwrap();
    assert_eq!((third.name.as_str(), &third.before), ("issuing3", second.certificate()));
}

async fn a_generation_is_appointed_before_its_day_only_where_nobody_issues(world: World) {
    waiting(&world).await;
    let ca = line(&world).await;
    let [first, second] = ca.generations().try_into().unwrap();
    let size = world.store.size().await.unwrap();
    for one in [&first, &second] {
        let held = one.appoint_now(&warrant()).await;
        assert!(is_refused(&held), "the one in office is good: {held:?}");
    }
    assert_eq!(world.store.size().await.unwrap(), size);
    revoke(&world, &first).await;
    revoke(&world, &second).await;
    for one in [&first, &second] {
        assert!(is_refused(&one.appoint_now(&warrant()).await), "neither can issue");
    }
    assert_eq!(world.records("issuer.appointed").await, 1);
    assert_eq!(ca.name(), "issuing");
    is_sound(&ca).await;
}

async fn a_generation_that_was_revoked_before_its_day_holds_up_no_other(world: World) {
    let day = waiting(&world).await;
    let ca = line(&world).await;
    let [first, second] = ca.generations().try_into().unwrap();
    let parts = (&world.store, &world.device, &world.clock);
    let next = |from| succession(world.folder.path(), "G3", from);
    assert!(is_refused(&succeed(parts, next(None)).await), "it waits");
    revoke(&world, &second).await;
    // The one in office goes on, and another is made. From the day on the revoked one would be in office.
    issue(&world.store, &ca, order("r1", Role::Sign, "张三", key())).await.unwrap();
    let behind = day.checked_add(SignedDuration::from_secs(1)).unwrap();
    let held = succeed(parts, next(Some(behind))).await;
    assert!(is_refused(&held), "{held:?}");
    assert_eq!(world.number("SELECT COUNT(*) FROM issuer").await, 3, "nothing was made");
    let report = succeed(parts, next(Some(day))).await.unwrap();
    assert_eq!((report.name.as_str(), &report.before), ("issuing3", first.certificate()));
    ca.follow_line().await.unwrap();
    assert_eq!(ca.name(), "issuing");
    world.pass(2 * DAY);
    assert_eq!(ca.name(), "issuing3", "the newest whose day has come");
    issue(&world.store, &ca, order("r2", Role::Sign, "李四", key())).await.unwrap();
    assert_eq!(line(&world).await.name(), "issuing3");
    let again = succeed(parts, next(Some(day))).await.unwrap();
    assert_eq!(&again.before, first.certificate(), "held again it says the same");
    is_sound(&ca).await;
}

/// The step that appoints it is done, the protocol is not signed.
async fn a_succession_that_was_cut_off_before_its_protocol_says_since_when_it_issues(world: World) {
    let parts = (&world.store, &world.device, &world.clock);
    let from = world.now().checked_add(SignedDuration::from_hours(48)).unwrap();
    let plan = || succession(world.folder.path(), "G2", Some(from));
    std::fs::write(world.folder.path().join("G2"), "a file where the folder would be").unwrap();
    assert!(succeed(parts, plan()).await.is_err());
    let ca = line(&world).await;
    let [first, second] = ca.generations().try_into().unwrap();
    assert_eq!(second.generation().unwrap().active_from, Some(from));
    revoke(&world, &first).await;
    second.appoint_now(&warrant()).await.unwrap();
    std::fs::remove_file(world.folder.path().join("G2")).unwrap();
    let report = succeed(parts, plan()).await.unwrap();
    assert_eq!(report.from, world.now());
    is_sound(&ca).await;
}

/// Two people bring an instant forward; whoever could write the journal and the table puts none off.
async fn t27_an_instant_that_was_put_off_is_found(world: World) {
    let from = waiting(&world).await;
    let ca = line(&world).await;
    revoke(&world, &ca.generations()[0]).await;
    ca.generations()[1].appoint_now(&warrant()).await.unwrap();
    is_sound(&ca).await;
    let later = from.as_second();
    let unit = world.store.commit(move |tx| {
        Box::pin(async move {
            let body = serde_json::json!({ "from": from.to_string(), "authority": "issuing" });
            let actor = Actor::new("person:S001");
            tx.append(Record::new("issuer.appointed", actor, "issuer:issuing2", body)).await?;
            let change = "UPDATE issuer_successor SET active_from = $1";
            sqlx::query(change).bind(later).execute(tx.conn()).await?;
            Ok::<_, store::Error>(())
        })
    });
    unit.await.unwrap();
    let found = ca.compare_with_journal().await.unwrap().findings;
    assert!(found.iter().any(|one| one.detail.contains("只能提前")), "{found:?}");
}
