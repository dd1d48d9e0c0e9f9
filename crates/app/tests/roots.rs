//! The next key of the root while an institution serves: known to verification, downloads and directory without a
//! restart, and the key before it until nothing is left under it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

use crate::world;

use std::sync::Arc;

use app::doctor::Level;
use app::enrol::Act;
use app::roots::{RootSuccession, revoke_authority, succeed_root};
use app::succession::{Succession, succeed};
use app::{Institution, Parts};
use ca::ceremony::{
    Custodian, Participants, Person, RootSuccessionReport, SealedShare, destroy_root, restore_root,
};
use ca::{RevocationReason, StoredCertificate};
use directory::ListKey;
use directory::message::SearchRequest;
use directory::rules::index::{self, Key};
use gm::passphrase::Stretch;
use pki::Certificate;
use pki::crl::Crl;
use status::verification::{
    CertificateQuestion, CertificateReport, Evidence, Outcome, Purpose, Trust, Verifier,
};
use status::{ListKind, ListName};
use store::{Actor, Opening, Warrant};
use world::World;

const OLD: &str = "custodian passphrase";
const NEW: &str = "next passphrase";

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

fn people(custodians: &[usize], phrase: &str) -> Participants {
    let person = |id: &str| Person::new(id, format!("姓名{id}"), "职务");
    let custodian = |at: &usize| Custodian {
        person: person(&format!("K{at}")),
        passphrase: format!("{phrase} {at}").into(),
    };
    Participants {
        leader: person("L1"),
        witnesses: vec![person("W1")],
        custodians: custodians.iter().map(custodian).collect(),
        officers: vec![person("S1")],
    }
}

fn shares(folder: &std::path::Path, numbers: &[usize], phrase: &str) -> Vec<SealedShare> {
    let share = |at: &usize| SealedShare {
        path: folder.join(format!("share-{at}.json")),
        passphrase: format!("{phrase} {at}").into(),
    };
    numbers.iter().map(share).collect()
}

async fn next_root(world: &World) -> RootSuccessionReport {
    let folder = world.institution.layout().ceremony().join("shares");
    let succession = RootSuccession {
        ceremony: "root-2".to_owned(),
        holders: people(&[1, 3, 4], OLD),
        shares: shares(&folder, &[1, 3, 4], OLD),
        participants: people(&[1, 2, 3, 4, 5], NEW),
        stretch: Stretch::FAST_FOR_TESTS,
    };
    succeed_root(&parts(world), world.institution.store(), succession).await.unwrap()
}

async fn next_issuing(world: &World) -> Certificate {
    let folder = world.institution.layout().root_succession("root-2").join("shares");
    let succession = Succession {
        ceremony: "issuing-2".to_owned(),
        common_name: None,
        from: None,
        participants: people(&[2, 3, 5], NEW),
        shares: shares(&folder, &[2, 3, 5], NEW),
    };
    succeed(&parts(world), world.institution.store(), succession).await.unwrap().issuing
}

async fn enrol(world: &World, id: &str) -> StoredCertificate {
    let key = gm::sm2::PrivateKey::generate(&mut gm::OsRandom).unwrap();
    world.institution.enrol(world.order(id, "person", Act::New, &key)).await.unwrap().sign
}

fn question(of: &StoredCertificate) -> CertificateQuestion {
    CertificateQuestion {
        der: of.der().to_vec(),
        evidence: Evidence::default(),
        at: None,
        purpose: Purpose::Signature,
        policies: Vec::new(),
    }
}

/// The report of a verifier that trusts this one root.
async fn trusting(
    institution: &Institution,
    root: &Certificate,
    of: &StoredCertificate,
) -> CertificateReport {
    let trust = Arc::new(Trust::of([root.clone()]).unwrap());
    let verifier = Verifier::new(institution.store().clone());
    verifier.verify_certificate(trust, question(of)).await.unwrap()
}

async fn checks_of(institution: &Institution, name: &str) -> Vec<Level> {
    let checks = institution.examine(true).await;
    checks.iter().filter(|check| check.name == name).map(|check| check.level).collect()
}

