//! A holder who calls: the stop, and what becomes of it when the revocation comes to nothing.

use access::{ActKind, Action};
use app::Institution;
use app::lifecycle::Change;
use pki::Serial;
use pki::crl::Reason;
use ra::{
    Particulars, RevocationDecision, RevocationDraft, RevocationId, RevocationOrder,
    RevocationReview,
};
use store::Actor;

use super::way::{Staff, Way, world};
use super::{act, changed, holder, outbox, reasons, serials, status};

/// Carries a call as far as the stop; what was signed for.
async fn called(institution: &Institution, clerk: &Staff, serials: &ra::Serials) -> ra::Revocation {
    let (ra, access) = (institution.registration().unwrap(), institution.access());
    let draft = RevocationDraft {
        ground: "phone-compromised".into(),
        serials: vec![serials.sign.clone()],
        particulars: Particulars {
            requester: "签名人本人来电".into(),
            document_number: String::new(),
            account: "称密码设备被盗".into(),
        },
        evidence: Vec::new(),
    };
    let enters = clerk.permit(access, Action::EnterRevocation).await;
    let call = ra.draft_revocation(&enters, draft, None).await.unwrap();
    institution.call_back(&enters, &call.id).await.unwrap();
    let code = outbox(institution, call.number.as_str(), "一次性代码 ");
    let call = ra.answer_call(&enters, &call.id, &code).await.unwrap();
    let payload = serde_json::to_value(order(&call)).unwrap();
    act(institution, clerk, (ActKind::EnterRevocation, &call.id), &payload).await.unwrap();
    call
}

fn order(found: &ra::Revocation) -> RevocationOrder {
    RevocationOrder {
        version: found.version,
        ground: found.ground.name.clone(),
        count: 1,
        list_sm3: found.list_hash.clone(),
    }
}

/// What the second person signs about a call.
async fn decision(
    institution: &Institution,
    reviewer: &Staff,
    id: &RevocationId,
    decision: RevocationDecision,
) -> serde_json::Value {
    let ra = institution.registration().unwrap();
    let reads = reviewer.permit(institution.access(), Action::ReadRevocations).await;
    let view = ra.revocation(&reads, id).await.unwrap();
    let order = order(&view.revocation);
    let review = RevocationReview { order, decision, reason: "来电人不是持有人".into() };
    serde_json::to_value(&review).unwrap()
}

const HOLD: [Option<Reason>; 2] = [Some(Reason::CertificateHold); 2];

#[tokio::test]
async fn a_rejected_call_gives_the_certificate_back() {
    let (world, clerk, reviewer) = world().await;
    let institution = &world.institution;
    let pair = serials(&holder(&world, (&clerk, &reviewer)).await);
    let call = called(institution, &clerk, &pair).await;
    assert_eq!(reasons(status(&world, &pair).await), HOLD);
    let payload = decision(institution, &reviewer, &call.id, RevocationDecision::Reject).await;
    act(institution, &reviewer, (ActKind::ReviewRevocation, &call.id), &payload).await.unwrap();
    assert_eq!(reasons(status(&world, &pair).await), [None; 2], "at once");
    institution.carry_out_decisions().await.unwrap();
    let about = format!("revocation:{}", call.id);
    let lifted = world.records("revocation.stop-lifted", &about).await;
    assert_eq!(lifted.len(), 1, "once");
    assert_eq!(lifted[0].body["ground"], "call-rejected");
    let resumed = format!("certificate:issuing/{}", pair.sign);
    let resumed = world.records("certificate.resumed", &resumed).await;
    assert_eq!(resumed[0].actor, about, "in the name of the call, not of a person");
}

/// Invariant 3: the power goes between the rejection and the lifting.
#[tokio::test]
async fn what_was_cut_off_between_rejection_and_lifting_is_finished_after_the_start() {
    let (world, clerk, reviewer) = world().await;
    let pair = serials(&holder(&world, (&clerk, &reviewer)).await);
    let institution = &world.institution;
    let call = called(institution, &clerk, &pair).await;
    let payload = decision(institution, &reviewer, &call.id, RevocationDecision::Reject).await;
    let on = (ActKind::ReviewRevocation, &*format!("revocation:{}", call.id));
    let (permit, signed) = reviewer.sign(institution.access(), on, &payload).await;
    let ra = institution.registration().unwrap();
    ra.review_revocation(&permit, &call.id, signed).await.unwrap();
    assert_eq!(reasons(status(&world, &pair).await), HOLD, "rejected, and the power went");
    let world = world.restarted(|_| ()).await.unwrap();
    world.institution.carry_out_decisions().await.unwrap();
    assert_eq!(reasons(status(&world, &pair).await), [None; 2]);
}

