//! What becomes of a caller's stop when the revocation comes to nothing, and what administrators order and
//! clerks find (Measures Art. 18; GM/T 0034 §6).

use access::{ActKind, Action};
use jiff::SignedDuration;
use ra::{
    HoldEnd, NewHold, Outcome, Revocation, RevocationDecision, RevocationSelection,
    RevocationState, Source, Standing, StopEnd,
};

use super::office::filed;
use super::revocation::{CONFIRM, draft, drafted, enter, lists, order, review};
use super::services::certify;
use super::way::Way;
use super::world::{World, on_each_engine};

/// A certificate whose holder has a telephone on file.
async fn certificate(world: &World) -> String {
    let mut way = Way::begin(world, "person").await;
    way.end().await;
    let serial = way.application.state.serials().unwrap().sign.clone();
    certify(world, "person", &serial, Standing::Good);
    serial
}

/// A call that was proven and signed for.
pub async fn called(world: &World, serial: &str) -> Revocation {
    let new = draft("phone-compromised", &[serial], &[]);
    let found = drafted(world, &world.clerk, new).await.unwrap();
    let permit = world.permit(&world.clerk, Action::EnterRevocation).await;
    let called = world.ra.call_back(&permit, &found.id).await.unwrap();
    world.ra.answer_call(&permit, &found.id, &called.code).await.unwrap();
    enter(world, &world.clerk, &found).await.unwrap()
}

/// The same, and stopped: with its hold, as the institution sets it.
async fn stopped(world: &World, serial: &str) -> Revocation {
    let found = called(world, serial).await;
    hold(world, serial, (Source::Phone, &found.subject())).await;
    world.ra.stopped(&found.id).await.unwrap();
    found
}

/// A hold that stands on a certificate.
async fn hold(world: &World, serial: &str, (source, origin): (Source, &str)) {
    let (serial, origin) = (serial.to_owned(), origin.to_owned());
    let new = NewHold { serial, source, ground: None, origin };
    let actor = store::Actor::new(new.origin.clone());
    let set: Result<(), ra::Error> = world
        .store
        .commit(move |tx| {
            Box::pin(
                async move { ra::set_hold(tx, (&new, "certificate:test"), &actor).await.map(drop) },
            )
        })
        .await;
    set.unwrap();
}

/// How the stop of a call ends as things stand.
async fn end(world: &World, call: &Revocation) -> Option<StopEnd> {
    let mut open = world.ra.open_stops().await.unwrap().into_iter();
    let stop = open.find(|stop| stop.revocation().id == call.id).unwrap();
    let ra = world.ra.clone();
    let found = world
        .store
        .commit(move |tx| Box::pin(async move { ra.stop_end(tx, &stop).await }))
        .await
        .unwrap();
    found.map(|(end, _)| end)
}

/// Ends the stop of a call and its hold.
async fn settle(world: &World, call: &Revocation) -> StopEnd {
    let mut open = world.ra.open_stops().await.unwrap().into_iter();
    let stop = open.find(|stop| stop.revocation().id == call.id).unwrap();
    let ra = world.ra.clone();
    world
        .store
        .commit(move |tx| {
            Box::pin(async move {
                let (end, own) = ra.stop_end(tx, &stop).await?.unwrap();
                ra.end_stop(tx, &stop, end).await?;
                let by = (HoldEnd::Rejected, &*stop.revocation().subject());
                let actor = store::Actor::system();
                ra::end_holds(tx, (&own, "certificate:test"), by, &actor).await?;
                Ok::<_, ra::Error>(end)
            })
        })
        .await
        .unwrap()
}

const REJECT: (RevocationDecision, &str) = (RevocationDecision::Reject, "来电人不是持有人");

