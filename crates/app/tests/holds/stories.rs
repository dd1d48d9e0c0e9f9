//! What happens to people: a court's order during a call, a holder who resumes too early, a document that lifts.

use access::{ActKind, Action};
use app::lifecycle::Change;
use app::voice::{ComplaintWords, KeyProof, NewProblem};
use ca::{Revocation, RevocationReason, Status};
use pki::Serial;
use ra::{RevocationDecision, RevocationState, Source, State, StopEnd};

use super::desk::{Desk, is_carried_out};
use crate::postgres::postgres;

const CONFIRM: RevocationDecision = RevocationDecision::Confirm;
const REJECT: RevocationDecision = RevocationDecision::Reject;

/// An order of a court during a call is taken, and outlives the call.
#[tokio::test]
async fn an_order_during_a_call_is_a_hold_of_its_own_and_outlives_the_call() {
    let desk = Desk::new("").await;
    let serial = desk.certificate().await;
    let call = desk.call(&serial).await.unwrap();
    let since = desk.status(&serial).await;
    desk.world.pass(60);
    desk.orders_hold(0, "ordered-hold", &serial).await.unwrap();
    assert_eq!(desk.sources(&serial).await, [Source::Phone, Source::Authority]);
    assert_eq!(
        desk.status(&serial).await,
        since,
        "CRL and OCSP keep the instant of the first hold"
    );
    let suspended = format!("certificate:issuing/{serial}");
    assert_eq!(desk.world.records("certificate.suspended", &suspended).await.len(), 1);
    assert_eq!(desk.world.records("certificate.held", &suspended).await.len(), 2);
    // The call lapses: its hold goes, the court's stays.
    desk.world.pass(86_400 * 20);
    desk.sweep().await;
    let lapsed = desk.revocation(&call.id).await;
    assert_eq!((lapsed.state, lapsed.stop_end), (RevocationState::Lapsed, Some(StopEnd::Held)));
    assert_eq!(desk.sources(&serial).await, [Source::Authority]);
    assert_eq!(desk.status(&serial).await, since);
}

/// A court's hold: not by the holder, not by one person, not on a unit's word; by two with the document.
#[tokio::test]
async fn what_a_court_holds_two_people_lift_on_its_document_and_nobody_else() {
    let desk = Desk::new("").await;
    let serial = desk.certificate().await;
    desk.orders_hold(0, "ordered-hold", &serial).await.unwrap();
    let hold = desk.hold(&serial, Source::Authority).await;
    let refused = desk.applies(("resume", "cleared"), &serial).await.err().unwrap();
    assert_eq!(refused.code(), "ra.hold_beyond");
    let text = refused.to_string();
    for words in ["有权机关", "作出决定的机关联系", "第十八条"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains("云01"), "nothing of the case: {text}");
    let alone = desk.orders_lifting(1, ("order-lifted", hold.clone()), &serial).await.unwrap_err();
    assert_eq!(alone.code(), "ra.lifting_second_person");
    for ground in ["unit-lifted", "inquiry-cleared"] {
        let beyond = desk.orders_lifting(1, (ground, hold.clone()), &serial).await.unwrap_err();
        assert_eq!(beyond.code(), "ra.hold_beyond", "{ground}");
    }
    let program = desk.program(&serial, Change::Resume).await.unwrap_err();
    assert_eq!(program.code(), "ra.hold_beyond");
    let other = desk.registers_lifting(("direction-lifted", hold.clone())).await.unwrap_err();
    assert_eq!(
        other.code(),
        "ra.hold_beyond",
        "the administration's document lifts no court's hold"
    );
    assert!(!desk.is_good(&serial).await);

    let entered = desk.registers_lifting(("order-lifted", hold.clone())).await.unwrap();
    desk.sweep().await;
    assert!(!desk.is_good(&serial).await, "one person is not enough");
    let again = desk.registers_lifting(("order-lifted", hold)).await.unwrap_err();
    assert_eq!(again.code(), "ra.hold_gone", "it is on its way already");
    // Who entered it has no permit to review, and signs no revocation for it either.
    let lifting = (ActKind::ReviewLifting, &entered.id);
    assert!(desk.reviews(&desk.heads[0], lifting, CONFIRM).await.is_err());
    let as_revocation = (ActKind::ReviewRevocation, &entered.id);
    let wrong = desk.reviews(&desk.reviewer, as_revocation, CONFIRM).await.unwrap_err();
    assert_eq!(wrong.code(), "ra.signed_act_needed");
    desk.reviews(&desk.reviewer, lifting, CONFIRM).await.unwrap();
    assert!(desk.is_good(&serial).await, "at once");
    let about = entered.subject();
    assert_eq!(desk.revocation(&entered.id).await.state, RevocationState::Done);
    for kind in ["lifting.drafted", "lifting.entered", "lifting.approved", "lifting.done"] {
        assert_eq!(desk.world.records(kind, &about).await.len(), 1, "{kind}");
    }
    let drafted = desk.world.records("lifting.drafted", &about).await;
    assert!(
        !drafted[0].body.to_string().contains("云01执解"),
        "the document is sealed (Invariant 6)"
    );
}