/// Both self-signed certificates and both links stand in both entries of the name (RFC 4523 §2.2).
async fn the_directory_knows_both_keys(institution: &Institution, report: &RootSuccessionReport) {
    let directory = institution.directory();
    let base = directory.certificate_folder().parent().unwrap();
    for (name, key) in [("root", &report.before), ("root2", &report.root)] {
        let mut request = SearchRequest::entry(&format!("cn={name},ou=CA,{base}"));
        request.attributes = vec![b"*".to_vec()];
        let found = directory.search(&request, None).await.entries.pop().unwrap();
        let values = |wanted: &str| {
            let own = found.attributes.iter().filter(|(name, _)| name == wanted);
            own.flat_map(|(_, values)| values.clone()).collect::<Vec<_>>()
        };
        let certificates = values("cACertificate;binary");
        assert_eq!(certificates.len(), 4, "{name}");
        for one in [&report.before, &report.root, &report.new_with_old, &report.old_with_new] {
            assert!(certificates.iter().any(|der| der[..] == *one.der()), "{name}");
        }
        let lists = values("authorityRevocationList;binary");
        let crl = Crl::from_der(lists[0].to_vec()).unwrap();
        assert_eq!(crl.authority_key(), key.ski().map(|ski| ski.0).as_deref(), "its own list");
        let by_key = index::sha1(&key.ski().unwrap().0);
        let list = directory.list(ListKey::KeyId, &by_key).await.unwrap().unwrap();
        assert_eq!(list.as_ref(), crl.der());
    }
    let by_name = index::sha1(report.root.subject().der());
    let list = directory.list(ListKey::Issuer, &by_name).await.unwrap().unwrap();
    let crl = Crl::from_der(list.to_vec()).unwrap();
    let oldest = report.before.ski().map(|ski| ski.0);
    assert_eq!(crl.authority_key(), oldest.as_deref(), "the oldest key that makes lists");
    let found = directory.certificates(Key::SubjectHash, &by_name).await.unwrap();
    assert_eq!(found.len(), 4, "by the hash of the name");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_service_knows_both_root_keys_and_each_finds_its_way_over_the_links() {
    let world = World::new().await;
    let institution = &world.institution;
    let old = enrol(&world, "r1").await;
    world.pass(60);
    let report = next_root(&world).await;
    world.pass(60);
    let issuing = next_issuing(&world).await;
    institution.follow_generations().await.unwrap();
    assert_eq!(institution.roots().name(), "root2");
    let new = enrol(&world, "r2").await;
    assert_eq!(new.certificate.issuer(), issuing.subject());
    // Past the ten seconds for which a look at the anchors counts.
    world.pass(60);
    for made in [&old, &new] {
        let found = institution.verify_certificate(question(made)).await.unwrap();
        assert_eq!(found.judged.verdict, Outcome::Passed, "{:#?}", found.judged.checks);
        assert_eq!((found.judged.path.len(), found.anchors), (3, 2));
        // Whoever trusts one of them only comes to the other over a link, whose status is known as well.
        for root in [&report.before, &report.root] {
            let found = trusting(institution, root, made).await;
            assert_eq!(found.judged.verdict, Outcome::Passed, "{:#?}", found.judged.checks);
        }
    }
    let over_link = trusting(institution, &report.before, &new).await;
    assert_eq!(over_link.judged.path.len(), 4);
    the_directory_knows_both_keys(institution, &report).await;
    for (name, certificate) in [
        ("root", &report.before),
        ("root2", &report.root),
        ("root2-by-root", &report.new_with_old),
        ("root-by-root2", &report.old_with_new),
    ] {
        let found = institution.authority(name).await.unwrap().unwrap();
        assert_eq!(&found, certificate, "{name}");
        if !name.contains("-by-") {
            let list = ListName { issuer: name.to_owned(), kind: ListKind::Full };
            assert!(institution.lists().current(&list).await.unwrap().is_some(), "{name}");
        }
    }
    assert!(institution.authority("root3-by-root").await.unwrap().is_none());
    for name in ["tables", "root_list", "root_generations", "ends", "trust", "signatures"] {
        assert_eq!(checks_of(institution, name).await, [Level::Good], "{name}");
    }
    // After a restart it is the same institution.
    let world = world.restarted(|_| ()).await.unwrap();
    assert_eq!(world.institution.roots().generations().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_was_revoked_leads_nowhere() {
    let world = World::new().await;
    let institution = &world.institution;
    let old = enrol(&world, "r1").await;
    world.pass(60);
    let report = next_root(&world).await;
    institution.follow_generations().await.unwrap();
    assert_eq!(checks_of(institution, "root_list").await, [Level::Good]);
    let why = (&report.old_with_new.serial(), RevocationReason::CessationOfOperation);
    let warrant = Warrant::new("S001", "A001", "旧根密钥的分量不再可靠").unwrap();
    revoke_authority(&parts(&world), institution.store(), why, &warrant).await.unwrap();
    world.pass(1);
    assert_eq!(checks_of(institution, "root_list").await, [Level::Failed], "no list tells of it");
    let found = trusting(institution, &report.root, &old).await;
    assert_ne!(found.judged.verdict, Outcome::Passed, "{:#?}", found.judged.checks);
    let found = trusting(institution, &report.before, &old).await;
    assert_eq!(found.judged.verdict, Outcome::Passed, "the old root needs no link");
    let shown = institution.links().await.unwrap();
    assert_eq!(shown.iter().map(|link| link.is_good).collect::<Vec<_>>(), [true, false]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_says_when_the_shares_of_the_old_key_can_go() {
    let world = World::new().await;
    let institution = &world.institution;
    world.pass(40 * 86_400);
    let report = next_root(&world).await;
    institution.follow_generations().await.unwrap();
    assert_eq!(checks_of(institution, "root_generations").await, [Level::Good]);
    // A key that was brought back and forgotten; the list of the other one is still owed.
    let folder = institution.layout().ceremony().join("shares");
    let (device, actor): (Arc<dyn gm::Device>, _) = (world.device.clone(), Actor::new("person:L1"));
    let (store, old) = (institution.store(), shares(&folder, &[1, 2, 3], OLD));
    assert_eq!(checks_of(institution, "root_keys").await, [Level::Good]);
    restore_root(store, device.clone(), old, actor.clone()).await.unwrap();
    assert_eq!(checks_of(institution, "root_keys").await, [Level::Failed]);
    let lists = app::publish_root_list(&parts(&world), store).await.unwrap();
    assert_eq!((lists.published.len(), lists.owed), (1, vec!["root2".to_owned()]));
    destroy_root(store, device, actor).await.unwrap();
    assert_eq!(checks_of(institution, "root_keys").await, [Level::Good]);
    world.clock.set(report.before.not_after());
    world.pass(1);
    institution.note_generations_over().await.unwrap();
    assert_eq!(checks_of(institution, "root_generations").await, [Level::Warning]);
    let warrant = Warrant::new("S001", "A001", "旧根之下的证书已全部到期").unwrap();
    let few = institution.destroy_root_key("root", (&[1, 2], &warrant)).await;
    assert!(few.is_err(), "three of five would be left");
    institution.destroy_root_key("root", (&[2, 3, 5], &warrant)).await.unwrap();
    assert_eq!(checks_of(institution, "root_generations").await, [Level::Good]);
    let records = world.records("issuer.key-destroyed", "issuer:root").await;
    assert_eq!(records[0].body["shares"], serde_json::json!([2, 3, 5]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_root_that_is_not_appointed_yet_stands_in_no_directory() {
    let world = World::new().await;
    let institution = &world.institution;
    world.pass(60);
    let report = next_root(&world).await;
    // As after a cut before the step of appointment.
    let unit = institution.store().commit(|tx| {
        Box::pin(async move {
            let sql = "UPDATE issuer_successor SET active_from = NULL WHERE authority = 'root'";
            sqlx::query(sql).execute(tx.conn()).await.map_err(store::Error::from)?;
            Ok::<_, store::Error>(())
        })
    });
    unit.await.unwrap();
    let directory = institution.directory();
    let by_key = index::sha1(&report.root.ski().unwrap().0);
    assert!(directory.list(ListKey::KeyId, &by_key).await.unwrap().is_none());
    let by_name = index::sha1(report.root.subject().der());
    let list = directory.list(ListKey::Issuer, &by_name).await.unwrap().unwrap();
    let crl = Crl::from_der(list.to_vec()).unwrap();
    assert_eq!(crl.authority_key(), report.before.ski().map(|ski| ski.0).as_deref());
    let found = directory.certificates(Key::SubjectHash, &by_name).await.unwrap();
    assert_eq!(found, [report.before.der().to_vec()], "neither the new root nor a link");
    // Nor is anything of it handed out by name.
    for name in ["root2", "root2-by-root", "root-by-root2"] {
        assert!(institution.authority(name).await.unwrap().is_none(), "{name}");
    }
    assert!(institution.authority("root").await.unwrap().is_some());
    let list = |issuer: &str| ListName { issuer: issuer.into(), kind: ListKind::Full };
    assert!(institution.list_in_force(&list("root2")).await.unwrap().is_none());
    assert!(institution.list_in_force(&list("root")).await.unwrap().is_some());
}
