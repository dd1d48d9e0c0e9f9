//! What the program takes up by itself reaches everything that waits, however much lies before it; and what a
//! person gives up is that person's own (ADR 6).

use std::collections::BTreeSet;

use access::Action;
use jiff::SignedDuration;
use ra::{
    LiftingDraft, NewHold, Revocation, RevocationDecision, RevocationState, Source, Standing,
};
use store::ErrorKind;

use super::revocation::{CONFIRM, draft, drafted, enter, lists, review};
use super::services::certify;
use super::stop::called;
use super::way::Way;
use super::world::{Staff, World, on_each_engine};

/// More than one question answers.
const COPIES: u32 = 230;

/// Copies of a registration with its list: some of the same second, so that a page ends among them.
async fn copied(world: &World, of: &Revocation) {
    let of = of.id.clone();
    let made: Result<(), ra::Error> = world
        .store
        .commit(move |tx| {
            Box::pin(async move {
                let row = "INSERT INTO ra_revocation (id, number, ground, office, state, since, \
                     version, entered_by, reviewed_by, blob, list_hash, failures, called_at, \
                     stopped_at, lapsed_at, stop_end) SELECT $1, $2, ground, office, state, \
                     since + $3, version, entered_by, reviewed_by, blob, list_hash, failures, \
                     called_at, stopped_at, lapsed_at, stop_end FROM ra_revocation WHERE id = $4";
                let list = "INSERT INTO ra_revocation_item (revocation, position, serial, hold) \
                     SELECT $1, position, serial, hold FROM ra_revocation_item \
                     WHERE revocation = $2";
                for at in 0..COPIES {
                    let checked = (0..10).map(|check| format!("202611219{at:05}{check}"));
                    let number = checked.into_iter().find(|one| one.parse::<ra::Number>().is_ok());
                    let (id, number) = (format!("{at:032x}"), number.unwrap());
                    let copy = sqlx::query(row).bind(id.clone()).bind(number);
                    let copy = copy.bind(i64::from(at / 60)).bind(of.as_str());
                    copy.execute(tx.conn()).await.unwrap();
                    let items = sqlx::query(list).bind(id).bind(of.as_str());
                    items.execute(tx.conn()).await.unwrap();
                }
                Ok(())
            })
        })
        .await;
    made.unwrap();
}

async fn held(world: &World) -> String {
    let mut way = Way::begin(world, "person").await;
    way.end().await;
    let serial = way.application.state.serials().unwrap().sign.clone();
    certify(world, "person", &serial, Standing::Good);
    serial
}

/// Once each.
fn all<'r>(ids: impl Iterator<Item = &'r ra::RevocationId>) -> usize {
    let ids: Vec<_> = ids.collect();
    let once: BTreeSet<&str> = ids.iter().map(|id| id.as_str()).collect();
    assert_eq!(once.len(), ids.len(), "each once");
    once.len()
}

#[tokio::test]
async fn however_many_wait_before_it_every_stop_every_call_and_every_list_is_reached() {
    on_each_engine(|world| async move {
        let serial = held(&world).await;
        // Calls that wait for their stop.
        let call = called(&world, &serial).await;
        copied(&world, &call).await;
        let urgent = world.ra.urgent_stops().await.unwrap();
        let every = usize::try_from(COPIES).unwrap() + 1;
        assert_eq!(all(urgent.iter().map(|(id, ..)| id)), every);
        assert!(urgent.iter().all(|(.., serials)| *serials == [serial.clone()]));
        // The same when nobody has decided in time, and their stops then.
        world.clock.advance(SignedDuration::from_hours(24 * 14));
        assert_eq!(world.ra.lapse_calls().await.unwrap(), every);
        let open = world.ra.open_stops().await.unwrap();
        assert_eq!(all(open.iter().map(|stop| &stop.revocation().id)), every);
    })
    .await;
}

#[tokio::test]
async fn every_list_that_was_confirmed_is_carried_out() {
    on_each_engine(|world| async move {
        certify(&world, "person", "0e0e", Standing::Good);
        let letter = draft("unit-left", &["0e0e"], &["letter"]);
        let letter = drafted(&world, &world.clerk, letter).await.unwrap();
        let letter = enter(&world, &world.clerk, &letter).await.unwrap();
        let letter = review(&world, &world.reviewer, &letter, CONFIRM).await.unwrap();
        copied(&world, &letter).await;
        let ready = lists(&world).await.0;
        let every = usize::try_from(COPIES).unwrap() + 1;
        assert_eq!(all(ready.iter().map(|one| &one.revocation().id)), every);
    })
    .await;
}