#[tokio::test]
async fn a_lifting_that_is_not_confirmed_leaves_the_hold_and_may_be_entered_again() {
    let desk = Desk::new("").await;
    let serial = desk.certificate().await;
    desk.orders_hold(0, "directed-hold", &serial).await.unwrap();
    let hold = desk.hold(&serial, Source::Regulator).await;
    let first = desk.registers_lifting(("direction-lifted", hold.clone())).await.unwrap();
    desk.reviews(&desk.reviewer, (ActKind::ReviewLifting, &first.id), REJECT).await.unwrap();
    desk.sweep().await;
    assert_eq!(desk.sources(&serial).await, [Source::Regulator]);
    let second = desk.registers_lifting(("direction-lifted", hold)).await.unwrap();
    desk.reviews(&desk.reviewer, (ActKind::ReviewLifting, &second.id), CONFIRM).await.unwrap();
    assert!(desk.is_good(&serial).await);
}

/// The holder's resumption lifts the holder's own hold and ends the call in the holder's name, and leaves the
/// unit's; the holder is told each of it.
#[tokio::test]
async fn a_holder_lifts_the_own_hold_and_ends_the_own_call_and_no_more() {
    let desk = Desk::new("").await;
    let serial = desk.certificate().await;
    let call = desk.call(&serial).await.unwrap();
    assert!(is_carried_out(&desk.applies(("suspend", "mislaid"), &serial).await.unwrap()));
    desk.orders_hold(0, "unit-hold", &serial).await.unwrap();
    assert_eq!(
        desk.sources(&serial).await,
        [Source::Phone, Source::Holder, Source::Unit],
        "each on its own"
    );
    let twice = desk.applies(("suspend", "absence"), &serial).await.err().unwrap();
    assert_eq!(twice.code(), "ra.certificate_unfit", "the holder holds it already");

    let resumed = desk.applies(("resume", "found"), &serial).await.unwrap();
    assert!(is_carried_out(&resumed));
    assert_eq!(desk.sources(&serial).await, [Source::Unit]);
    assert!(!desk.is_good(&serial).await);
    let closed = desk.revocation(&call.id).await;
    assert_eq!((closed.state, closed.stop_end), (RevocationState::Closed, Some(StopEnd::Held)));
    let by = format!("application:{}", resumed.application.id);
    assert_eq!(desk.world.records("revocation.closed", &call.subject()).await[0].body["by"], by);
    let late = desk.decides(&call.id, CONFIRM).await.unwrap_err();
    assert_eq!(late.code(), "ra.registration_turn", "it is over");
    // In writing: not that the certificate is resumed.
    let letters = desk.world.institution.letters().unwrap();
    desk.world.institution.sweep_letters().await.unwrap();
    let own = letters.of_application(resumed.application.id.as_str()).await.unwrap();
    assert!(own.iter().all(|one| one.kind != letters::LetterKind::Resumption));
    assert_eq!(desk.world.records("application.still-held", &by).await.len(), 1);
    desk.world.institution.send_messages().await.unwrap();
    let folder = desk.world.institution.layout().outbox();
    let texts: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
        .filter(|text| text.contains("状态变更告知书"))
        .collect();
    for words in ["另增一项暂停", "解除一项暂停", "终结来电撤销的办理", "恢复不是您本人申请的"]
    {
        assert!(texts.iter().any(|text| text.contains(words)), "{words}: {texts:#?}");
    }
    // The unit asks for it: now nothing holds it.
    let hold = desk.hold(&serial, Source::Unit).await;
    desk.orders_lifting(1, ("unit-lifted", hold), &serial).await.unwrap();
    assert!(desk.is_good(&serial).await);
}

