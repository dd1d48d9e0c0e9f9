//! Revocations that a clerk enters and another person confirms (GM/T 0034 §6; T-14).

use std::sync::atomic::Ordering;

use access::{ActKind, Action};
use jiff::SignedDuration;
use pki::crl::Reason;
use ra::{
    Outcome, Particulars, ReadyToRevoke, Revocation, RevocationDecision, RevocationDraft,
    RevocationOrder, RevocationReview, RevocationState, Standing,
};

use super::office::filed;
use super::services::certify;
use super::way::Way;
use super::world::{Staff, World, on_each_engine};

/// The lists that are to be carried out, and the numbers of those that can't be.
pub async fn lists(world: &World) -> (Vec<ReadyToRevoke>, Vec<String>) {
    let (mut ready, mut unfit) = (Vec::new(), Vec::new());
    for (id, number) in world.ra.approved_lists().await.unwrap() {
        match world.ra.ready_to_revoke((&id, &number)).await {
            Ok(list) => ready.push(list),
            Err(_) => unfit.push(number),
        }
    }
    let (count, named) = world.ra.unfit_lists().await.unwrap();
    assert_eq!(count, ready.len());
    assert_eq!(named.into_iter().map(|(number, _)| number).collect::<Vec<_>>(), unfit);
    (ready, unfit)
}

pub fn draft(ground: &str, serials: &[&str], evidence: &[&str]) -> RevocationDraft {
    RevocationDraft {
        ground: ground.into(),
        serials: serials.iter().map(|serial| (*serial).to_owned()).collect(),
        particulars: Particulars {
            requester: "云中市档案馆".into(),
            document_number: "云档函〔2026〕1号".into(),
            account: "该人员已于本月调离".into(),
        },
        evidence: evidence
            .iter()
            .map(|name| ((*name).to_owned(), format!("%PDF-1.7 {name}\n%%EOF").into_bytes()))
            .collect(),
    }
}

pub async fn drafted(
    world: &World,
    by: &Staff,
    new: RevocationDraft,
) -> Result<Revocation, ra::Error> {
    let permit = world.permit(by, Action::EnterRevocation).await;
    world.ra.draft_revocation(&permit, new, None).await
}

pub async fn order(world: &World, by: &Staff, revocation: &Revocation) -> RevocationOrder {
    let permit = world.permit(by, Action::ReadRevocations).await;
    let view = world.ra.revocation(&permit, &revocation.id).await.unwrap();
    RevocationOrder {
        version: view.revocation.version,
        ground: view.revocation.ground.name.clone(),
        count: view.items.len(),
        list_sm3: view.revocation.list_hash.clone(),
    }
}

pub async fn enter(world: &World, by: &Staff, found: &Revocation) -> Result<Revocation, ra::Error> {
    let order = order(world, by, found).await;
    let on = (ActKind::EnterRevocation, &*found.subject());
    let (permit, act) = world.signed(by, on, &order).await;
    world.ra.enter_revocation(&permit, &found.id, act).await
}

pub async fn review(
    world: &World,
    by: &Staff,
    found: &Revocation,
    (decision, reason): (RevocationDecision, &str),
) -> Result<Revocation, ra::Error> {
    let order = order(world, by, found).await;
    let review = RevocationReview { order, decision, reason: reason.into() };
    let on = (ActKind::ReviewRevocation, &*found.subject());
    let (permit, act) = world.signed(by, on, &review).await;
    world.ra.review_revocation(&permit, &found.id, act).await
}

pub const CONFIRM: (RevocationDecision, &str) = (RevocationDecision::Confirm, "");

#[tokio::test]
async fn a_long_list_is_looked_up_by_one_question_and_kept_in_its_order() {
    on_each_engine(|world| async move {
        let names: Vec<String> = (16..80).rev().map(|at| format!("{at:02x}")).collect();
        for name in &names {
            certify(&world, "person", name, Standing::Good);
        }
        certify(&world, "person", "ee", Standing::Revoked);
        let mut listed: Vec<&str> = names.iter().map(String::as_str).collect();
        // What is named again or revoked already counts for nothing.
        listed.extend(["10", "ee"]);
        let asked = || world.keys.2.load(Ordering::Relaxed);
        let before = asked();
        let found = drafted(&world, &world.clerk, draft("unit-left", &listed, &["letter"])).await;
        assert_eq!(asked() - before, 1);
        let reads = world.permit(&world.clerk, Action::ReadRevocations).await;
        let view = world.ra.revocation(&reads, &found.unwrap().id).await.unwrap();
        let kept: Vec<_> = view.items.iter().map(|item| item.serial.as_str()).collect();
        assert_eq!(kept, names);
        for (wrong, code) in [("abcd", "ra.unknown"), ("no serial", "ra.input")] {
            listed[3] = wrong;
            let new = draft("unit-left", &listed, &["letter"]);
            let error = drafted(&world, &world.clerk, new).await.unwrap_err();
            assert_eq!(error.code(), code, "{wrong}");
        }
    })
    .await;
}

