//! The unit signs for its batch with its own certificate (Measures Art. 21 ¶4; checks C21-4, C21-5).

use std::collections::BTreeMap;

use access::Action;
use app::{Act, Error, Institution};
use gm::UserId;
use gm::sm2::{PrivateKey, verify};
use law::CivilDate;
use pki::ident::CreditCode;
use pki::{Identifier, SubjectInput};
use ra::{Batch, BatchConsent, BatchState, BatchStep};

use crate::unit::{begun, certificates, counts, ordered, party, steer, work};
use crate::way::{self, Staff, key};
use crate::world::World;

/// A certificate of a kind for an organization.
async fn certified(world: &World, kind: &str, (name, code): (&str, &str)) -> PrivateKey {
    let key = key();
    let mut order = world.order(&format!("{kind}-{code}"), kind, Act::New, &key);
    order.subject = SubjectInput {
        state: Some("北京市".into()),
        organization: Some(name.into()),
        identifiers: vec![Identifier::CreditCode(CreditCode::parse(code).unwrap())],
        ..SubjectInput::named(name)
    };
    world.institution.enrol(order).await.unwrap();
    key
}

async fn of_unit(world: &World) -> PrivateKey {
    let party = party();
    certified(world, "unit", (&party.unit_name, &party.credit_code)).await
}

/// A batch in which everything is approved.
async fn approved(world: &World, staff: (&Staff, &Staff), rows: u32) -> Batch {
    let batch = begun(world, staff.0, (rows, &key())).await;
    work(&world.institution).await;
    through(world, staff, &batch).await
}

/// Everything in a batch is approved.
async fn through(world: &World, staff: (&Staff, &Staff), batch: &Batch) -> Batch {
    for step in BatchStep::ALL {
        ordered(world, staff, (batch, step)).await;
        work(&world.institution).await;
    }
    let permit = staff.0.permit(world.institution.access(), Action::ReadApplication).await;
    world.institution.registration().unwrap().batch(&permit, &batch.id).await.unwrap()
}