async fn drops(
    world: &World,
    (by, action): (&Staff, Action),
    of: &Revocation,
) -> Result<(), ra::Error> {
    let permit = world.permit(by, action).await;
    world.ra.drop_revocation(&permit, &of.id).await
}

async fn state(world: &World, of: &Revocation) -> RevocationState {
    let reads = world.permit(&world.reviewer, Action::ReadRevocations).await;
    world.ra.revocation(&reads, &of.id).await.unwrap().revocation.state
}

/// A lifting of a court's hold, written down by the administrator.
async fn lifting(world: &World) -> Revocation {
    certify(world, "person", "0d0d", Standing::Suspended);
    let new = NewHold {
        serial: "0d0d".into(),
        source: Source::Authority,
        ground: Some("ordered-hold".into()),
        origin: "act:1".into(),
    };
    let actor = store::Actor::new("person:somebody");
    let set = world.store.commit(move |tx| {
        Box::pin(async move { ra::set_hold(tx, (&new, "certificate:test"), &actor).await })
    });
    let hold: ra::HoldId = set.await.unwrap();
    let document = world.ra.catalogue().ground("order-lifted").unwrap();
    let names: Vec<&str> = document.evidence.iter().map(|one| one.name.as_str()).collect();
    let as_revocation = draft("order-lifted", &[], &names);
    let new = LiftingDraft {
        ground: as_revocation.ground,
        holds: vec![hold],
        particulars: as_revocation.particulars,
        evidence: as_revocation.evidence,
    };
    let permit = world.permit(&world.biz, Action::ResumeCertificate).await;
    world.ra.draft_lifting(&permit, new).await.unwrap()
}

#[tokio::test]
async fn a_draft_is_given_up_by_who_wrote_it_down_under_the_permission_for_it_and_by_nobody_else() {
    on_each_engine(|world| async move {
        certify(&world, "person", "0e0e", Standing::Good);
        let enters = Action::EnterRevocation;
        let (orders, lifts) = (Action::RevokeCertificate, Action::ResumeCertificate);
        let of_clerk = draft("unit-left", &["0e0e"], &["letter"]);
        let of_clerk = drafted(&world, &world.clerk, of_clerk).await.unwrap();
        let permit = world.permit(&world.biz, orders).await;
        let ordered = draft("false-materials", &["0e0e"], &["finding"]);
        let ordered = world.ra.draft_revocation(&permit, ordered, None).await.unwrap();
        let lifting = lifting(&world).await;
        for (who, by, of) in [
            ("another clerk", (&world.both, enters), &of_clerk),
            ("an administrator", (&world.biz, orders), &of_clerk),
            ("an administrator who lifts", (&world.biz, lifts), &of_clerk),
            ("a clerk", (&world.clerk, enters), &ordered),
            ("its author, under another permission", (&world.biz, lifts), &ordered),
            ("a clerk", (&world.clerk, enters), &lifting),
            ("its author, under another permission", (&world.biz, orders), &lifting),
        ] {
            let error = drops(&world, by, of).await.unwrap_err();
            assert_eq!(
                (error.code(), error.kind()),
                ("ra.drop_beyond", ErrorKind::Refusal),
                "{who}"
            );
            let article = error.article().unwrap();
            assert!(article.contains("第十八条") && error.to_string().contains(article), "{error}");
            assert_eq!(state(&world, of).await, RevocationState::Draft, "{who}");
        }
        for (by, of) in [
            ((&world.clerk, enters), &of_clerk),
            ((&world.biz, orders), &ordered),
            ((&world.biz, lifts), &lifting),
        ] {
            drops(&world, by, of).await.unwrap();
            assert_eq!(state(&world, of).await, RevocationState::Dropped);
            let again = drops(&world, by, of).await.unwrap_err();
            assert_eq!(again.code(), "ra.registration_turn");
        }
        // What somebody signed for is decided by another, and given up by nobody.
        let signed = draft("unit-left", &["0e0e"], &["letter"]);
        let signed = drafted(&world, &world.clerk, signed).await.unwrap();
        let signed = enter(&world, &world.clerk, &signed).await.unwrap();
        let late = drops(&world, (&world.clerk, enters), &signed).await.unwrap_err();
        assert_eq!(late.code(), "ra.registration_turn");
        let reject = (RevocationDecision::Reject, "来函没有公章");
        review(&world, &world.reviewer, &signed, reject).await.unwrap();
    })
    .await;
}