#[tokio::test]
async fn each_ground_is_entered_with_its_evidence_by_one_and_confirmed_by_another() {
    on_each_engine(|world| async move {
        let grounds = world.ra.catalogue().grounds().to_vec();
        let revokes = |ground: &&ra::Ground| ground.is_brought_for("revoke");
        let by_paper = grounds.iter().filter(revokes).filter(|ground| !ground.evidence.is_empty());
        for (ground, at) in by_paper.zip(16_u32..) {
            let serial = certify(&world, "person", &format!("{at:02x}"), Standing::Good).to_hex();
            let names: Vec<&str> = ground.evidence.iter().map(|one| one.name.as_str()).collect();
            let bare = drafted(&world, &world.clerk, draft(&ground.name, &[&serial], &[])).await;
            assert_eq!(bare.unwrap_err().code(), "ra.evidence_missing", "{}", ground.name);
            let found = drafted(&world, &world.both, draft(&ground.name, &[&serial], &names));
            let found = found.await.unwrap();
            let early = review(&world, &world.reviewer, &found, CONFIRM).await.unwrap_err();
            assert_eq!(
                early.code(),
                "ra.registration_turn",
                "nothing is confirmed before it is entered"
            );
            let found = enter(&world, &world.both, &found).await.unwrap();
            assert!(lists(&world).await.0.is_empty(), "one person is not enough");
            let alone = review(&world, &world.both, &found, CONFIRM).await.unwrap_err();
            assert_eq!(alone.code(), "ra.revoke_second_person");
            review(&world, &world.reviewer, &found, CONFIRM).await.unwrap();
            let ready = lists(&world).await.0;
            assert_eq!(ready.len(), 1);
            assert_eq!(ready[0].ground().reason, ground.reason, "{}", ground.name);
            let item = ready[0].open()[0].clone();
            world.ra.revoked(&ready[0], &item, Outcome::Revoked).await.unwrap();
            assert!(lists(&world).await.0.is_empty());
        }
    })
    .await;
}

/// What was changed after it was signed is named and left; what others signed for goes on.
#[tokio::test]
async fn a_list_that_is_not_as_it_was_signed_for_is_named_and_holds_up_no_other() {
    on_each_engine(|world| async move {
        let mut all = Vec::new();
        for serial in ["b001", "b002", "b003", "b004"] {
            certify(&world, "staff", serial, Standing::Good);
            let new = draft("unit-ended", &[serial], &["letter"]);
            let found = drafted(&world, &world.clerk, new).await.unwrap();
            let found = enter(&world, &world.clerk, &found).await.unwrap();
            all.push(review(&world, &world.reviewer, &found, CONFIRM).await.unwrap());
        }
        for text in [
            "UPDATE ra_revocation_item SET serial = 'b00f' WHERE serial = 'b001'",
            "UPDATE ra_revocation SET reviewed_by = entered_by WHERE id IN \
             (SELECT revocation FROM ra_revocation_item WHERE serial = 'b002')",
            "UPDATE ra_revocation SET ground = 'no-such' WHERE id IN \
             (SELECT revocation FROM ra_revocation_item WHERE serial = 'b003')",
        ] {
            let done = world.store.commit(move |tx| {
                Box::pin(async move {
                    sqlx::query(text).execute(tx.conn()).await?;
                    Ok::<_, store::Error>(())
                })
            });
            done.await.unwrap();
        }
        let (ready_lists, unfit_lists) = lists(&world).await;
        let ready: Vec<_> = ready_lists.iter().map(|one| one.open()[0].serial.as_str()).collect();
        assert_eq!(ready, ["b004"]);
        let mut unfit: Vec<_> = unfit_lists.iter().map(String::as_str).collect();
        let mut numbers: Vec<_> = all[..3].iter().map(|one| one.number.as_str()).collect();
        unfit.sort_unstable();
        numbers.sort_unstable();
        assert_eq!(unfit, numbers);
    })
    .await;
}

