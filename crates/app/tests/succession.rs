//! The next generation of the issuing CA while an institution serves: taken up without a restart, known
//! to every public service, and the key before it destroyed when nothing is left to sign.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

use crate::world;

use app::doctor::Level;
use app::enrol::{Act, Enrolled};
use app::lifecycle::Change;
use app::roots::revoke_authority;
use app::succession::{Succession, succeed};
use app::{Institution, Parts};
use ca::ceremony::{Custodian, Participants, Person, SealedShare, SuccessionReport};
use ca::{Revocation, RevocationReason, StoredCertificate};
use directory::ListKey;
use directory::rules::index;
use gm::sm2::PrivateKey;
use gm::{Device, KeyLabel, OsRandom, UserId};
use jiff::{SignedDuration, Timestamp};
use pki::crl::Crl;
use pki::ocsp::CertStatus;
use status::verification::{CertificateQuestion, Evidence, Outcome, Purpose};
use status::{ListKind, ListName};
use store::{Actor, Opening, Warrant};
use world::World;

const DAY: i64 = 86_400;

/// Three of the custodians bring the shares of the founding.
pub async fn hold(world: &World, from: Option<Timestamp>) -> SuccessionReport {
    hold_as(world, "issuing-2", from).await
}

async fn hold_as(world: &World, name: &str, from: Option<Timestamp>) -> SuccessionReport {
    let institution = &world.institution;
    let folder = institution.layout().ceremony().join("shares");
    let person = |id: &str| Person::new(id, format!("姓名{id}"), "职务");
    let custodian = |at: usize| Custodian {
        person: person(&format!("K{at}")),
        passphrase: format!("custodian passphrase {at}").into(),
    };
    let share = |at: usize| SealedShare {
        path: folder.join(format!("share-{at}.json")),
        passphrase: format!("custodian passphrase {at}").into(),
    };
    let succession = Succession {
        ceremony: name.to_owned(),
        common_name: None,
        from,
        participants: Participants {
            leader: person("L1"),
            witnesses: vec![person("W1")],
            custodians: [2, 3, 5].map(custodian).to_vec(),
            officers: vec![person("S1")],
        },
        shares: [2, 3, 5].map(share).to_vec(),
    };
    succeed(&parts(world), institution.store(), succession).await.unwrap()
}

fn parts(world: &World) -> Parts {
    let institution = &world.institution;
    Parts {
        layout: institution.layout().clone(),
        settings: institution.settings().clone(),
        device: world.device.clone(),
        kmc_device: None,
        clock: world.clock.clone(),
        opening: Opening::Existing,
    }
}

async fn enrol(world: &World, id: &str, act: Act) -> Enrolled {
    let key = PrivateKey::generate(&mut OsRandom).unwrap();
    let order = world.order(id, "person", act, &key);
    world.institution.enrol(order).await.unwrap()
}

async fn list(world: &World, issuer: &str) -> Crl {
    let name = ListName { issuer: issuer.to_owned(), kind: ListKind::Full };
    let found = world.institution.lists().current(&name).await.unwrap().unwrap();
    Crl::from_der(found.der.to_vec()).unwrap()
}

/// The verification service builds both paths.
async fn both_paths_are_built(institution: &Institution, certificates: [&StoredCertificate; 2]) {
    for made in certificates {
        let question = CertificateQuestion {
            der: made.der().to_vec(),
            evidence: Evidence::default(),
            at: None,
            purpose: Purpose::Signature,
            policies: Vec::new(),
        };
        let found = institution.verify_certificate(question).await.unwrap();
        assert_eq!(found.judged.verdict, Outcome::Passed, "{:#?}", found.judged.checks);
        assert_eq!(found.judged.path.len(), 3);
    }
}

