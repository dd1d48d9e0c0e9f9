//! Reports of leaked keys and suspicious certificates (T-16): anybody's entrance, evidence that is sealed, a clock of 24
//! hours, and the certificate of a key that somebody proves to have suspended in the same unit.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail loudly"
)]

use crate::way;
use crate::world;

use access::Action;
use app::doctor::Level;
use app::enrol::Act;
use app::lifecycle::Change;
use app::voice::{
    Category, ComplaintFilter, ComplaintState, ComplaintWords, KeyProof, NewEvidence, NewProblem,
    Stopped,
};
use ca::{Revocation, RevocationReason};
use gm::sm2::PrivateKey;
use gm::{Device, KeyLabel, OsRandom, UserId};
use pki::Serial;
use way::Staff;
use world::World;

const DAY: i64 = 24 * 3600;

pub async fn staffed() -> (World, Staff) {
    let code = "12110101YX0000016B";
    let world = World::with(|settings| settings.institution.credit_code = code.into()).await;
    let access = world.institution.access();
    let (chief, watch) = (Staff(way::key()), way::key());
    let first = way::person("chief", "super_admin", &chief.0);
    let peer = way::person("watch", "audit_admin", &watch);
    access.create_first_people(first, peer, &access::Custodians::default()).await.unwrap();
    let head = chief.appoint(access, "head", "business_admin").await;
    (world, head)
}

/// A pair of certificates with its signing key.
pub async fn pair(world: &World, request: &str) -> (PrivateKey, Serial, Serial) {
    let key = PrivateKey::generate(&mut OsRandom).unwrap();
    let order = world.order(request, "person", Act::New, &key);
    let done = world.institution.enrol(order).await.unwrap();
    (key, done.sign.record.serial, done.enc.unwrap().record.serial)
}

pub fn report() -> NewProblem {
    let text = "在公开的代码仓库中看到这张证书的私钥文件。";
    let words = ComplaintWords { text: text.into(), ..ComplaintWords::default() };
    NewProblem { words, evidence: Vec::new(), proof: None }
}

pub async fn proved(world: &World, serial: &Serial, key: &PrivateKey) -> NewProblem {
    let statement = world.institution.problem_statement(serial).await.unwrap();
    let signature = key.sign(&UserId::default(), statement.as_bytes()).to_der();
    NewProblem { proof: Some(KeyProof { statement, signature }), ..report() }
}

/// Two generations of certificates of one key: pairs of which the second renewed the first.
async fn renewed(world: &World, key: &PrivateKey) -> [Serial; 4] {
    let first = world.order("r1", "person", Act::New, key);
    let first = world.institution.enrol(first).await.unwrap();
    let second = world.order("r2", "person", Act::Renew(first.sign.record.serial), key);
    let second = world.institution.enrol(second).await.unwrap();
    let enc = |done: &app::Enrolled| done.enc.as_ref().unwrap().record.serial;
    [first.sign.record.serial, enc(&first), second.sign.record.serial, enc(&second)]
}

async fn keeping() -> World {
    World::with(|settings| {
        settings.institution.credit_code = "12110101YX0000016B".into();
        settings.ca.renewals_keep_key = vec!["person".into()];
    })
    .await
}

async fn status(world: &World, serial: &Serial) -> &'static str {
    let found = world.institution.ca().find(serial).await.unwrap().unwrap();
    found.record.status.as_str()
}