/// T-14: what the dry run counted is what is done, also when it is cut off between two certificates.
#[tokio::test]
async fn a_list_is_done_as_it_was_counted_and_goes_on_where_it_was_cut_off() {
    on_each_engine(|world| async move {
        let given: Vec<String> = (1..=30).map(|n: u8| format!("a{n:03x}")).collect();
        for serial in &given {
            certify(&world, "staff", serial, Standing::Good);
        }
        certify(&world, "staff", "dead", Standing::Revoked);
        let mut serials: Vec<&str> = given.iter().map(String::as_str).collect();
        serials.extend(["dead", given[0].as_str()]);
        let new = draft("unit-ended", &serials, &["letter"]);
        let found = drafted(&world, &world.clerk, new).await.unwrap();
        let counted = order(&world, &world.clerk, &found).await;
        assert_eq!(counted.count, 30, "revoked ones and repetitions are not counted");
        // Another number or another list is not what was shown.
        for wrong in [
            RevocationOrder { count: 31, ..counted.clone() },
            RevocationOrder { list_sm3: "00".repeat(32), ..counted.clone() },
            RevocationOrder { ground: "unit-left".into(), ..counted.clone() },
        ] {
            let on = (ActKind::EnterRevocation, &*found.subject());
            let (permit, act) = world.signed(&world.clerk, on, &wrong).await;
            let error = world.ra.enter_revocation(&permit, &found.id, act).await.unwrap_err();
            assert_eq!(error.code(), "ra.list_differs");
        }
        let found = enter(&world, &world.clerk, &found).await.unwrap();
        let found = review(&world, &world.reviewer, &found, CONFIRM).await.unwrap();
        let ready = lists(&world).await.0;
        for item in ready[0].open().iter().take(13) {
            world.ra.revoked(&ready[0], item, Outcome::Revoked).await.unwrap();
            world.ra.revoked(&ready[0], item, Outcome::Revoked).await.unwrap();
        }
        // Cut off here, and asked again.
        let again = lists(&world).await.0;
        assert_eq!(again[0].open().len(), 17);
        for item in again[0].open() {
            world.ra.revoked(&again[0], item, Outcome::Revoked).await.unwrap();
        }
        let permit = world.permit(&world.clerk, Action::ReadRevocations).await;
        let view = world.ra.revocation(&permit, &found.id).await.unwrap();
        assert_eq!(view.revocation.state, RevocationState::Done);
        let done = view.items.iter().filter(|item| item.outcome == Some(Outcome::Revoked)).count();
        assert_eq!(done, counted.count, "the dry run told the truth");
        let filter = store::Filter { subject: Some(found.subject()), ..store::Filter::default() };
        let page = store::Page { limit: 1000, ..store::Page::default() };
        let records = world.store.records(&filter, page).await.unwrap();
        let items = records.iter().filter(|record| record.kind == "revocation.item").count();
        assert_eq!(items, 30, "each once");
        assert!(world.store.verify_journal(store::Scope::Full).await.unwrap().is_sound());
    })
    .await;
}

