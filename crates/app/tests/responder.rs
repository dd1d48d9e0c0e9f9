//! The OCSP responder of an institution: keys and certificates renewed by themselves over years,
//! old answers that still verify, and the alarm when that doesn't succeed.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

use crate::world;

use app::doctor::{Check, Level};
use gm::{Device, UserId};
use jiff::Timestamp;
use pki::Certificate;
use pki::ext::OcspNoCheck;
use pki::ocsp::{BasicResponse, CertId, CertStatus, HashAlgorithm, Nonce, Reply, Request, Signer};
use testkit::fault::{Counted, Fault};
use testkit::together::{at_once, call};
use world::World;

const DAY: i64 = 86_400;

/// An answer as it was given, with its moment.
struct Given {
    at: Timestamp,
    answer: Box<BasicResponse>,
}

/// Asks about the CA's first certificate: the responder's own, of the ceremony.
async fn ask(world: &World) -> Given {
    let issuer = world.institution.ca().certificate().clone();
    let serial = world.institution.ca().draw_serial().unwrap();
    let id = CertId::of(HashAlgorithm::Sm3, issuer.subject(), issuer.spki(), serial).unwrap();
    let request = Request::new(vec![id], Some(Nonce::new([7; 32]).unwrap())).unwrap();
    let answer = world.institution.responder().answer(request.der()).await;
    match Reply::from_der(&answer.body).unwrap() {
        Reply::Answered(answer) => Given { at: world.now(), answer },
        Reply::Failed(failure) => panic!("{failure:?} at {}", world.now()),
    }
}

impl Given {
    /// What a relying party makes of it at a moment: the delegated signer, who need not be asked
    /// about in turn.
    fn verified(&self, issuer: &Certificate, at: Timestamp) -> Certificate {
        let verified = self.answer.verify(issuer, &UserId::default(), at).unwrap();
        let Signer::Delegated { certificate, unchecked } = verified else { panic!("delegated") };
        assert!(unchecked && certificate.typed::<OcspNoCheck>().is_some());
        assert_eq!(self.answer.singles()[0].status, CertStatus::Unknown);
        *certificate
    }
}

async fn check(world: &World) -> Check {
    let checks = world.institution.examine(false).await;
    checks.into_iter().find(|check| check.name == "ocsp").unwrap()
}