#[tokio::test]
async fn the_institutions_hold_is_lifted_by_another_of_its_people_than_set_it() {
    let desk = Desk::new("").await;
    let serial = desk.certificate().await;
    desk.orders_hold(0, "inquiry", &serial).await.unwrap();
    let hold = desk.hold(&serial, Source::Institution).await;
    let own = desk.orders_lifting(0, ("inquiry-cleared", hold.clone()), &serial).await.unwrap_err();
    assert_eq!(own.code(), "ra.hold_second_person");
    assert!(own.to_string().contains("GM/T 0034"), "{own}");
    let program = desk.program(&serial, Change::Resume).await.unwrap_err();
    assert_eq!(program.code(), "ra.hold_beyond", "a program lifts what programs set");
    desk.orders_lifting(1, ("inquiry-cleared", hold.clone()), &serial).await.unwrap();
    assert!(desk.is_good(&serial).await);
    let gone = desk.orders_lifting(1, ("inquiry-cleared", hold), &serial).await.unwrap_err();
    assert_eq!(gone.code(), "app.not_applicable", "it is good by now");
}

#[tokio::test]
async fn a_program_adds_a_hold_and_lifts_only_what_programs_set() {
    let desk = Desk::new("").await;
    let serial = desk.certificate().await;
    desk.orders_hold(0, "unit-hold", &serial).await.unwrap();
    desk.program(&serial, Change::Suspend).await.unwrap();
    let again = desk.program(&serial, Change::Suspend).await.unwrap_err();
    assert_eq!(again.code(), "ca.status.already-suspended", "asked twice");
    desk.program(&serial, Change::Resume).await.unwrap();
    assert_eq!(desk.sources(&serial).await, [Source::Unit]);
    assert!(!desk.is_good(&serial).await);
    assert!(desk.program(&serial, Change::Resume).await.is_err());
}

/// Revocation ends all holds, and what comes to nothing afterwards lifts nothing.
#[tokio::test]
async fn a_revocation_ends_every_hold() {
    let desk = Desk::new("").await;
    let serial = desk.certificate().await;
    let call = desk.call(&serial).await.unwrap();
    desk.orders_hold(0, "ordered-hold", &serial).await.unwrap();
    let revoke = Change::Revoke(Revocation::because(RevocationReason::Superseded));
    desk.program(&serial, revoke).await.unwrap();
    assert_eq!(desk.holds(&serial).await, []);
    desk.decides(&call.id, REJECT).await.unwrap();
    desk.sweep().await;
    assert_eq!(desk.revocation(&call.id).await.stop_end, Some(StopEnd::Moot));
    assert!(matches!(desk.status(&serial).await, Status::Revoked { .. }));
    let about = format!("certificate:issuing/{serial}");
    let ended = desk.world.records("certificate.hold-ended", &about).await;
    assert_eq!(ended.iter().filter(|one| one.body["end"] == "revoked").count(), 2);
}

/// A hold that ends after the certificate's time is over is noted, and changes nothing any more.
#[tokio::test]
async fn a_call_that_lapses_after_the_certificate_is_over_ends_its_hold_all_the_same() {
    let desk = Desk::new("").await;
    let serial = desk.certificate().await;
    let call = desk.call(&serial).await.unwrap();
    desk.world.pass(86_400 * 366 * 6);
    desk.sweep().await;
    assert_eq!(desk.revocation(&call.id).await.stop_end, Some(StopEnd::Moot));
    assert_eq!(desk.holds(&serial).await, []);
    assert!(desk.is_sound().await, "what is over stays as it was, and nobody deleted a hold");
}

/// A key that is no secret any more is not used again: a call that comes to nothing leaves its hold, until the
/// certificate is revoked.
async fn leaked_during_a_call(database: &str) {
    let desk = Desk::new(database).await;
    let serial = desk.certificate().await;
    let call = desk.call(&serial).await.unwrap();
    let found = desk.world.institution.ca().find(&Serial::from_hex(&serial).unwrap()).await;
    let key = found.unwrap().unwrap().certificate.public_key().unwrap();
    let ca = desk.world.institution.ca().clone();
    let unit = desk.world.institution.store().commit(move |tx| {
        Box::pin(async move { ca.block_key(tx, &key, &store::Actor::system()).await })
    });
    unit.await.unwrap();
    desk.decides(&call.id, REJECT).await.unwrap();
    desk.sweep().await;
    assert_eq!(desk.revocation(&call.id).await.stop_end, Some(StopEnd::Kept));
    assert_eq!(desk.sources(&serial).await, [Source::Phone]);
    assert!(matches!(desk.status(&serial).await, Status::Suspended { .. }));
    assert!(desk.is_sound().await);
    let kept = desk.world.records("revocation.stop-kept", &call.subject()).await;
    assert_eq!((kept.len(), kept[0].body["end"].as_str()), (1, Some("kept")));
    desk.sweep().await;
    let revoke = Change::Revoke(Revocation::because(RevocationReason::KeyCompromise));
    desk.program(&serial, revoke).await.unwrap();
    assert_eq!(desk.holds(&serial).await, []);
    assert_eq!(desk.revocation(&call.id).await.stop_end, Some(StopEnd::Kept));
    assert!(desk.is_sound().await);
}

