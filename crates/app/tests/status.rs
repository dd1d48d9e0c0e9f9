//! Changes of status and replacements over everything that is real: what the registration decides is
//! what OCSP answers and CRLs say.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "helpers of tests")]

#[path = "status/call.rs"]
mod call;
use crate::way;
use crate::world;

use access::{ActKind, Action};
use app::Institution;
use gm::UserId;
use pki::Serial;
use pki::crl::Reason;
use pki::ocsp::{CertId, CertStatus, HashAlgorithm, Reply, Request};
use pki::response::CsrResponse;
use ra::{
    Particulars, RevocationDecision, RevocationDraft, RevocationId, RevocationOrder,
    RevocationReview, RevocationState, State,
};
use way::{Staff, Way, world};
use world::World;

/// What the status service says, of the signing and of the encryption certificate.
async fn status(world: &World, serials: &ra::Serials) -> [CertStatus; 2] {
    let institution = &world.institution;
    let issuer = institution.ca().certificate();
    let mut told = Vec::new();
    for hex in [Some(&serials.sign), serials.enc.as_ref()].into_iter().flatten() {
        let serial = Serial::from_hex(hex).unwrap();
        let id = CertId::of(HashAlgorithm::Sm3, issuer.subject(), issuer.spki(), serial).unwrap();
        let request = Request::new(vec![id], None).unwrap();
        let answer = institution.responder().answer(request.der()).await;
        let Reply::Answered(answer) = Reply::from_der(&answer.body).unwrap() else {
            panic!("an answer")
        };
        told.push(answer.singles()[0].status);
    }
    told.try_into().unwrap_or_else(|_| panic!("a pair"))
}

fn reasons(of: [CertStatus; 2]) -> [Option<Reason>; 2] {
    of.map(|one| match one {
        CertStatus::Revoked { reason, .. } => Some(reason),
        CertStatus::Good => None,
        other => panic!("{other:?}"),
    })
}

/// A person with certificates, received.
async fn holder<'i>(world: &'i World, (clerk, reviewer): (&Staff, &Staff)) -> Way<'i> {
    let mut way = Way::begin(&world.institution).await;
    way.fill_and_submit().await;
    finish(&mut way, (clerk, reviewer)).await;
    way
}

/// From the submission to the confirmed receipt.
async fn finish(way: &mut Way<'_>, (clerk, reviewer): (&Staff, &Staff)) {
    way.proof(clerk).await;
    way.approve(reviewer).await.unwrap();
    way.agree_and_request().await;
    way.issue().await;
    receive(way).await;
}

async fn receive(way: &mut Way<'_>) {
    let institution = way.institution;
    let permit = way.own(Action::DeliverCertificate).await;
    way.application =
        institution.deliver_application(&permit, &way.application.at()).await.unwrap();
    let number = way.application.number.to_string();
    let code = outbox(institution, &number, "激活码 ");
    let permit = way.own(Action::ConfirmReceipt).await;
    let at = way.application.at();
    way.application = institution.confirm_receipt(&permit, &at, &code).await.unwrap();
    assert!(matches!(way.application.state, State::Confirmed { .. }));
}

/// The eight digits behind some words in the newest message about a number.
fn outbox(institution: &Institution, number: &str, words: &str) -> String {
    let files = std::fs::read_dir(institution.layout().outbox()).unwrap();
    let texts = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    let mut texts = texts.filter(|text| text.contains(number) && text.contains(words));
    texts.next().unwrap().split(words).nth(1).unwrap()[..8].to_owned()
}

fn serials(way: &Way<'_>) -> ra::Serials {
    way.application.state.serials().cloned().unwrap()
}

/// Applies for a change of status, on a ground; decided by two people and carried out.
async fn changed<'i>(
    world: &'i World,
    (service, ground, serial): (&str, &str, &str),
    (clerk, reviewer): (&Staff, &Staff),
) -> Way<'i> {
    let mut way = Way::about(&world.institution, service, serial).await;
    way.fill_and_submit_with(&[("ground", ground)]).await;
    way.proof(clerk).await;
    way.approve(reviewer).await.unwrap();
    way
}

