//! The key ceremony: what it makes, who may take part, how the root comes back.

use ca::ceremony::{Quorum, destroy_root, restore_root, verify_protocol};
use ca::rules::account::Balance;
use ca::{Ca, CrlKind, Error, Refusal, Role};
use gm::{Device, DeviceError, KeyLabel, RefusedReason, UserId};
use pki::crl::Crl;

use crate::world::{Db, World, actor, ceremony, key, order, participants, plan, policy, shares};

crate::stories! {
    ceremony_makes_a_chain_and_its_lists
    protocol_is_signed_and_names_everybody
    ceremony_run_again_changes_nothing
    root_comes_back_for_its_next_list_and_leaves_again
}

async fn ceremony_makes_a_chain_and_its_lists(world: World) {
    let report = &world.report;
    let id = UserId::default();
    let root_key = report.root.public_key().unwrap();
    report.root.verify_signature(&root_key, &id).unwrap();
    report.issuing.verify_signature(&root_key, &id).unwrap();
    let issuing_key = report.issuing.public_key().unwrap();
    report.responder.verify_signature(&issuing_key, &id).unwrap();
    assert_eq!(report.issuing.issuer(), report.root.subject());
    assert_eq!(report.issuing.aki().unwrap().key_id, report.root.ski().map(|ski| ski.0));
    let root = world.device.session().unwrap().key(&KeyLabel::new("root").unwrap());
    assert_eq!(root, Err(DeviceError::Refused(RefusedReason::NoSuchKey)), "an offline root");
    let mut reader = world.store.read().await.unwrap();
    let lists: Vec<(String, Vec<u8>)> = sqlx::query_as(
        "SELECT i.name, c.der FROM crl c JOIN issuer i ON i.id = c.issuer_id ORDER BY i.id",
    )
    .fetch_all(&mut *reader)
    .await
    .unwrap();
    assert_eq!(lists.iter().map(|list| list.0.as_str()).collect::<Vec<_>>(), ["root", "issuing"]);
    for ((_, der), key) in lists.into_iter().zip([root_key, issuing_key]) {
        let crl = Crl::from_der(der).unwrap();
        crl.verify(&key, &id).unwrap();
        assert!(crl.is_empty());
    }
    assert_eq!(world.ca.reconcile().await.unwrap().balance, Balance::Exact);
}

async fn protocol_is_signed_and_names_everybody(world: World) {
    let files = &world.report.protocol;
    let document = std::fs::read(&files.document).unwrap();
    let signature = std::fs::read_to_string(&files.signature).unwrap();
    verify_protocol(&document, &signature, &world.report.issuing).unwrap();
    let mut changed = document.clone();
    changed[100] ^= 1;
    assert!(verify_protocol(&changed, &signature, &world.report.issuing).is_err());
    let text = std::fs::read_to_string(&files.text).unwrap();
    for name in ["主持人", "见证人", "保管人1", "保管人5", "某省数字证书认证中心", "试恢复"]
    {
        assert!(text.contains(name), "{name}");
    }
    let parsed: serde_json::Value = serde_json::from_slice(&document).unwrap();
    assert_eq!(parsed["participants"]["custodians"].as_array().unwrap().len(), 5);
    assert!(!String::from_utf8(document).unwrap().contains("口令"), "no passphrase");
}

async fn ceremony_run_again_changes_nothing(world: World) {
    let plan = plan(world.folder.path(), 0, policy());
    let size = world.store.size().await.unwrap();
    let shares = std::fs::read(&world.report.shares[0]).unwrap();
    let again = ceremony(&world.store, &world.device, &world.clock, plan).run().await.unwrap();
    assert_eq!(again.root.der(), world.report.root.der());
    assert_eq!(again.issuing.der(), world.report.issuing.der());
    assert_eq!(std::fs::read(&again.shares[0]).unwrap(), shares);
    assert_eq!(world.store.size().await.unwrap(), size);
}