#[tokio::test]
async fn a_call_that_comes_to_nothing_keeps_its_hold_where_the_key_leaked_on_sqlite() {
    leaked_during_a_call("").await;
}

#[tokio::test]
async fn a_call_that_comes_to_nothing_keeps_its_hold_where_the_key_leaked_on_postgresql() {
    let Some(database) = postgres("holds_leaked").await else { return };
    leaked_during_a_call(&database).await;
}

/// The hold of a proof is no administrator's to lift, whatever else holds the certificate: only revoking ends it.
#[tokio::test]
async fn the_hold_of_a_proof_that_the_key_leaked_is_lifted_by_nobody() {
    let desk = Desk::new("").await;
    let (serial, key) = desk.certificate_and_key().await;
    let call = desk.call(&serial).await.unwrap();
    let institution = &desk.world.institution;
    let named = Serial::from_hex(&serial).unwrap();
    let statement = institution.problem_statement(&named).await.unwrap();
    let signature = key.sign(&gm::UserId::default(), statement.as_bytes()).to_der();
    let words = ComplaintWords {
        text: "在公开的代码仓库中看到这张证书的私钥文件。".into(),
        ..Default::default()
    };
    let proof = Some(KeyProof { statement, signature });
    let new = NewProblem { words, evidence: Vec::new(), proof };
    institution.lodge_problem(new).await.unwrap();
    let hold = desk.hold(&serial, Source::Institution).await;
    let refused = desk.orders_lifting(1, ("inquiry-cleared", hold), &serial).await.unwrap_err();
    assert_eq!(refused.code(), "ca.key.blocked");
    assert!(refused.to_string().contains("登记撤销"), "{refused}");
    desk.decides(&call.id, REJECT).await.unwrap();
    desk.sweep().await;
    assert_eq!(desk.revocation(&call.id).await.stop_end, Some(StopEnd::Held));
    assert_eq!(desk.sources(&serial).await, [Source::Institution]);
    assert!(desk.is_sound().await);
}

/// The same decision carried out twice: by the sweep after whatever was cut off.
#[tokio::test]
async fn what_is_carried_out_twice_sets_one_hold_and_lifts_no_other() {
    let desk = Desk::new("").await;
    let serial = desk.certificate().await;
    let way = desk.applies(("suspend", "mislaid"), &serial).await.unwrap();
    // As if the note of it had been lost: the row stands where it stood before.
    reopened(&desk, way.application.id.as_str()).await;
    desk.sweep().await;
    assert_eq!(desk.sources(&serial).await, [Source::Holder], "one");
    let resumed = desk.applies(("resume", "found"), &serial).await.unwrap();
    assert!(desk.is_good(&serial).await);
    desk.applies(("suspend", "absence"), &serial).await.unwrap();
    reopened(&desk, resumed.application.id.as_str()).await;
    desk.sweep().await;
    assert_eq!(
        desk.sources(&serial).await,
        [Source::Holder],
        "the new one is not lifted by the old"
    );
    let read = resumed.own(Action::ReadApplication).await;
    let found = resumed.ra().application(&read, &resumed.application.id).await.unwrap();
    assert!(matches!(found.state, State::CarriedOut { .. }));
}

/// Puts an application back to where it was approved.
async fn reopened(desk: &Desk, id: &str) {
    let id = id.to_owned();
    let done: Result<(), app::Error> = desk
        .world
        .institution
        .store()
        .commit(move |tx| {
            Box::pin(async move {
                let text = "UPDATE ra_application SET state = 'reviewed', \
                     state_data = (SELECT '{\"state\":\"reviewed\",\"person\":\"' || person || '\"}' \
                     FROM ra_review WHERE application = $1) WHERE id = $2";
                let set = sqlx::query(text).bind(id.clone()).bind(id);
                let done = set.execute(tx.conn()).await.unwrap();
                assert_eq!(done.rows_affected(), 1);
                Ok(())
            })
        })
        .await;
    done.unwrap();
}