#[tokio::test]
async fn a_rejected_call_owes_the_lifting_of_its_own_stop_and_of_no_other() {
    on_each_engine(|world| async move {
        let serial = certificate(&world).await;
        let call = stopped(&world, &serial).await;
        assert!(world.ra.open_stops().await.unwrap().is_empty(), "it still waits");
        review(&world, &world.reviewer, &call, REJECT).await.unwrap();
        let open = world.ra.open_stops().await.unwrap();
        assert_eq!((open[0].serial(), &*open[0].ground().name), (&*serial, "call-rejected"));
        assert_eq!(end(&world, &call).await, Some(StopEnd::Lifted));
        // A second call about the same certificate has a hold of its own, and one that waits without one
        // keeps this one.
        let waits = called(&world, &serial).await;
        assert_eq!(end(&world, &call).await, None, "nothing is said yet");
        review(&world, &world.reviewer, &waits, REJECT).await.unwrap();
        assert_eq!(settle(&world, &waits).await, StopEnd::Moot, "it made no hold");
        let other = stopped(&world, &serial).await;
        assert_eq!(end(&world, &call).await, Some(StopEnd::Held), "the other's stands");
        review(&world, &world.reviewer, &other, REJECT).await.unwrap();
        assert_eq!(settle(&world, &other).await, StopEnd::Held, "this one's stands");
        assert_eq!(settle(&world, &call).await, StopEnd::Lifted, "and now none does");
        assert!(world.ra.open_stops().await.unwrap().is_empty());
        let about = store::Filter { subject: Some(call.subject()), ..store::Filter::default() };
        let records = world.store.records(&about, store::Page::default()).await.unwrap();
        let last = records.last().unwrap();
        assert_eq!(last.kind, "revocation.stop-lifted");
        assert_eq!(
            (&last.body["ground"], &last.body["reason"]),
            (&"call-rejected".into(), &8.into())
        );
    })
    .await;
}

#[tokio::test]
async fn a_call_that_nobody_decides_in_five_working_days_comes_to_nothing() {
    on_each_engine(|world| async move {
        let serial = certificate(&world).await;
        let call = stopped(&world, &serial).await;
        let reads = world.permit(&world.reviewer, Action::ReadRevocations).await;
        let view = world.ra.revocation(&reads, &call.id).await.unwrap();
        // Sunday 2026-11-22: five working days end on Friday the 27th.
        let due = world.ra.decide_by(&view.revocation).unwrap();
        assert_eq!(due.day, "2026-11-27".parse().unwrap());
        // What waits without a stop waits on.
        certify(&world, "person", "0e0e", Standing::Good);
        let letter = draft("unit-left", &["0e0e"], &["letter"]);
        let letter = drafted(&world, &world.clerk, letter).await.unwrap();
        let letter = enter(&world, &world.clerk, &letter).await.unwrap();
        world.clock.advance(SignedDuration::from_hours(24 * 5 + 13));
        assert_eq!(world.ra.lapse_calls().await.unwrap(), 0, "Friday, 23 o'clock");
        world.clock.advance(SignedDuration::from_hours(1));
        assert_eq!(world.ra.lapse_calls().await.unwrap(), 1);
        assert_eq!(world.ra.lapse_calls().await.unwrap(), 0, "once");
        let reads = world.permit(&world.reviewer, Action::ReadRevocations).await;
        let view = world.ra.revocation(&reads, &call.id).await.unwrap();
        assert_eq!(view.revocation.state, RevocationState::Lapsed);
        let still = world.ra.revocation(&reads, &letter.id).await.unwrap();
        assert_eq!(still.revocation.state, RevocationState::Entered);
        let open = world.ra.open_stops().await.unwrap();
        assert_eq!(&*open[0].ground().name, "call-lapsed");
        assert_eq!(end(&world, &call).await, Some(StopEnd::Lifted));
        let late = review(&world, &world.reviewer, &view.revocation, CONFIRM).await.unwrap_err();
        assert_eq!(late.code(), "ra.registration_turn", "what lapsed is not confirmed any more");
    })
    .await;
}

/// Whoever else holds the certificate: a call's end lifts the call's hold alone.
#[tokio::test]
async fn the_end_of_a_call_leaves_the_holds_of_others() {
    on_each_engine(|world| async move {
        for source in [Source::Holder, Source::Unit, Source::Authority, Source::Institution] {
            let serial = certificate(&world).await;
            hold(&world, &serial, (source, "act:1")).await;
            let call = stopped(&world, &serial).await;
            review(&world, &world.reviewer, &call, REJECT).await.unwrap();
            assert_eq!(settle(&world, &call).await, StopEnd::Held, "{source:?}");
            let permit = world.permit(&world.biz, Action::ReadCertificate).await;
            let left = world.ra.holds(&permit, &serial).await.unwrap();
            assert_eq!(left.iter().map(|one| one.source).collect::<Vec<_>>(), [source]);
        }
    })
    .await;
}