async fn root_comes_back_for_its_next_list_and_leaves_again(world: World) {
    let sealed = shares(world.folder.path(), &[5, 2, 4]);
    restore_root(&world.store, world.device.clone(), sealed, actor()).await.unwrap();
    let config = plan(world.folder.path(), 0, policy()).root_config;
    let root = crate::world::open_ca(&world.store, &world.device, &world.clock, config).await;
    world.pass(60);
    root.publish_crl(CrlKind::Full).await.unwrap();
    assert_eq!(root.reconcile().await.unwrap().balance, Balance::Exact);
    destroy_root(&world.store, world.device.clone(), actor()).await.unwrap();
    world.pass(60);
    assert!(root.publish_crl(CrlKind::Full).await.is_err());
    assert_eq!(world.records("ceremony.root-restored").await, 1);
    assert_eq!(world.records("ceremony.root-destroyed").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_three_of_five_shares_restore_the_root_and_no_two_do() {
    let world = World::new(Db::Sqlite).await;
    let label = KeyLabel::new("root").unwrap();
    let restore = async |numbers: &[usize]| {
        let sealed = shares(world.folder.path(), numbers);
        restore_root(&world.store, world.device.clone(), sealed, actor()).await
    };
    let mut combinations = 0;
    for a in 1..=5 {
        for b in a + 1..=5 {
            assert!(restore(&[a, b]).await.is_err(), "{a} {b}");
            for c in b + 1..=5 {
                restore(&[a, b, c]).await.unwrap();
                let mut session = world.device.session().unwrap();
                let restored = session.key(&label).unwrap().public_key;
                assert_eq!(restored, world.report.root.public_key().ok());
                session.destroy(&label).unwrap();
                combinations += 1;
            }
        }
    }
    assert_eq!(combinations, 10);
    assert!(restore(&[1, 1, 1]).await.is_err(), "one share three times");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn share_opens_with_its_own_passphrase_only() {
    let world = World::new(Db::Sqlite).await;
    let mut sealed = shares(world.folder.path(), &[1, 2, 3]);
    sealed[0].passphrase = sealed[1].passphrase.clone();
    let restored = restore_root(&world.store, world.device.clone(), sealed, actor()).await;
    let wrong = matches!(
        restored,
        Err(Error::Device(DeviceError::Refused(RefusedReason::WrongPassphrase)))
    );
    assert!(wrong, "{restored:?}");
    let file = std::fs::read_to_string(world.folder.path().join("shares/share-1.json")).unwrap();
    assert!(file.contains("保管人1") && !file.contains("口令"));
}

#[test]
fn t19_custodian_may_hold_no_other_role() {
    let mut all = participants();
    all.officers.push(all.custodians[2].person.clone());
    assert!(matches!(Quorum::of(all), Err(Refusal::Ceremony(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn used_key_is_not_taken_for_a_ceremony() {
    let folder = tempfile::tempdir().unwrap();
    let (device, journal) = crate::world::new_devices(folder.path());
    let clock = std::sync::Arc::new(store::FixedClock::at(crate::world::START).unwrap());
    let url = crate::world::sqlite_url(folder.path());
    let store = crate::world::open_store(&url, folder.path(), &journal, &clock).await;
    let label = KeyLabel::new("root").unwrap();
    let mut session = device.session().unwrap();
    session.generate(&label, gm::KeyKind::Sm2Sign).unwrap();
    session.sign_digest(&label, &gm::sm3::hash(b"before")).unwrap();
    drop(session);
    let held = ceremony(&store, &device, &clock, plan(folder.path(), 0, policy())).run().await;
    assert!(matches!(held, Err(Error::Refused(Refusal::Ceremony(_)))), "{held:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn root_that_is_kept_stays_on_the_device() {
    let folder = tempfile::tempdir().unwrap();
    let (device, journal) = crate::world::new_devices(folder.path());
    let clock = std::sync::Arc::new(store::FixedClock::at(crate::world::START).unwrap());
    let url = crate::world::sqlite_url(folder.path());
    let store = crate::world::open_store(&url, folder.path(), &journal, &clock).await;
    let mut plan = plan(folder.path(), 0, policy());
    plan.keep_root = true;
    ceremony(&store, &device, &clock, plan.clone()).run().await.unwrap();
    let root: Ca = crate::world::open_ca(&store, &device, &clock, plan.root_config).await;
    root.check_key().unwrap();
    let asked = order("r1", Role::Ca, "某厅签发机构", key());
    assert!(matches!(root.prepare(asked), Err(Error::Refused(Refusal::CeremonyOnly))));
}

/// The key of a root that is being made is blocked while it signs itself: neither its certificate nor the root is there
/// afterwards, and the intent is not left open beside one (T-31).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t31_root_whose_key_was_blocked_meanwhile_is_not_stored() {
    let folder = tempfile::tempdir().unwrap();
    let (device, journal) = crate::world::new_devices(folder.path());
    let clock = std::sync::Arc::new(store::FixedClock::at(crate::world::START).unwrap());
    let url = crate::world::sqlite_url(folder.path());
    let store = crate::world::open_store(&url, folder.path(), &journal, &clock).await;
    let founding = || ceremony(&store, &device, &clock, plan(folder.path(), 0, policy()));
    let first = founding();
    let (mut held, work) =
        store::fault::held("ca.62-root-signed", async move { first.run().await });
    let work = tokio::spawn(work);
    assert!(held.reached().await);
    let label = KeyLabel::new("root").unwrap();
    let root = device.session().unwrap().key(&label).unwrap().public_key.unwrap();
    let blocked = store.commit(move |tx| {
        Box::pin(async move {
            let text = "INSERT INTO subject_key (key_hash, subject_hash, request_id, role, blocked_at, blocked_reason) \
                        VALUES ($1, 'x', 'x', 'ca', 1795312800, 'x')";
            let query = sqlx::query(text).bind(root.fingerprint());
            query.execute(tx.conn()).await?;
            Ok::<_, store::Error>(())
        })
    });
    blocked.await.unwrap();
    held.go();
    for done in [work.await.unwrap(), founding().run().await] {
        assert!(matches!(done, Err(Error::Refused(Refusal::KeyBlocked))), "{done:?}");
        let mut reader = store.read().await.unwrap();
        let left = "SELECT (SELECT COUNT(*) FROM issuer) + (SELECT COUNT(*) FROM issuance) \
                    + (SELECT COUNT(*) FROM certificate)";
        let left: i64 = sqlx::query_scalar(left).fetch_one(&mut *reader).await.unwrap();
        assert_eq!(left, 0);
    }
}