async fn everything_is_good(institution: &Institution) {
    let checks = institution.examine(true).await;
    for check in &checks {
        let about = ["ca_certificate", "ocsp", "crl", "tables", "signatures", "device"];
        if about.contains(&check.name) {
            assert_eq!(check.level, Level::Good, "{check:?}");
        }
    }
    assert_eq!(checks.iter().filter(|check| check.name == "ca_certificate").count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_service_takes_up_the_next_generation_and_every_service_knows_both() {
    let world = World::new().await;
    let institution = &world.institution;
    let old = enrol(&world, "r1", Act::New).await;
    world.pass(60);
    let report = hold(&world, None).await;
    assert_eq!(report.issuing.subject().to_string().matches("SM2 CA G2").count(), 1);
    // With it comes who answers for what it issues.
    assert!(institution.follow_generations().await.unwrap());
    // The replacement of an old certificate is of the new generation, with its chain.
    let new = enrol(&world, "r2", Act::Rekey(*old.sign.serial())).await;
    let enc = new.enc.as_ref().unwrap();
    for made in [&new.sign, enc] {
        assert_eq!(made.certificate.issuer(), report.issuing.subject());
    }
    let carries = |answer: &[u8], der: &[u8]| answer.windows(der.len()).any(|part| part == der);
    assert!(carries(&new.response, report.issuing.der()));
    assert!(carries(&old.response, report.before.der()));
    let again = institution.enrol(world.order("r1", "person", Act::New, &world.key)).await;
    assert!(again.is_err(), "the id was used for another key");
    // OCSP, by a responder that each generation empowered itself.
    for made in [&old.sign, &new.sign, enc] {
        let said = institution.ocsp_now(*made.serial()).await.unwrap();
        assert_eq!((said.said, said.flaw), (Some(CertStatus::Good), None));
    }
    both_paths_are_built(institution, [&old.sign, &new.sign]).await;
    // Revoked: each on the list of its own generation, in the directory as well, and told by OCSP.
    let actor = Actor::client(&world.client.id.to_string());
    for made in [&old.sign, &new.sign] {
        let change = Change::Revoke(Revocation::because(RevocationReason::Superseded));
        institution.change(*made.serial(), change, actor.clone()).await.unwrap();
    }
    world.pass(60);
    institution.ca().publish_due().await.unwrap();
    for (name, own, other, ca) in [
        ("issuing", &old.sign, &new.sign, &report.before),
        ("issuing2", &new.sign, &old.sign, &report.issuing),
    ] {
        let crl = list(&world, name).await;
        crl.verify(&ca.public_key().unwrap(), &UserId::default()).unwrap();
        assert!(crl.lookup(own.serial()).is_some() && crl.lookup(other.serial()).is_none());
        let published = institution.authority(name).await.unwrap().unwrap();
        assert_eq!(published.der(), ca.der());
        for (key, value) in [
            (ListKey::Issuer, index::sha1(ca.subject().der())),
            (ListKey::KeyId, index::sha1(&ca.ski().unwrap().0)),
        ] {
            let found = institution.directory().list(key, &value).await.unwrap().unwrap();
            assert_eq!(found.as_ref(), crl.der(), "{name}");
        }
        let said = institution.ocsp_now(*own.serial()).await.unwrap();
        assert!(matches!(said.said, Some(CertStatus::Revoked { .. })), "{said:?}");
    }
    // The records of a certificate are found as before, and the tables agree with the journal.
    let records = institution.certificate_records(new.sign.serial()).await.unwrap();
    let kinds: Vec<_> = records.iter().map(|record| record.kind.as_str()).collect();
    assert_eq!(kinds, ["certificate.intended", "certificate.issued", "certificate.revoked"]);
    assert_eq!(records[0].body["generation"], "issuing2");
    everything_is_good(institution).await;
    // After a restart it is the same institution.
    let world = world.restarted(|_| ()).await.unwrap();
    assert_eq!(world.institution.ca().name(), "issuing2");
    enrol(&world, "r3", Act::New).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_responder_of_a_generation_lasts_until_it_is_over_and_then_its_key_goes() {
    let world = World::new().await;
    let institution = &world.institution;
    let old = enrol(&world, "r1", Act::New).await;
    let end = old.sign.record.not_after;
    hold(&world, None).await;
    institution.follow_generations().await.unwrap();
    // Five years after its last certificate are promised (电子签名法第二十四条); it would be over before.
    let kept = end.checked_add(SignedDuration::from_hours(5 * 8_766)).unwrap();
    let months = kept.duration_since(world.now()).as_secs() / (30 * DAY);
    for month in 0..months {
        if month % 12 == 0 {
            institution.ca().publish_due().await.unwrap();
            institution.note_generations_over().await.unwrap();
        }
        world.pass(30 * DAY);
        institution.keep_responder_key().await.unwrap();
        let said = institution.ocsp_now(*old.sign.serial()).await.unwrap();
        assert_eq!(said.flaw, None, "{}", world.now());
    }
    world.clock.set(kept);
    world.pass(DAY);
    institution.ca().publish_due().await.unwrap();
    institution.note_generations_over().await.unwrap();
    let level = |checks: &[app::doctor::Check]| {
        let of = checks.iter().filter(|check| check.name == "ca_certificate");
        of.map(|check| check.level).collect::<Vec<_>>()
    };
    assert_eq!(level(&institution.examine(false).await), [Level::Warning, Level::Good]);
    // Until its key is destroyed, it does not sign unseen (T-06).
    let first = KeyLabel::new("ca").unwrap();
    let digest = gm::sm3::hash(b"beside");
    world.device.session().unwrap().sign_digest(&first, &digest).unwrap();
    let checks = institution.examine(false).await;
    let account = checks.iter().find(|check| check.name == "signatures").unwrap();
    assert_eq!(account.level, Level::Failed, "{}", account.detail);
    let warrant = Warrant::new("S001", "A001", "证书已全部到期，换代完成").unwrap();
    assert!(institution.destroy_issuing_key("issuing2", &warrant).await.is_err(), "it issues");
    institution.destroy_issuing_key("issuing", &warrant).await.unwrap();
    let label = KeyLabel::new("ca").unwrap();
    assert!(world.device.session().unwrap().key(&label).is_err());
    assert_eq!(world.records("issuer.key-destroyed", "issuer:issuing").await.len(), 1);
    assert_eq!(level(&institution.examine(false).await), [Level::Good]);
    enrol(&world, "r2", Act::New).await;
}

/// What the doctor says of each generation.
async fn told(institution: &Institution) -> Vec<(Level, String)> {
    let checks = institution.examine(false).await;
    let of = checks.into_iter().filter(|check| check.name == "ca_certificate");
    of.map(|check| (check.level, check.detail)).collect()
}

/// The one in office is revoked and the next waits for its day: the doctor says what two people do, and it helps.
#[tokio::test(flavor = "multi_thread")]
async fn a_generation_that_waits_is_taken_into_office_at_once_by_order_of_two() {
    let world = World::new().await;
    let institution = &world.institution;
    let from = world.now().checked_add(SignedDuration::from_hours(48)).unwrap();
    let report = hold(&world, Some(from)).await;
    institution.follow_generations().await.unwrap();
    assert!(told(institution).await.iter().all(|(level, _)| *level == Level::Good));
    let warrant = Warrant::new("S001", "A001", "签发机构证书已撤销").unwrap();
    let early = institution.appoint_now("issuing2", &warrant).await;
    assert!(early.is_err(), "the one in office is good");
    let revoke = async |serial| {
        let what = (&serial, RevocationReason::CessationOfOperation);
        revoke_authority(&parts(&world), institution.store(), what, &warrant).await.unwrap();
        institution.follow_generations().await.unwrap();
    };
    revoke(report.before.serial()).await;
    let said = told(institution).await;
    assert_eq!(said[0].0, Level::Failed);
    assert!(said[0].1.contains("appoint-now --generation issuing2"), "{said:?}");
    world.pass(60);
    let appointed = institution.appoint_now("issuing2", &warrant).await.unwrap();
    assert_eq!(appointed.active_from, Some(world.now()));
    let made = enrol(&world, "r1", Act::New).await;
    assert_eq!(made.sign.certificate.issuer(), report.issuing.subject());
    let said = institution.ocsp_now(*made.sign.serial()).await.unwrap();
    assert_eq!((said.said, said.flaw), (Some(CertStatus::Good), None));
    let said = told(institution).await;
    assert_eq!(said.last().map(|one| one.0), Some(Level::Good), "{said:?}");
}

/// One that was revoked before its day would stop the institution when the day comes: the doctor doesn't call it good.
#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_says_that_a_generation_that_waits_was_revoked() {
    let world = World::new().await;
    let institution = &world.institution;
    let from = world.now().checked_add(SignedDuration::from_hours(48)).unwrap();
    let report = hold(&world, Some(from)).await;
    let warrant = Warrant::new("S001", "A001", "新一代签发密钥泄露").unwrap();
    let serial = report.issuing.serial();
    let what = (&serial, RevocationReason::CaCompromise);
    revoke_authority(&parts(&world), institution.store(), what, &warrant).await.unwrap();
    institution.follow_generations().await.unwrap();
    let said = told(institution).await;
    assert_eq!((said[0].0, said[1].0), (Level::Good, Level::Failed), "{said:?}");
    assert!(said[1].1.contains("再举行一次签发密钥换代"), "{said:?}");
    assert!(institution.appoint_now("issuing2", &warrant).await.is_err());
    // Another one is made for the same day: nothing is left to do, then, on the day and after it.
    let next = hold_as(&world, "issuing-3", Some(from)).await;
    institution.follow_generations().await.unwrap();
    for (pass, issues) in [(0, 1), (48 * 3_600 - 1, 1), (1, 3), (DAY, 3)] {
        world.pass(pass);
        let said = told(institution).await;
        assert!(said.iter().all(|(level, _)| *level == Level::Good), "{pass}: {said:?}");
        let void = &said[1].1;
        assert!(void.contains("第 2 代") && void.contains("撤销"), "{pass}: {void}");
        assert!(!void.contains("起启用") && !void.contains("以前再举行"), "{pass}: {void}");
        assert_eq!(issuing(institution).await, issues, "{pass}");
    }
    let made = enrol(&world, "r1", Act::New).await;
    assert_eq!(made.sign.certificate.issuer(), next.issuing.subject());
    // One that is made to issue at once is in office before the day of the one that was revoked.
    let world = World::new().await;
    let institution = &world.institution;
    let from = world.now().checked_add(SignedDuration::from_hours(48)).unwrap();
    let report = hold(&world, Some(from)).await;
    let serial = report.issuing.serial();
    let what = (&serial, RevocationReason::CaCompromise);
    revoke_authority(&parts(&world), institution.store(), what, &warrant).await.unwrap();
    hold_as(&world, "issuing-3", None).await;
    institution.follow_generations().await.unwrap();
    for pass in [0, 3 * DAY] {
        world.pass(pass);
        let said = told(institution).await;
        assert!(said.iter().all(|(level, _)| *level == Level::Good), "{pass}: {said:?}");
        assert_eq!(issuing(institution).await, 3, "{pass}");
    }
}

/// The number of the generation in office.
async fn issuing(institution: &Institution) -> u32 {
    let views = institution.generations().await.unwrap();
    views.iter().find(|view| view.generation.is_issuing).unwrap().generation.number
}

/// A key that the device lost stops neither the lists of the generation that issues nor what is found out about
/// its signatures (T-06).
#[tokio::test(flavor = "multi_thread")]
async fn a_generation_whose_key_is_lost_hides_and_holds_up_no_other() {
    let world = World::new().await;
    let institution = &world.institution;
    hold(&world, None).await;
    institution.follow_generations().await.unwrap();
    let named = |issuer: &str| ListName { issuer: issuer.to_owned(), kind: ListKind::Full };
    let number = async |issuer: &str| list(&world, issuer).await.number().unwrap().to_hex();
    institution.publish_now(ca::CrlKind::Full).await.unwrap();
    let before = number("issuing2").await;
    let mut session = world.device.session().unwrap();
    session.destroy(&KeyLabel::new("ca").unwrap()).unwrap();
    world.pass(60);
    assert!(institution.publish_now(ca::CrlKind::Full).await.is_err(), "one was not made");
    assert!(institution.lists().current(&named("issuing")).await.unwrap().is_some());
    assert_ne!(number("issuing2").await, before);
    let account = async || {
        let checks = institution.examine(false).await;
        checks.into_iter().find(|check| check.name == "signatures").unwrap()
    };
    let unknown = account().await;
    assert_eq!(unknown.level, Level::Unknown, "{}", unknown.detail);
    // Somebody signs beside the system.
    let issuing = institution.ca().generation_named("issuing2").unwrap();
    session.sign_digest(issuing.key_label(), &gm::sm3::hash(b"beside")).unwrap();
    let found = account().await;
    assert_eq!(found.level, Level::Failed, "{}", found.detail);
    let label = issuing.key_label().to_string();
    assert!(found.detail.contains(&format!("“{label}”的签名次数与记录不符")), "{}", found.detail);
    assert!(found.detail.contains("“ca”的签名次数未能核对"), "{}", found.detail);
}