#[tokio::test]
async fn a_rejection_says_why_and_revokes_nothing() {
    on_each_engine(|world| async move {
        certify(&world, "person", "77", Standing::Suspended);
        let new = draft("unit-left", &["77"], &["letter"]);
        let found = drafted(&world, &world.clerk, new).await.unwrap();
        let found = enter(&world, &world.clerk, &found).await.unwrap();
        let reject = |why| (RevocationDecision::Reject, why);
        let mute = review(&world, &world.reviewer, &found, reject("")).await.unwrap_err();
        assert_eq!(mute.code(), "ra.reason_missing");
        let done = review(&world, &world.reviewer, &found, reject("来函没有公章")).await.unwrap();
        assert_eq!(done.state, RevocationState::Refused);
        assert!(lists(&world).await.0.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_caller_reads_the_code_back_before_anything_is_stopped() {
    on_each_engine(|world| async move {
        let mut way = Way::begin(&world, "person").await;
        way.end().await;
        let serial = way.application.state.serials().unwrap().sign.clone();
        certify(&world, "person", &serial, Standing::Good);
        let new = draft("phone-compromised", &[&serial], &[]);
        let found = drafted(&world, &world.clerk, new).await.unwrap();
        let error = enter(&world, &world.clerk, &found).await.unwrap_err();
        assert_eq!(error.code(), "ra.caller_unproven");
        let permit = world.permit(&world.clerk, Action::EnterRevocation).await;
        let called = world.ra.call_back(&permit, &found.id).await.unwrap();
        assert_eq!(called.phone, "13000000000", "the number of the application that issued it");
        let wrong = if called.code == "00000000" { "11111111" } else { "00000000" };
        let error = world.ra.answer_call(&permit, &found.id, wrong).await.unwrap_err();
        assert_eq!(error.code(), "ra.caller_unproven");
        world.ra.answer_call(&permit, &found.id, &called.code).await.unwrap();
        let found = enter(&world, &world.clerk, &found).await.unwrap();
        let stop = (found.id.clone(), found.number.clone(), vec![serial]);
        assert_eq!(world.ra.urgent_stops().await.unwrap(), [stop]);
        assert!(lists(&world).await.0.is_empty(), "only suspended so far");
        world.ra.stopped(&found.id).await.unwrap();
        world.ra.stopped(&found.id).await.unwrap();
        assert_eq!(world.ra.urgent_stops().await.unwrap(), []);
        review(&world, &world.reviewer, &found, CONFIRM).await.unwrap();
        let ready = lists(&world).await.0;
        assert_eq!(ready[0].ground().reason, Reason::KeyCompromise);
    })
    .await;
}

#[tokio::test]
async fn a_code_is_over_after_ten_minutes_and_after_five_wrong_ones() {
    let world = World::new().await;
    let mut way = Way::begin(&world, "person").await;
    way.end().await;
    let serial = way.application.state.serials().unwrap().sign.clone();
    certify(&world, "person", &serial, Standing::Good);
    let new = draft("phone-compromised", &[&serial], &[]);
    let found = drafted(&world, &world.clerk, new.clone()).await.unwrap();
    let permit = world.permit(&world.clerk, Action::EnterRevocation).await;
    let called = world.ra.call_back(&permit, &found.id).await.unwrap();
    world.clock.advance(SignedDuration::from_mins(10));
    let permit = world.permit(&world.clerk, Action::EnterRevocation).await;
    assert!(world.ra.answer_call(&permit, &found.id, &called.code).await.is_err());
    let found = drafted(&world, &world.clerk, new).await.unwrap();
    let called = world.ra.call_back(&permit, &found.id).await.unwrap();
    let wrong = if called.code == "00000000" { "11111111" } else { "00000000" };
    for _ in 0..5 {
        assert!(world.ra.answer_call(&permit, &found.id, wrong).await.is_err());
    }
    assert!(world.ra.answer_call(&permit, &found.id, &called.code).await.is_err());
    // A certificate that no application of ours brought has no number on file.
    certify(&world, "person", "0e0e", Standing::Good);
    let new = draft("phone-compromised", &["0e0e"], &[]);
    let found = drafted(&world, &world.clerk, new).await.unwrap();
    let error = world.ra.call_back(&permit, &found.id).await.unwrap_err();
    assert_eq!(error.code(), "ra.caller_unproven");
}

/// C26, C27: who works for an office deals with what that office brought, and with nothing else.
#[tokio::test]
async fn an_operator_belongs_to_the_office_of_the_application() {
    let world = World::new().await;
    let (here, there) =
        (filed(&world, "云中第一受理点", 9).await, filed(&world, "云中第二受理点", 9).await);
    let clerk = world.appoint("clerk-here", "entry_clerk", &here.id).await;
    let stranger = world.appoint("clerk-there", "entry_clerk", &there.id).await;
    let mut way = Way::begin_at(&world, "person", Some(here.id.clone())).await.unwrap();
    way.submitted().await;
    for other in [&stranger, &world.clerk] {
        let error = way.proof_order(other, "in-person").await.unwrap_err();
        assert_eq!(error.kind(), store::ErrorKind::Refusal, "{error}");
    }
    way.proof(&clerk).await.unwrap();
    // The office's clerk does not enter a revocation of what others brought.
    let mut own = Way::begin(&world, "person").await;
    own.end().await;
    let serial = own.application.state.serials().unwrap().sign.clone();
    certify(&world, "person", &serial, Standing::Good);
    let new = draft("unit-left", &[&serial], &["letter"]);
    let permit = world.permit(&clerk, Action::EnterRevocation).await;
    let office = Some(here.id.clone());
    let error = world.ra.draft_revocation(&permit, new.clone(), office).await.unwrap_err();
    assert_eq!(error.code(), "ra.certificate_unfit");
    let error = world.ra.draft_revocation(&permit, new, None).await.unwrap_err();
    assert_eq!(error.kind(), store::ErrorKind::Refusal, "nor in the institution's own name");
}