#[tokio::test]
async fn a_call_that_nobody_decides_gives_the_certificate_back_too() {
    let (world, clerk, reviewer) = world().await;
    let pair = serials(&holder(&world, (&clerk, &reviewer)).await);
    let call = called(&world.institution, &clerk, &pair).await;
    world.pass(86_400 * 3);
    world.institution.carry_out_decisions().await.unwrap();
    assert_eq!(reasons(status(&world, &pair).await), HOLD, "the term still runs");
    world.pass(86_400 * 30);
    world.institution.carry_out_decisions().await.unwrap();
    assert_eq!(reasons(status(&world, &pair).await), [None; 2]);
    let about = format!("revocation:{}", call.id);
    assert_eq!(world.records("revocation.lapsed", &about).await.len(), 1);
    let lifted = world.records("revocation.stop-lifted", &about).await;
    assert_eq!(lifted[0].body["ground"], "call-lapsed");
}

#[tokio::test]
async fn a_stop_stays_where_somebody_else_suspended_or_another_call_waits() {
    let (world, clerk, reviewer) = world().await;
    let institution = &world.institution;
    let people = (&clerk, &reviewer);
    // The holder suspended before the call: that is not the call's to lift.
    let own = serials(&holder(&world, people).await);
    changed(&world, ("suspend", "mislaid", &own.sign), people).await;
    institution.carry_out_decisions().await.unwrap();
    let call = called(institution, &clerk, &own).await;
    let reject = RevocationDecision::Reject;
    let payload = decision(institution, &reviewer, &call.id, reject).await;
    act(institution, &reviewer, (ActKind::ReviewRevocation, &call.id), &payload).await.unwrap();
    assert_eq!(reasons(status(&world, &own).await), HOLD, "the holder's own suspension");
    let about = format!("revocation:{}", call.id);
    assert_eq!(world.records("revocation.stop-lifted", &about).await[0].body["end"], "held");
    // Two calls: the first is rejected while the second waits.
    let pair = serials(&holder(&world, people).await);
    let first = called(institution, &clerk, &pair).await;
    let second = called(institution, &clerk, &pair).await;
    let payload = decision(institution, &reviewer, &first.id, reject).await;
    act(institution, &reviewer, (ActKind::ReviewRevocation, &first.id), &payload).await.unwrap();
    institution.carry_out_decisions().await.unwrap();
    assert_eq!(reasons(status(&world, &pair).await), HOLD, "the second call holds it");
    let serial = Serial::from_hex(&pair.sign).unwrap();
    let resumed = institution.change(serial, Change::Resume, Actor::system()).await;
    assert_eq!(resumed.unwrap_err().code(), "ra.hold_beyond", "nor does a program undo it");
    let payload = decision(institution, &reviewer, &second.id, reject).await;
    act(institution, &reviewer, (ActKind::ReviewRevocation, &second.id), &payload).await.unwrap();
    institution.carry_out_decisions().await.unwrap();
    assert_eq!(reasons(status(&world, &pair).await), [None; 2], "nobody needs it any more");
}

/// A holder who applied for a suspension and called because it took too long.
#[tokio::test]
async fn a_stop_stays_where_the_holders_suspension_was_approved_meanwhile() {
    let (world, clerk, reviewer) = world().await;
    let institution = &world.institution;
    let pair = serials(&holder(&world, (&clerk, &reviewer)).await);
    let mut way = Way::about(institution, "suspend", &pair.sign).await;
    way.fill_and_submit_with(&[("ground", "mislaid")]).await;
    let call = called(institution, &clerk, &pair).await;
    way.proof(&clerk).await;
    way.approve(&reviewer).await.unwrap();
    institution.carry_out_decisions().await.unwrap();
    let done = world.records("application.carried-out", &way.application.subject()).await;
    assert_eq!(done.len(), 1, "the holder has it in writing that the certificate is suspended");
    let payload = decision(institution, &reviewer, &call.id, RevocationDecision::Reject).await;
    act(institution, &reviewer, (ActKind::ReviewRevocation, &call.id), &payload).await.unwrap();
    institution.carry_out_decisions().await.unwrap();
    assert_eq!(reasons(status(&world, &pair).await), HOLD);
    let about = format!("revocation:{}", call.id);
    assert_eq!(world.records("revocation.stop-lifted", &about).await[0].body["end"], "held");
}