/// A call from before the term was there: the term runs from the day on which it came.
#[tokio::test]
async fn a_term_that_began_later_runs_from_then() {
    on_each_engine(|world| async move {
        let serial = certificate(&world).await;
        let call = stopped(&world, &serial).await;
        world.clock.advance(SignedDuration::from_hours(24 * 14));
        let (id, from) = (call.id.clone(), world.store.clock().now().as_second());
        let set: Result<(), ra::Error> = world
            .store
            .commit(move |tx| {
                Box::pin(async move {
                    let text = "UPDATE ra_revocation SET term_from = $1 WHERE id = $2";
                    let set = sqlx::query(text).bind(from).bind(id.as_str());
                    set.execute(tx.conn()).await.unwrap();
                    Ok(())
                })
            })
            .await;
        set.unwrap();
        assert_eq!(world.ra.lapse_calls().await.unwrap(), 0, "nobody had been told of a term");
        world.clock.advance(SignedDuration::from_hours(24 * 7));
        assert_eq!(world.ra.lapse_calls().await.unwrap(), 1);
    })
    .await;
}

/// So many copies of a revocation that waits for the other person.
async fn backlog(world: &World, of: &Revocation, copies: u32) {
    let of = of.id.clone();
    let made: Result<(), ra::Error> = world
        .store
        .commit(move |tx| {
            Box::pin(async move {
                let text = "INSERT INTO ra_revocation (id, number, ground, office, state, since, \
                     version, entered_by, blob, list_hash, failures) SELECT $1, $2, ground, office, \
                     state, since, version, entered_by, blob, list_hash, failures \
                     FROM ra_revocation WHERE id = $3";
                for at in 0..copies {
                    let checked = (0..10).map(|check| format!("202611219{at:05}{check}"));
                    let number = checked.into_iter().find(|one| one.parse::<ra::Number>().is_ok());
                    let (id, number) = (format!("{at:032x}"), number.unwrap());
                    let copy = sqlx::query(text).bind(id).bind(number).bind(of.as_str());
                    copy.execute(tx.conn()).await.unwrap();
                }
                Ok(())
            })
        })
        .await;
    made.unwrap();
}