fn keys(world: &World) -> Vec<String> {
    let keys = world.device.session().unwrap().keys().unwrap();
    let labels = keys.iter().map(|info| info.label.to_string());
    labels.filter(|label| label.starts_with("ocsp")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn over_two_years_every_day_is_answered_and_every_answer_verifies_at_its_time() {
    let mut world = World::new().await;
    let issuer = world.institution.ca().certificate().clone();
    let mut signers: Vec<Certificate> = Vec::new();
    for day in 0..730 {
        world.institution.keep_responder_key().await.unwrap();
        let given = ask(&world).await;
        let signer = given.verified(&issuer, given.at);
        // To its nextUpdate it verifies as well.
        let end = given.answer.singles()[0].next_update.unwrap();
        assert_eq!(given.verified(&issuer, end), signer);
        if signers.last() != Some(&signer) {
            let rested = given.at.duration_since(signer.not_before()).as_secs() >= DAY;
            assert!(signers.is_empty() || rested, "a new one rests for a day");
            signers.push(signer);
        }
        assert!(keys(&world).len() <= 4, "{day}: {:?}", keys(&world));
        world.pass(DAY);
        if day % 150 == 149 {
            world = world.restarted(|_| ()).await.unwrap();
        }
    }
    assert!((30..=40).contains(&signers.len()), "{}", signers.len());
    for pair in signers.windows(2) {
        assert!(pair[1].not_before() < pair[0].not_after(), "they overlap");
        assert_ne!(pair[1].public_key().unwrap(), pair[0].public_key().unwrap());
        assert_eq!(pair[1].subject(), pair[0].subject());
        let life = pair[1].not_after().duration_since(pair[1].not_before());
        assert!(life.as_secs() <= 30 * DAY, "short lives");
    }
    // Each key was recorded before it was certified, and the first is gone since long.
    assert_eq!(world.records("ocsp.key-made", "key:ocsp-2").await.len(), 1);
    assert_eq!(world.records("ocsp.key-destruction-intended", "key:ocsp").await.len(), 1);
    assert_eq!(world.records("ocsp.key-destroyed", "key:ocsp").await.len(), 1);
    assert_eq!(check(&world).await.level, Level::Good);
    let compared = world.institution.ca().compare_with_journal().await.unwrap();
    assert!(compared.is_sound(), "{:?}", compared.findings);
}

/// Nothing is made before its time, and twice in a row is once.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_renewal_is_due_a_third_before_the_end_and_happens_once() {
    let world = World::new().await;
    for (days, count) in [(0, 1), (59, 1), (2, 2), (0, 2), (1, 2)] {
        world.pass(days * DAY);
        world.institution.keep_responder_key().await.unwrap();
        world.institution.keep_responder_key().await.unwrap();
        assert_eq!(keys(&world).len(), count, "{days}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_that_does_not_succeed_raises_an_alarm_and_goes_on_later() {
    let world = World::new().await;
    world.pass(61 * DAY);
    world.device.fail_from(Counted::Signatures, 0, Fault::Gone);
    assert!(world.institution.keep_responder_key().await.is_err());
    assert_eq!(check(&world).await.level, Level::Good, "there is time");
    // The same order again within the day, another key for another day.
    assert!(world.institution.keep_responder_key().await.is_err());
    assert_eq!(keys(&world), ["ocsp", "ocsp-2"]);
    world.pass(15 * DAY);
    assert!(world.institution.keep_responder_key().await.is_err());
    let late = check(&world).await;
    assert_eq!(late.level, Level::Warning, "{}", late.detail);
    world.pass(15 * DAY);
    let over = check(&world).await;
    assert_eq!(over.level, Level::Failed, "{}", over.detail);
    world.device.heal();
    world.institution.keep_responder_key().await.unwrap();
    assert_eq!(check(&world).await.level, Level::Good);
    let issuer = world.institution.ca().certificate().clone();
    ask(&world).await.verified(&issuer, world.now());
    // Keys that never came to a certificate go, when no order for them can be open any more.
    world.pass(3 * DAY);
    world.institution.keep_responder_key().await.unwrap();
    assert!(keys(&world).len() <= 2, "{:?}", keys(&world));
}

/// What was ordered is never signed for a key that is gone (Invariant 3).
#[tokio::test(flavor = "multi_thread")]
async fn a_key_whose_order_may_still_be_gone_on_with_is_not_destroyed() {
    let world = World::new().await;
    // A renewal fails ten minutes before midnight; after midnight it is another order, for another key.
    let to_midnight = DAY - world.now().as_second().rem_euclid(DAY);
    world.pass(61 * DAY + to_midnight - 600);
    world.device.fail_from(Counted::Signatures, 0, Fault::Gone);
    assert!(world.institution.keep_responder_key().await.is_err());
    world.pass(1_200);
    world.device.heal();
    world.institution.keep_responder_key().await.unwrap();
    assert_eq!(keys(&world), ["ocsp", "ocsp-2", "ocsp-3"]);
    // The next start goes on with the order of the evening.
    let world = world.restarted(|_| ()).await.unwrap();
    world.institution.keep_responder_key().await.unwrap();
    assert_eq!(keys(&world), ["ocsp", "ocsp-2", "ocsp-3"]);
    let label = gm::KeyLabel::new("ocsp-2").unwrap();
    let key = world.device.session().unwrap().key(&label).unwrap().public_key.unwrap();
    assert_eq!(world.institution.ca().of_key(&key).await.unwrap().len(), 1);
    // All of them go a week after their ends.
    world.pass(60 * DAY);
    world.institution.keep_responder_key().await.unwrap();
    assert_eq!(keys(&world), ["ocsp-4"]);
}

/// Two nodes may both find a key gone and say so: no key falls out of what is looked at for that.
#[tokio::test(flavor = "multi_thread")]
async fn keys_whose_end_is_told_more_than_once_are_not_told_of_for_ever() {
    let world = World::new().await;
    let store = world.institution.store();
    let (intended, destroyed) = ("ocsp.key-destruction-intended", "ocsp.key-destroyed");
    store
        .commit(move |tx| {
            Box::pin(async move {
                for number in 100..116 {
                    for kind in [intended, destroyed, destroyed] {
                        let body = serde_json::json!({ "key": format!("{number}"), "uses": 0 });
                        let about = format!("key:ocsp-{number}");
                        let actor = store::Actor::system();
                        tx.append(store::Record::new(kind, actor, about, body)).await?;
                    }
                }
                Ok::<_, store::Error>(())
            })
        })
        .await
        .unwrap();
    world.institution.keep_responder_key().await.unwrap();
    for number in [100, 115] {
        let told = world.records(destroyed, &format!("key:ocsp-{number}")).await;
        assert_eq!(told.len(), 2, "{number}");
    }
}

/// A cut between the end of a key and its record leaves nothing unsaid.
#[tokio::test(flavor = "multi_thread")]
async fn a_destruction_that_a_cut_left_unrecorded_is_recorded_once() {
    let world = World::new().await;
    let label = gm::KeyLabel::new("ocsp-2").unwrap();
    let made = world.device.session().unwrap().generate(&label, gm::KeyKind::Sm2Sign).unwrap();
    let fingerprint = made.public_key.unwrap().fingerprint();
    let body = serde_json::json!({ "key": fingerprint, "uses": 0 });
    let kind = "ocsp.key-destruction-intended";
    let intended = store::Record::new(kind, store::Actor::system(), "key:ocsp-2", body);
    let done = world
        .institution
        .store()
        .commit(move |tx| Box::pin(async move { tx.append(intended).await.map(drop) }))
        .await;
    done.unwrap();
    world.institution.keep_responder_key().await.unwrap();
    let destroyed = async || world.records("ocsp.key-destroyed", "key:ocsp-2").await;
    assert!(destroyed().await.is_empty(), "it is still there");
    world.device.session().unwrap().destroy(&label).unwrap();
    for _ in 0..2 {
        world.institution.keep_responder_key().await.unwrap();
        let records = destroyed().await;
        assert_eq!(records.len(), 1);
        assert_eq!(records[0].body["key"], fingerprint);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_responder_certificate_is_replaced_at_once() {
    let world = World::new().await;
    let issuer = world.institution.ca().certificate().clone();
    let first = ask(&world).await.verified(&issuer, world.now());
    let reason = ca::Revocation::because(ca::RevocationReason::KeyCompromise);
    let change = app::lifecycle::Change::Revoke(reason);
    let actor = store::Actor::client(&world.client.id.to_string());
    world.institution.change(first.serial(), change, actor).await.unwrap();
    world.institution.responder().follow().await.unwrap();
    world.institution.keep_responder_key().await.unwrap();
    let next = ask(&world).await.verified(&issuer, world.now());
    assert_ne!(next.public_key().unwrap(), first.public_key().unwrap());
}

/// Of nodes that certify the same new key at once, one records that it was made.
async fn made_once(world: World) {
    world.pass(60 * DAY);
    let nodes = (0..4).map(|_| call(world.institution.keep_responder_key()));
    let done = at_once(nodes.collect());
    assert!(done.iter().any(Result::is_ok), "{done:?}");
    // Whoever lost goes on in the next round.
    world.institution.keep_responder_key().await.unwrap();
    assert_eq!(keys(&world).len(), 2);
    assert_eq!(world.records("ocsp.key-made", "key:ocsp-2").await.len(), 1);
    let compared = world.institution.ca().compare_with_journal().await.unwrap();
    assert!(compared.is_sound(), "{:?}", compared.findings);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_recorded_as_made_once_however_many_come_at_once() {
    made_once(World::new().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgresql_a_key_is_recorded_as_made_once_however_many_come_at_once() {
    let Some(url) = crate::postgres::postgres("made").await else { return };
    made_once(World::with(|settings| settings.storage.url = url).await).await;
}