#[tokio::test]
async fn suspended_resumed_and_revoked_show_in_the_next_answer_and_in_the_next_list() {
    let (world, clerk, reviewer) = world().await;
    let people = (&clerk, &reviewer);
    let institution = &world.institution;
    let pair = serials(&holder(&world, people).await);
    assert_eq!(reasons(status(&world, &pair).await), [None, None]);
    // Either of the pair may be named.
    let enc = pair.enc.clone().unwrap();
    for (service, ground, named, expected) in [
        ("suspend", "mislaid", &pair.sign, Some(Reason::CertificateHold)),
        ("resume", "found", &enc, None),
        ("suspend", "suspected", &pair.sign, Some(Reason::CertificateHold)),
        ("revoke", "moved", &enc, Some(Reason::AffiliationChanged)),
    ] {
        let way = changed(&world, (service, ground, named), people).await;
        let before = reasons(status(&world, &pair).await);
        assert_ne!(before, [expected; 2], "{service}: approved is not carried out");
        institution.carry_out_decisions().await.unwrap();
        assert_eq!(reasons(status(&world, &pair).await), [expected; 2], "{service}");
        // Asked again: nothing more.
        institution.carry_out_decisions().await.unwrap();
        assert_eq!(
            world.records("application.carried-out", &way.application.subject()).await.len(),
            1
        );
    }
    for serial in [&pair.sign, &enc] {
        let about = format!("certificate:issuing/{serial}");
        assert_eq!(world.records("certificate.suspended", &about).await.len(), 2);
        assert_eq!(world.records("certificate.revoked", &about).await.len(), 1);
    }
    let list = institution.ca().publish_crl(ca::CrlKind::Full).await.unwrap();
    assert_eq!(list.entries, 2, "both certificates of the pair, once");
}

/// Invariant 3: cut off between the CA's change and the registration's note, and asked again. Holds are killed at
/// every step in `holds/kills.rs`.
#[tokio::test]
async fn what_was_cut_off_between_the_two_units_is_finished_by_the_sweep() {
    let (world, clerk, reviewer) = world().await;
    let people = (&clerk, &reviewer);
    let institution = &world.institution;
    let pair = serials(&holder(&world, people).await);
    let way = changed(&world, ("revoke", "compromised", &pair.sign), people).await;
    // The CA did it, and the power went.
    let serial = Serial::from_hex(&pair.sign).unwrap();
    let because = ca::Revocation::because(ca::RevocationReason::KeyCompromise);
    let change = app::lifecycle::Change::Revoke(because);
    institution.change(serial, change, store::Actor::system()).await.unwrap();
    institution.carry_out_decisions().await.unwrap();
    let read = way.own(Action::ReadApplication).await;
    let found = way.ra().application(&read, &way.application.id).await.unwrap();
    assert!(matches!(found.state, State::CarriedOut { .. }), "{:?}", found.state);
    assert_eq!(reasons(status(&world, &pair).await), [Some(Reason::KeyCompromise); 2]);
    let about = format!("certificate:issuing/{}", pair.sign);
    assert!(world.records("order.refused", &about).await.is_empty());
}

#[tokio::test]
async fn what_is_no_longer_possible_ends_the_application_and_says_why() {
    let (world, clerk, reviewer) = world().await;
    let people = (&clerk, &reviewer);
    let pair = serials(&holder(&world, people).await);
    let way = changed(&world, ("suspend", "mislaid", &pair.sign), people).await;
    let serial = Serial::from_hex(&pair.sign).unwrap();
    let revoked = ca::Revocation::because(ca::RevocationReason::Superseded);
    let change = app::lifecycle::Change::Revoke(revoked);
    world.institution.change(serial, change, store::Actor::system()).await.unwrap();
    world.institution.carry_out_decisions().await.unwrap();
    let read = way.own(Action::ReadApplication).await;
    let found = way.ra().application(&read, &way.application.id).await.unwrap();
    assert!(matches!(found.state, State::Refused { .. }), "{:?}", found.state);
    assert_eq!(reasons(status(&world, &pair).await), [Some(Reason::Superseded); 2]);
}