#[tokio::test]
async fn a_backlog_of_papers_holds_up_no_call() {
    on_each_engine(|world| async move {
        let serial = certificate(&world).await;
        certify(&world, "person", "0e0e", Standing::Good);
        let letter = draft("unit-left", &["0e0e"], &["letter"]);
        let letter = drafted(&world, &world.clerk, letter).await.unwrap();
        let letter = enter(&world, &world.clerk, &letter).await.unwrap();
        backlog(&world, &letter, 200).await;
        world.clock.advance(SignedDuration::from_secs(1));
        let call = called(&world, &serial).await;
        let urgent = world.ra.urgent_stops().await.unwrap();
        assert_eq!(urgent.iter().map(|(id, ..)| id).collect::<Vec<_>>(), [&call.id]);
        world.clock.advance(SignedDuration::from_hours(24 * 14));
        assert_eq!(world.ra.lapse_calls().await.unwrap(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_file_of_revocations_has_each_once_whatever_is_entered_and_decided_meanwhile() {
    on_each_engine(|world| async move {
        certify(&world, "person", "0e0e", Standing::Good);
        let letter = draft("unit-left", &["0e0e"], &["letter"]);
        let letter = drafted(&world, &world.clerk, letter).await.unwrap();
        let letter = enter(&world, &world.clerk, &letter).await.unwrap();
        // The numbers of the copies are behind that of the original.
        backlog(&world, &letter, 450).await;
        let reads = world.permit(&world.clerk, Action::ReadRevocations).await;
        let all = RevocationSelection::default();
        let (mut numbers, mut behind) = (Vec::new(), String::new());
        loop {
            let block = world.ra.revocations_behind(&reads, &all, &behind).await.unwrap();
            let Some(last) = block.last() else { break };
            behind = last.revocation.number.to_string();
            numbers.extend(block.iter().map(|row| row.revocation.number.to_string()));
            // What the file has already and what it has not is decided: it is the newest of all now.
            world.clock.advance(SignedDuration::from_secs(60));
            let moved = world.store.commit(|tx| {
                Box::pin(async move {
                    let text = "UPDATE ra_revocation SET since = since + 60 WHERE number < $1 \
                         OR number > $2";
                    let query = sqlx::query(text).bind("202611219000500").bind("202611219004000");
                    query.execute(tx.conn()).await.unwrap();
                    Ok::<_, ra::Error>(())
                })
            });
            moved.await.unwrap();
        }
        let once: std::collections::BTreeSet<_> = numbers.iter().collect();
        assert_eq!((once.len(), numbers.len()), (451, 451));
        assert!(numbers.is_sorted());
    })
    .await;
}

/// A row that can't be read is named and left: what others called for goes on (Measures Art. 18).
#[tokio::test]
async fn a_call_that_can_not_be_read_is_named_and_holds_up_no_other() {
    on_each_engine(|world| async move {
        let serial = certificate(&world).await;
        let (broken, call) = (called(&world, &serial).await, called(&world, &serial).await);
        assert!(world.ra.unfit_calls().await.unwrap().is_empty());
        let id = broken.id.to_string();
        let spoilt = world.store.commit(move |tx| {
            Box::pin(async move {
                let text = "UPDATE ra_revocation SET ground = 'no-such' WHERE id = $1";
                sqlx::query(text).bind(id).execute(tx.conn()).await?;
                Ok::<_, store::Error>(())
            })
        });
        spoilt.await.unwrap();
        let number = broken.number.to_string();
        let unfit = |found: Vec<(String, ra::Error)>| {
            found.into_iter().map(|(number, _)| number).collect::<Vec<_>>()
        };
        let urgent = world.ra.urgent_stops().await.unwrap();
        assert_eq!(urgent.iter().map(|(id, ..)| id).collect::<Vec<_>>(), [&call.id]);
        assert_eq!(unfit(world.ra.unfit_calls().await.unwrap()), [&*number]);
        // Nor does it hold up the end of the other, by its term or by the second person.
        world.clock.advance(SignedDuration::from_hours(24 * 14));
        assert_eq!(world.ra.lapse_calls().await.unwrap(), 1);
        let text = "UPDATE ra_revocation SET state = 'refused', reviewed_by = 'somebody' \
             WHERE ground = 'no-such'";
        let refused = world.store.commit(move |tx| {
            Box::pin(async move {
                sqlx::query(text).execute(tx.conn()).await?;
                Ok::<_, store::Error>(())
            })
        });
        refused.await.unwrap();
        let open = world.ra.open_stops().await.unwrap();
        assert_eq!(open.iter().map(|stop| &stop.revocation().id).collect::<Vec<_>>(), [&call.id]);
        assert_eq!(unfit(world.ra.unfit_calls().await.unwrap()), [&*number]);
    })
    .await;
}

/// Invariant 9: an administrator who orders a revocation is one person like every other.
#[tokio::test]
async fn an_administrator_orders_a_revocation_and_another_person_confirms_it() {
    on_each_engine(|world| async move {
        certify(&world, "person", "0e0e", Standing::Good);
        let orders = world.permit(&world.biz, Action::RevokeCertificate).await;
        let call = draft("phone-compromised", &["0e0e"], &[]);
        let error = world.ra.draft_revocation(&orders, call, None).await.unwrap_err();
        assert_eq!(error.code(), "ra.evidence_missing", "what holders say is entered by clerks");
        let bare = draft("false-materials", &["0e0e"], &[]);
        let error = world.ra.draft_revocation(&orders, bare, None).await.unwrap_err();
        assert_eq!(error.code(), "ra.evidence_missing");
        let new = draft("false-materials", &["0e0e"], &["finding"]);
        let found = world.ra.draft_revocation(&orders, new, None).await.unwrap();
        let payload = order(&world, &world.biz, &found).await;
        let on = (ActKind::RevokeCertificate, &*found.subject());
        let (permit, act) = world.signed(&world.biz, on, &payload).await;
        let found = world.ra.enter_revocation(&permit, &found.id, act).await.unwrap();
        assert_eq!(found.state, RevocationState::Entered);
        assert!(lists(&world).await.0.is_empty(), "one person is not enough");
        review(&world, &world.reviewer, &found, CONFIRM).await.unwrap();
        let ready = lists(&world).await.0;
        assert_eq!(ready[0].ground().name, "false-materials");
        let item = ready[0].open()[0].clone();
        world.ra.revoked(&ready[0], &item, Outcome::Revoked).await.unwrap();
        // A permit for something else enters nothing.
        let reads = world.permit(&world.biz, Action::ReadRevocations).await;
        let new = draft("false-materials", &["0e0e"], &["finding"]);
        let error = world.ra.draft_revocation(&reads, new, None).await.unwrap_err();
        assert_eq!(error.kind(), store::ErrorKind::Fault, "{error}");
    })
    .await;
}

#[tokio::test]
async fn revocations_are_found_by_number_certificate_side_and_state_within_the_office() {
    on_each_engine(|world| async move {
        for serial in ["a1", "a2", "a3"] {
            certify(&world, "person", serial, Standing::Good);
        }
        let by_unit = draft("unit-left", &["a1", "a2"], &["letter"]);
        let by_unit = drafted(&world, &world.clerk, by_unit).await.unwrap();
        let found_out = draft("false-materials", &["a2"], &["finding"]);
        let found_out = drafted(&world, &world.clerk, found_out).await.unwrap();
        let found_out = enter(&world, &world.clerk, &found_out).await.unwrap();
        let reads = world.permit(&world.clerk, Action::ReadRevocations).await;
        let numbers = |selection: RevocationSelection| {
            let (ra, reads) = (world.ra.clone(), reads.clone());
            async move {
                let selection = RevocationSelection { limit: 50, ..selection };
                let rows = ra.revocations(&reads, &selection).await.unwrap();
                let total = ra.revocation_total(&reads, &selection).await.unwrap();
                assert_eq!(u64::try_from(rows.len()).unwrap(), total);
                let mut told: Vec<_> = rows
                    .into_iter()
                    .map(|row| (row.revocation.number.to_string(), row.certificates))
                    .collect();
                told.sort();
                told
            }
        };
        let asked = |q: &str| RevocationSelection { q: q.into(), ..RevocationSelection::default() };
        let unit = (by_unit.number.to_string(), 2);
        let out = (found_out.number.to_string(), 1);
        let mut both = vec![unit.clone(), out.clone()];
        both.sort();
        assert_eq!(numbers(RevocationSelection::default()).await, both);
        assert_eq!(numbers(asked(by_unit.number.as_str())).await, std::slice::from_ref(&unit));
        assert_eq!(numbers(asked(" A1 ")).await, std::slice::from_ref(&unit));
        assert_eq!(numbers(asked("a2")).await, both);
        assert_eq!(numbers(asked("a3")).await, []);
        for nothing in ["ffff", "甲", "' OR 1=1 --"] {
            assert_eq!(numbers(asked(nothing)).await, [], "{nothing}");
        }
        let entered = Some(RevocationState::Entered);
        let of_state = RevocationSelection { state: entered, ..RevocationSelection::default() };
        assert_eq!(numbers(of_state).await, std::slice::from_ref(&out));
        let side = Some(Source::Unit);
        let of_unit = RevocationSelection { source: side, ..RevocationSelection::default() };
        assert_eq!(numbers(of_unit).await, std::slice::from_ref(&unit));
        let page = RevocationSelection { offset: 1, ..RevocationSelection::default() };
        let page = RevocationSelection { limit: 50, ..page };
        assert_eq!(world.ra.revocations(&reads, &page).await.unwrap().len(), 1);
        // Another office finds none of the institution's.
        let there = filed(&world, "云中第二受理点", 9).await;
        let stranger = world.appoint("clerk-there", "entry_clerk", &there.id).await;
        let reads = world.permit(&stranger, Action::ReadRevocations).await;
        let all = RevocationSelection { limit: 50, ..RevocationSelection::default() };
        assert!(world.ra.revocations(&reads, &all).await.unwrap().is_empty());
    })
    .await;
}