async fn check(world: &World) -> Level {
    let checks = world.institution.examine(false).await;
    checks.into_iter().find(|check| check.name == "problem_reports").unwrap().level
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_with_evidence_is_taken_from_anybody_and_waits_a_day_at_most() {
    let (world, head) = staffed().await;
    let institution = &world.institution;
    let file =
        |name: &str, content: &[u8]| NewEvidence { name: name.into(), content: content.into() };
    let evidence = vec![file("泄露.key", b"-----BEGIN"), file("C:\\a\\log.zip", b"PK")];
    let taken = institution.lodge_problem(NewProblem { evidence, ..report() }).await.unwrap();
    assert_eq!(taken.stopped, None);
    let wrong = NewProblem { evidence: vec![file("a.exe", b"MZ")], ..report() };
    assert_eq!(institution.problem_mistakes(&wrong)[0].0, "evidence");
    assert!(institution.lodge_problem(wrong).await.is_err());

    let (number, code) = (taken.lodged.number, taken.lodged.check_code);
    let (found, _) = institution.complaint_progress((&number, &code)).await.unwrap();
    assert_eq!((found.category, found.state), (Category::Misuse, ComplaintState::Received));
    let reads = head.permit(institution.access(), Action::ReadVoice).await;
    let (listed, words, _) = institution.open_complaint(&reads, &found.id).await.unwrap();
    let shown = institution.evidence_of(&reads, (&listed.id, &words)).await.unwrap();
    let names: Vec<_> = shown.iter().map(|one| (one.position, &*one.name, one.octets)).collect();
    assert_eq!(names, [(1, "泄露.key", 10), (2, "log.zip", 2)]);
    let handles = head.permit(institution.access(), Action::HandleVoice).await;
    assert_eq!(institution.open_evidence(&handles, (&listed.id, 1)).await.unwrap(), b"-----BEGIN");
    assert!(institution.open_evidence(&handles, (&listed.id, 3)).await.is_err());
    let refused = institution.open_evidence(&reads, (&listed.id, 1)).await;
    assert!(refused.is_err(), "it may be a private key: reading complaints is not enough");
    let subject = format!("complaint:{}", listed.id);
    assert_eq!(world.records("complaint.evidence-opened", &subject).await.len(), 1);
    let received = &world.records("complaint.received", &subject).await[0];
    assert!(!format!("{received:?}").contains("泄露"), "what came is sealed");
    // Who guesses what is in a short file finds nothing in the clear to hold it against.
    let sm3 = gm::sm3::hash(b"-----BEGIN").to_hex();
    assert_eq!(shown[0].digest.as_deref(), Some(&*sm3));
    let opened = world.records("complaint.evidence-opened", &subject).await;
    assert!(!format!("{received:?}{opened:?}").contains(&sm3));
    let mut reader = institution.store().read().await.unwrap();
    let text = "SELECT digest FROM voice_evidence ORDER BY position";
    let kept: Vec<String> = sqlx::query_scalar(text).fetch_all(&mut *reader).await.unwrap();
    drop(reader);
    assert!(kept.len() == 2 && !kept.contains(&sm3), "{kept:?}");

    let late = ComplaintFilter { overdue: true, ..ComplaintFilter::default() };
    let overdue = async || institution.complaints(&reads, &late, (0, 9)).await.unwrap().total;
    world.pass(DAY - 60);
    assert_eq!((check(&world).await, overdue().await), (Level::Good, 0));
    world.pass(60);
    assert_eq!((check(&world).await, overdue().await), (Level::Failed, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_the_key_has_its_certificates_suspended_at_once_and_the_key_blocked() {
    let (world, _) = staffed().await;
    let (key, sign, enc) = pair(&world, "r1").await;
    let taken = world.institution.lodge_problem(proved(&world, &sign, &key).await).await.unwrap();
    assert_eq!(taken.stopped, Some(Stopped::Suspended));
    assert_eq!(
        (status(&world, &sign).await, status(&world, &enc).await),
        ("suspended", "suspended")
    );
    let again = world.order("r2", "person", Act::New, &key);
    assert!(world.institution.enrol(again).await.is_err(), "the key is never certified again");
    // Hold and status agree, and the record lets anybody verify the proof again.
    let compared = world.institution.compare_registration(true).await.unwrap().unwrap();
    assert!(compared.is_sound(), "{:?}", compared.findings);
    let (found, _) = world
        .institution
        .complaint_progress((&taken.lodged.number, &taken.lodged.check_code))
        .await
        .unwrap();
    let records = world.records("complaint.received", &format!("complaint:{}", found.id)).await;
    let proof = &records[0].body["proof"];
    assert_eq!(proof["serial"], sign.to_hex());
    let statement = proof["statement"].as_str().unwrap();
    let signature = hex::decode(proof["signature"].as_str().unwrap()).unwrap();
    let signature = gm::Signature::from_der(&signature).unwrap();
    let octets = statement.as_bytes();
    gm::sm2::verify(key.public_key(), &UserId::default(), octets, &signature).unwrap();
    // A second report about the same certificate changes nothing more.
    let taken = world.institution.lodge_problem(proved(&world, &sign, &key).await).await.unwrap();
    assert_eq!(taken.stopped, Some(Stopped::Suspended));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_that_is_none_stops_nothing() {
    let (world, _) = staffed().await;
    let (key, sign, _) = pair(&world, "r1").await;
    let (other, neighbour, _) = pair(&world, "r2").await;
    let institution = &world.institution;
    let strange = async |new: NewProblem| {
        let refused = institution.lodge_problem(new).await.unwrap_err();
        refused.code().to_owned()
    };
    assert_eq!(strange(proved(&world, &sign, &other).await).await, "app.not_applicable");
    // A statement of ours about another certificate, with the number changed.
    let mut moved = proved(&world, &neighbour, &key).await;
    if let Some(proof) = &mut moved.proof {
        proof.statement = proof.statement.replace(&neighbour.to_hex(), &sign.to_hex());
        let octets = proof.statement.as_bytes();
        proof.signature = key.sign(&UserId::default(), octets).to_der();
    }
    assert_eq!(strange(moved).await, "app.not_applicable");
    // Something else that the holder signed some day.
    let statement = "同意".to_owned();
    let signature = key.sign(&UserId::default(), statement.as_bytes()).to_der();
    let proof = Some(KeyProof { statement, signature });
    assert_eq!(strange(NewProblem { proof, ..report() }).await, "app.not_applicable");
    let old = proved(&world, &sign, &key).await;
    world.pass(DAY + 1);
    assert_eq!(strange(old).await, "app.not_applicable");
    assert_eq!(status(&world, &sign).await, "good");
    let unknown = Serial::from_hex("1a2b3c").unwrap();
    assert!(institution.problem_statement(&unknown).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_certificate_that_is_over_the_report_counts_and_the_key_is_blocked() {
    let (world, _) = staffed().await;
    let (key, sign, _) = pair(&world, "r1").await;
    let revoke = Change::Revoke(Revocation::because(RevocationReason::Superseded));
    world.institution.change(sign, revoke, store::Actor::system()).await.unwrap();
    let taken = world.institution.lodge_problem(proved(&world, &sign, &key).await).await.unwrap();
    assert_eq!(taken.stopped, Some(Stopped::Over));
    assert_eq!(status(&world, &sign).await, "revoked");
    let subject = format!("key:{}", key.public_key().fingerprint());
    assert_eq!(world.records("key.blocked", &subject).await.len(), 1);
}

/// Generations overlap: whichever of them is named, all of them stop.
#[tokio::test(flavor = "multi_thread")]
async fn every_certificate_of_the_leaked_key_is_suspended_whichever_was_named() {
    for named in [0, 2] {
        let world = keeping().await;
        let key = PrivateKey::generate(&mut OsRandom).unwrap();
        let serials = renewed(&world, &key).await;
        let new = proved(&world, &serials[named], &key).await;
        let taken = world.institution.lodge_problem(new).await.unwrap();
        assert_eq!(taken.stopped, Some(Stopped::Suspended));
        for serial in &serials {
            assert_eq!(status(&world, serial).await, "suspended", "{named}");
        }
        assert_eq!(check(&world).await, Level::Warning, "two people are still to revoke");
        let compared = world.institution.compare_registration(true).await.unwrap().unwrap();
        assert!(compared.is_sound(), "{:?}", compared.findings);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_an_old_certificate_named_the_newer_one_of_its_key_is_stopped() {
    let world = keeping().await;
    let key = PrivateKey::generate(&mut OsRandom).unwrap();
    let [old, _, new, enc] = renewed(&world, &key).await;
    let revoke = Change::Revoke(Revocation::because(RevocationReason::Superseded));
    world.institution.change(old, revoke, store::Actor::system()).await.unwrap();
    let taken = world.institution.lodge_problem(proved(&world, &old, &key).await).await.unwrap();
    assert_eq!(taken.stopped, Some(Stopped::Suspended));
    assert_eq!(status(&world, &old).await, "revoked");
    assert_eq!(
        (status(&world, &new).await, status(&world, &enc).await),
        ("suspended", "suspended")
    );
}

/// Nothing of the institution's own is stopped by itself: people hear of it at once, not after a day.
#[tokio::test(flavor = "multi_thread")]
async fn a_leaked_key_of_the_institution_itself_fails_the_doctor_at_once() {
    let (world, _) = staffed().await;
    let label = KeyLabel::new("ocsp").unwrap();
    let key = world.device.session().unwrap().key(&label).unwrap().public_key.unwrap();
    let serial = world.institution.ca().of_key(&key).await.unwrap()[0].serial;
    assert_eq!(check(&world).await, Level::Good);
    let statement = world.institution.problem_statement(&serial).await.unwrap();
    let user = UserId::default();
    let signature = world.device.session().unwrap().sign(&label, &user, statement.as_bytes());
    let proof = Some(KeyProof { statement, signature: signature.unwrap().to_der() });
    let taken = world.institution.lodge_problem(NewProblem { proof, ..report() }).await.unwrap();
    assert_eq!(taken.stopped, Some(Stopped::No));
    assert_eq!(status(&world, &serial).await, "good", "answers go on until people decide");
    assert_eq!(check(&world).await, Level::Failed);
    let checks = world.institution.examine(false).await;
    let told = checks.into_iter().find(|check| check.name == "problem_reports").unwrap();
    assert!(told.detail.contains(&taken.lodged.number), "{}", told.detail);
    let blocked = world.records("key.blocked", &format!("key:{}", key.fingerprint())).await;
    assert_eq!(blocked.len(), 1);
}

/// The worst leak there is: who has the key of the issuing CA proves it like everybody else, and people hear of it at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_leaked_key_of_the_issuing_ca_is_proved_and_fails_the_doctor_at_once() {
    let (world, _) = staffed().await;
    let institution = &world.institution;
    let root = institution.roots().certificate().serial();
    institution.problem_statement(&root).await.unwrap();
    let serial = institution.ca().certificate().serial();
    let statement = institution.problem_statement(&serial).await.unwrap();
    let (label, user) = (KeyLabel::new("ca").unwrap(), UserId::default());
    let signature = world.device.session().unwrap().sign(&label, &user, statement.as_bytes());
    let proof = Some(KeyProof { statement, signature: signature.unwrap().to_der() });
    let taken = institution.lodge_problem(NewProblem { proof, ..report() }).await.unwrap();
    assert_eq!(taken.stopped, Some(Stopped::No));
    assert_eq!(check(&world).await, Level::Failed);
    let key = institution.ca().certificate().public_key().unwrap().fingerprint();
    assert_eq!(world.records("key.blocked", &format!("key:{key}")).await.len(), 1);
}

/// Anybody may send evidence, and nobody fills the disk with it: a day has its room, and the report counts without.
#[tokio::test(flavor = "multi_thread")]
async fn when_the_day_has_no_room_left_a_report_is_taken_without_its_files() {
    let (world, head) = staffed().await;
    let institution = &world.institution;
    let with_file = || {
        let evidence = vec![NewEvidence { name: "a.zip".into(), content: vec![7; 100] }];
        NewProblem { evidence, ..report() }
    };
    let taken = institution.lodge_problem(with_file()).await.unwrap();
    assert!(!taken.lodged.left_out);
    let full = institution.store().commit(|tx| {
        Box::pin(async move {
            let text = "UPDATE voice_evidence_day SET octets = 1073741800";
            let done = sqlx::query::<sqlx::Any>(text).execute(tx.conn()).await;
            Ok::<_, store::Error>(done.unwrap().rows_affected())
        })
    });
    assert_eq!(full.await.unwrap(), 1);
    let taken = institution.lodge_problem(with_file()).await.unwrap();
    assert!(taken.lodged.left_out, "and says so");
    let (number, code) = (taken.lodged.number, taken.lodged.check_code);
    let (found, _) = institution.complaint_progress((&number, &code)).await.unwrap();
    assert_eq!(found.state, ComplaintState::Received);
    let reads = head.permit(institution.access(), Action::ReadVoice).await;
    let (_, words, _) = institution.open_complaint(&reads, &found.id).await.unwrap();
    let kept = institution.evidence_of(&reads, (&found.id, &words)).await.unwrap();
    assert!(kept.is_empty());
    let record = &world.records("complaint.received", &format!("complaint:{}", found.id)).await[0];
    assert_eq!(record.body["evidence_left_out"], 1);
    world.pass(DAY);
    assert!(!institution.lodge_problem(with_file()).await.unwrap().lodged.left_out, "a new day");
}