#[tokio::test]
async fn replacing_services_end_what_they_replace_when_the_holder_has_the_other() {
    let (world, clerk, reviewer) = world().await;
    let people = (&clerk, &reviewer);
    for (service, changes, after_issue, after_receipt) in [
        ("renew", vec![], None, None),
        ("rekey", vec![("ground", "rotation")], None, Some(Reason::Superseded)),
        (
            "change",
            vec![("ground", "transferred"), ("locality", "西城区")],
            None,
            Some(Reason::AffiliationChanged),
        ),
        ("recover", vec![("ground", "damaged")], None, Some(Reason::Superseded)),
        (
            "recover",
            vec![("ground", "lost")],
            Some(Reason::KeyCompromise),
            Some(Reason::KeyCompromise),
        ),
    ] {
        let old = holder(&world, people).await;
        let pair = serials(&old);
        let mut way = Way::about(&world.institution, service, &pair.sign).await;
        way.fill_and_submit_with(&changes).await;
        way.proof(&clerk).await;
        way.approve(&reviewer).await.unwrap();
        way.agree_and_request().await;
        way.issue().await;
        world.institution.carry_out_decisions().await.unwrap();
        assert_eq!(reasons(status(&world, &pair).await), [after_issue; 2], "{service}");
        receive(&mut way).await;
        assert_eq!(reasons(status(&world, &pair).await), [after_receipt; 2], "{service}");
        let new = serials(&way);
        assert_eq!(reasons(status(&world, &new).await), [None; 2], "{service}");
        assert_ne!(new, pair);
        let restored = world.institution.restored_response(&way.application).await;
        if service != "recover" {
            assert_eq!(restored.unwrap_err().code(), "app.not_applicable");
            continue;
        }
        // The old encryption key comes back, for the new signing key and no other.
        let restored = restored.unwrap();
        let opened = CsrResponse::decode(&restored).unwrap().open(&way.key).unwrap();
        let (certificate, key) = opened.encryption.unwrap();
        assert_eq!(*key.public_key(), certificate.public_key().unwrap());
        let encryption = CsrResponse::decode(&restored).unwrap().encryption.unwrap();
        assert_eq!(encryption.certificates[0].serial().to_hex(), pair.enc.clone().unwrap());
        let again = world.institution.restored_response(&way.application).await.unwrap();
        let again = CsrResponse::decode(&again).unwrap().encryption.unwrap();
        assert_eq!(again.key.public_key, encryption.key.public_key);
    }
}

#[tokio::test]
async fn a_renewal_with_the_same_key_is_told_so_before_the_key_is_taken_in() {
    let (world, clerk, reviewer) = world().await;
    let people = (&clerk, &reviewer);
    let old = holder(&world, people).await;
    let mut way = Way::about(&world.institution, "renew", &serials(&old).sign).await;
    way.key = gm::sm2::PrivateKey::from_bytes(&old.key.to_bytes()).unwrap();
    way.fill_and_submit().await;
    way.proof(&clerk).await;
    way.approve(&reviewer).await.unwrap();
    way.agree().await;
    let access = world.institution.access();
    let session = access.open_applicant_session(way.application.id.as_str(), way::arrival()).await;
    let principal = access.authenticate_cookie(session.unwrap().token.as_str()).await.unwrap();
    let csr = world::request(&way.key, "甄有印");
    let csr = pki::CertificationRequest::from_der(&csr).unwrap();
    let possession = csr.prove_possession(&UserId::default()).unwrap();
    let at = way.application.at();
    let told =
        world.institution.submit_key(&principal, &at, (&possession, None)).await.unwrap_err();
    assert_eq!(told.code(), "app.not_applicable");
    way.key = way::key();
    way.request().await.unwrap();
    way.issue().await;
}