/// The unit signs what it is shown.
async fn sign(
    (institution, clerk): (&Institution, &Staff),
    batch: &Batch,
    key: &PrivateKey,
) -> Result<Batch, Error> {
    let permit = clerk.permit(institution.access(), Action::AgreeApplication).await;
    let ra = institution.registration().unwrap();
    let text = ra.draw_batch_agreement(&permit, &batch.id, None).await?;
    let signature = key.sign(&UserId::default(), text.statement().as_bytes());
    let of = (&batch.id, batch.version, text.day);
    institution.conclude_batch_agreement(&permit, of, (*key.public_key(), signature)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unit_signs_for_its_batch_by_certificate_and_each_application_has_both_signatures() {
    let (world, clerk, reviewer) = way::world().await;
    let key = of_unit(&world).await;
    let batch = approved(&world, (&clerk, &reviewer), 5).await;
    let by = (&world.institution, &clerk);
    let batch = sign(by, &batch, &key).await.unwrap();
    let ra = world.institution.registration().unwrap();
    let permit = clerk.permit(world.institution.access(), Action::ReadApplication).await;
    let Some(BatchConsent::Certificate { count, statement, .. }) =
        ra.batch_consent(&permit, &batch.id).await.unwrap()
    else {
        panic!("by certificate");
    };
    assert_eq!(count, 5);
    let batch = steer(&world, &clerk, &batch, BatchState::Running).await;
    work(&world.institution).await;
    assert_eq!(counts(&world, &clerk, &batch).await, BTreeMap::from([("delivered", 5)]));
    assert_eq!(certificates(&world.institution).await, (10, 10));
    for row in ra.batch_rows(&permit, &batch.id, ("", 10)).await.unwrap() {
        let subject = row.application.subject();
        let agreed = world.records("application.agreed", &subject).await.pop().unwrap().body;
        assert_eq!(agreed["consent"]["statement"], statement);
        let octets = |name: &str| hex::decode(agreed[name].as_str().unwrap()).unwrap();
        let signed = gm::Signature::from_der(&octets("applicant")).unwrap();
        let signer = gm::PublicKey::from_sec1(&octets("key")).unwrap();
        assert_eq!(signer, *key.public_key());
        verify(&signer, &UserId::default(), statement.as_bytes(), &signed).unwrap();
    }
}

#[tokio::test]
async fn nobody_but_the_unit_itself_signs_and_not_before_the_review() {
    let (world, clerk, reviewer) = way::world().await;
    let by = (&world.institution, &clerk);
    let of_unit = of_unit(&world).await;
    let code = |batch: Result<Batch, Error>| batch.unwrap_err().code().to_owned();
    // Before the review is through there is no text.
    let fresh = begun(&world, &clerk, (2, &key())).await;
    work(&world.institution).await;
    assert_eq!(code(sign(by, &fresh, &of_unit).await), "ra.review_missing");
    let batch = through(&world, (&clerk, &reviewer), &fresh).await;
    // A key of nobody, another unit's, a key of the right unit that is no unit's certificate.
    assert_eq!(code(sign(by, &batch, &key()).await), "ra.means_unfit");
    let other = certified(&world, "unit", ("云中市图书馆", "12110101YX00000246")).await;
    assert_eq!(code(sign(by, &batch, &other).await), "ra.means_unfit");
    // A certificate of the unit that is suspended.
    let found = world.institution.ca().of_key(of_unit.public_key()).await.unwrap();
    let serial = found.iter().find(|one| one.role == ca::Role::Sign).unwrap().serial;
    let stop = app::lifecycle::Change::Suspend;
    world.institution.change(serial, stop, store::Actor::system()).await.unwrap();
    assert_eq!(code(sign(by, &batch, &of_unit).await), "ra.means_unfit");
    // And nothing runs without an agreement.
    let permit = clerk.permit(world.institution.access(), Action::IssueApplication).await;
    let ra = world.institution.registration().unwrap();
    let of = (&batch.id, batch.version);
    let early = ra.steer_batch(&permit, of, BatchState::Running).await.unwrap_err();
    assert_eq!(early.code(), "ra.agreement_missing");
}

#[tokio::test]
async fn a_signature_is_good_for_its_text_its_day_and_its_list_only() {
    let (world, clerk, reviewer) = way::world().await;
    let key = of_unit(&world).await;
    let batch = approved(&world, (&clerk, &reviewer), 3).await;
    let (institution, access) = (&world.institution, world.institution.access());
    let ra = institution.registration().unwrap();
    let permit = clerk.permit(access, Action::AgreeApplication).await;
    let text = ra.draw_batch_agreement(&permit, &batch.id, None).await.unwrap();
    assert!(text.text().contains(&text.list_sm3));
    assert_eq!(gm::sm3::hash(text.list().as_bytes()).to_hex(), text.list_sm3);
    let signature = key.sign(&UserId::default(), text.statement().as_bytes());
    let pair = (*key.public_key(), signature);
    // Of another day.
    let (year, month, day) = (text.day.year(), text.day.month(), text.day.day());
    let tomorrow = CivilDate::new(year + 1, month, day.min(28)).unwrap();
    let of = (&batch.id, batch.version, tomorrow);
    let error = institution.conclude_batch_agreement(&permit, of, pair).await.unwrap_err();
    assert_eq!(error.code(), "ra.agreement_text");
    // Entered the day after: the text is still the one of its day.
    world.pass(86_400);
    let permit = clerk.permit(access, Action::AgreeApplication).await;
    // One of the list went its own way meanwhile.
    let rows =
        ra.batch_rows(&permit_to_read(&world, &clerk).await, &batch.id, ("", 3)).await.unwrap();
    let one = &rows[0].application;
    let session = access.open_applicant_session(one.id.as_str(), way::arrival()).await.unwrap();
    let holder = access.authenticate_cookie(session.token.as_str()).await.unwrap();
    let withdraw = access.permit(&holder, Action::WithdrawApplication).unwrap();
    ra.withdraw(&withdraw, &one.at()).await.unwrap();
    let of = (&batch.id, batch.version, text.day);
    let error = institution.conclude_batch_agreement(&permit, of, pair).await.unwrap_err();
    assert_eq!(error.code(), "ra.agreement_signature");
    // The unit signs for what there is now, yesterday's text of it too.
    let text = ra.draw_batch_agreement(&permit, &batch.id, Some(text.day)).await.unwrap();
    let signature = key.sign(&UserId::default(), text.statement().as_bytes());
    let of = (&batch.id, batch.version, text.day);
    let pair = (*key.public_key(), signature);
    let batch = institution.conclude_batch_agreement(&permit, of, pair).await.unwrap();
    let batch = steer(&world, &clerk, &batch, BatchState::Running).await;
    work(institution).await;
    let found = counts(&world, &clerk, &batch).await;
    assert_eq!(found, BTreeMap::from([("delivered", 2), ("withdrawn", 1)]));
}

async fn permit_to_read(world: &World, clerk: &Staff) -> access::Permit {
    clerk.permit(world.institution.access(), Action::ReadApplication).await
}