async fn act(
    institution: &Institution,
    by: &Staff,
    (kind, id): (ActKind, &RevocationId),
    payload: &serde_json::Value,
) -> Result<app::registration::Done, app::Error> {
    let access = institution.access();
    let principal = by.principal(access).await;
    let object = format!("revocation:{id}");
    let pending = access.prepare_act(&principal, kind, &object, payload).await.unwrap();
    let signature = by.0.sign(&UserId::default(), pending.statement.as_bytes()).to_der();
    institution.complete_act(&principal, (&pending.id, &signature)).await
}

/// A caller: suspended at once by one clerk, revoked only after another person. A list: the second
/// person is not left out, and what the dry run counted is what is done (T-14).
#[tokio::test]
async fn a_call_stops_at_once_and_a_list_waits_for_the_second_person() {
    let (world, clerk, reviewer) = world().await;
    let people = (&clerk, &reviewer);
    let institution = &world.institution;
    let (ra, access) = (institution.registration().unwrap(), institution.access());
    let first = serials(&holder(&world, people).await);
    let second = serials(&holder(&world, people).await);
    let draft = |ground: &str, serials: &[&ra::Serials], evidence: &[&str]| RevocationDraft {
        ground: ground.into(),
        serials: serials.iter().map(|one| one.sign.clone()).collect(),
        particulars: Particulars {
            requester: "签名人本人来电".into(),
            document_number: "云档函〔2026〕1号".into(),
            account: "称密码设备被盗".into(),
        },
        evidence: evidence.iter().map(|n| ((*n).into(), b"%PDF-1.7\n%%EOF".to_vec())).collect(),
    };
    let enters = clerk.permit(access, Action::EnterRevocation).await;
    let call = draft("phone-compromised", &[&first], &[]);
    let call = ra.draft_revocation(&enters, call, None).await.unwrap();
    institution.call_back(&enters, &call.id).await.unwrap();
    let code = outbox(institution, call.number.as_str(), "一次性代码 ");
    let call = ra.answer_call(&enters, &call.id, &code).await.unwrap();
    let order = |found: &ra::Revocation, count| RevocationOrder {
        version: found.version,
        ground: found.ground.name.clone(),
        count,
        list_sm3: found.list_hash.clone(),
    };
    let json = |order: &RevocationOrder| serde_json::to_value(order).unwrap();
    let enter = (ActKind::EnterRevocation, &call.id);
    act(institution, &clerk, enter, &json(&order(&call, 1))).await.unwrap();
    let held = [Some(Reason::CertificateHold); 2];
    assert_eq!(reasons(status(&world, &first).await), held, "by one clerk, at once");
    institution.carry_out_decisions().await.unwrap();
    assert_eq!(reasons(status(&world, &first).await), held, "and no further without another");

    let list = draft("unit-left", &[&second], &["letter"]);
    let list = ra.draft_revocation(&enters, list, None).await.unwrap();
    let enter = (ActKind::EnterRevocation, &list.id);
    act(institution, &clerk, enter, &json(&order(&list, 1))).await.unwrap();
    institution.carry_out_decisions().await.unwrap();
    assert_eq!(reasons(status(&world, &second).await), [None; 2], "entered is not confirmed");
    let reads = reviewer.permit(access, Action::ReadRevocations).await;
    for id in [&call.id, &list.id] {
        let view = ra.revocation(&reads, id).await.unwrap();
        let review = RevocationReview {
            order: order(&view.revocation, view.items.len()),
            decision: RevocationDecision::Confirm,
            reason: String::new(),
        };
        let payload = serde_json::to_value(&review).unwrap();
        act(institution, &reviewer, (ActKind::ReviewRevocation, id), &payload).await.unwrap();
        let view = ra.revocation(&reads, id).await.unwrap();
        assert_eq!(view.revocation.state, RevocationState::Done);
    }
    assert_eq!(reasons(status(&world, &first).await), [Some(Reason::KeyCompromise); 2]);
    assert_eq!(reasons(status(&world, &second).await), [Some(Reason::AffiliationChanged); 2]);
}
