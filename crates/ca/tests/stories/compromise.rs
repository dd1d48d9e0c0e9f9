//! T-31, T-16: what stops when a key is no secret any more, of subscribers and of the issuing CA.

use ca::{
    Ca, CrlKind, Error, Explanation, Intent, IssueOrder, Refusal, Revocation, RevocationReason,
    Role, SignedCertificate, StoredCertificate,
};
use gm::PublicKey;
use pki::SubjectInput;
use store::Warrant;

use crate::succession::{holders, succeed, succession};
use crate::world::{World, actor, intend, issue, key, open_ca, order, plan, policy};

crate::stories! {
    t31_order_whose_key_leaked_meanwhile_comes_to_nothing_however_often_it_is_repeated
    t31_certificate_that_was_signed_when_its_key_was_blocked_is_never_stored
    t31_half_of_a_pair_is_not_finished_without_the_other
    recovery_that_meets_a_blocked_key_explains_and_goes_on
    other_certificates_of_a_key_are_found_whatever_became_of_the_named_one
    issuing_ca_that_was_revoked_issues_nothing_and_tells_on
    what_a_revoked_issuing_ca_had_recorded_is_given_up
    compromise_of_an_issuing_ca_is_learnt_after_its_revocation_and_blocks_its_key
    what_was_revoked_for_a_compromise_is_not_ordered_again_for_the_other
    t06_intent_from_before_the_baseline_explains_no_signature
}

fn kind(error: Result<StoredCertificate, Error>) -> Refusal {
    match error {
        Err(Error::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

async fn block(world: &World, key: PublicKey) {
    let ca = world.ca.clone();
    let unit = world
        .store
        .commit(move |tx| Box::pin(async move { ca.block_key(tx, &key, &actor()).await }));
    unit.await.unwrap();
}

/// Signed, and not stored yet.
async fn signed(world: &World, order: IssueOrder) -> SignedCertificate {
    match intend(&world.store, &world.ca, order).await.unwrap() {
        Intent::Ticket(ticket) => world.ca.sign(vec![*ticket]).await.unwrap().pop().unwrap(),
        Intent::Issued(_) => panic!("stored already"),
    }
}

async fn store(world: &World, signed: SignedCertificate) -> Result<StoredCertificate, Error> {
    let ca = world.ca.clone();
    world.store.commit(move |tx| Box::pin(async move { ca.store(tx, signed).await })).await
}

async fn t31_order_whose_key_leaked_meanwhile_comes_to_nothing_however_often_it_is_repeated(
    world: World,
) {
    let lost = key();
    let asked = order("r1", Role::Sign, "张三", lost);
    // Recorded; then the device was away, or the node died.
    intend(&world.store, &world.ca, asked.clone()).await.unwrap();
    block(&world, lost).await;
    for _ in 0..2 {
        assert_eq!(kind(world.issue(asked.clone()).await), Refusal::KeyBlocked);
    }
    assert_eq!(world.records("certificate.abandoned").await, 1, "explained at once");
    assert_eq!(world.number("SELECT COUNT(*) FROM certificate WHERE request_id = 'r1'").await, 0);
    assert!(world.ca.recover().await.unwrap().intents.is_empty());
    assert!(!world.ca.reconcile().await.unwrap().balance.is_alarm());
}

async fn t31_certificate_that_was_signed_when_its_key_was_blocked_is_never_stored(world: World) {
    let (lost, other) = (key(), key());
    let late = signed(&world, order("r1", Role::Sign, "张三", lost)).await;
    let fine = signed(&world, order("r2", Role::Sign, "李四", other)).await;
    block(&world, lost).await;
    assert_eq!(kind(store(&world, late).await), Refusal::KeyBlocked);
    store(&world, fine).await.unwrap();
    assert!(world.ca.of_key(&lost).await.unwrap().is_empty());
    assert!(!world.ca.reconcile().await.unwrap().balance.is_alarm(), "the signature was noted");
    // One that another line of ours, or an earlier version, left open is not stored either.
    let late = signed(&world, order("r3", Role::Sign, "王五", key())).await;
    world
        .sql(
            "UPDATE subject_key SET blocked_at = 1795312800, blocked_reason = 'x' \
             WHERE request_id = 'r3'",
        )
        .await;
    assert_eq!(kind(store(&world, late).await), Refusal::KeyBlocked);
    assert_eq!(world.number("SELECT COUNT(*) FROM certificate WHERE request_id = 'r3'").await, 0);
    assert!(world.ca.good_of_blocked(10).await.unwrap().is_empty());
}

async fn t31_half_of_a_pair_is_not_finished_without_the_other(world: World) {
    let lost = key();
    intend(&world.store, &world.ca, order("r1", Role::Sign, "张三", lost)).await.unwrap();
    intend(&world.store, &world.ca, order("r1", Role::Enc, "张三", key())).await.unwrap();
    block(&world, lost).await;
    let recovery = world.ca.recover().await.unwrap();
    assert!(recovery.intents.is_empty(), "{recovery:?}");
    assert_eq!(world.records("certificate.abandoned").await, 2);
}

/// As with a node that blocks the key while another one recovers: the row alone says it.
async fn recovery_that_meets_a_blocked_key_explains_and_goes_on(world: World) {
    let lost = key();
    intend(&world.store, &world.ca, order("r1", Role::Sign, "张三", lost)).await.unwrap();
    intend(&world.store, &world.ca, order("r2", Role::Sign, "李四", key())).await.unwrap();
    // The device has signed when the key is blocked: its answer is held back until then.
    let held = world.device.hold_next(testkit::fault::Counted::Signatures);
    let ca = world.ca.clone();
    let recovering = tokio::spawn(async move { ca.recover().await });
    while !held.is_waiting() {
        tokio::task::yield_now().await;
    }
    block(&world, lost).await;
    held.release();
    let found = recovering.await.unwrap().unwrap().intents;
    assert!(matches!(found[0].1, Explanation::Abandoned(_)), "{found:?}");
    assert_eq!(found[1].1, Explanation::Finished);
}

async fn other_certificates_of_a_key_are_found_whatever_became_of_the_named_one(world: World) {
    let kept = key();
    let ca =
        world.reconfigured(|config| config.renewals_keep_key = vec!["person-sign".into()]).await;
    let old = issue(&world.store, &ca, order("r1", Role::Sign, "张三", kept)).await.unwrap();
    let renewal =
        IssueOrder { replaces: Some(*old.serial()), ..order("r2", Role::Sign, "张三", kept) };
    let new = issue(&world.store, &ca, renewal).await.unwrap();
    world.revoke(old.serial(), RevocationReason::KeyCompromise).await.unwrap();
    let (by, serial) = (ca.clone(), *old.serial());
    let unit =
        world.store.commit(move |tx| Box::pin(async move { by.open_beside(tx, &serial).await }));
    let found: Vec<_> = unit.await.unwrap().into_iter().map(|one| one.serial).collect();
    assert_eq!(found, [*new.serial()]);
    assert_eq!(ca.beside(&serial).await.unwrap().len(), 1);
    let left = ca.good_of_blocked(10).await.unwrap();
    assert_eq!(left.iter().map(|one| one.serial).collect::<Vec<_>>(), found, "told by the doctor");
    world.revoke(new.serial(), RevocationReason::KeyCompromise).await.unwrap();
    assert!(ca.good_of_blocked(10).await.unwrap().is_empty());
    assert!(ca.beside(new.serial()).await.unwrap().is_empty());
}

async fn roots(world: &World) -> Ca {
    let config = plan(world.folder.path(), 0, policy()).root_config;
    open_ca(&world.store, &world.device, &world.clock, config).await
}

async fn revoke_issuing(world: &World, reason: RevocationReason) -> Result<(), Error> {
    let warrant = Warrant::new("S001", "A001", "签发密钥泄露").unwrap();
    let serial = world.ca.certificate().serial();
    roots(world).await.revoke_authority(&serial, reason, &warrant).await.map(drop)
}

fn responder(request: &str) -> IssueOrder {
    let subject = SubjectInput {
        organization: Some("某省数字证书认证中心".into()),
        ..SubjectInput::named("某省证书状态应答")
    };
    let base = order(request, Role::Service, "x", key());
    IssueOrder { profile: "ocsp".into(), subject, pair: None, ..base }
}

/// Whoever holds the root's list refuses what such a CA issues; its list and answers say what they said.
async fn issuing_ca_that_was_revoked_issues_nothing_and_tells_on(world: World) {
    let before = world.certificate("r1").await;
    issue(&world.store, &world.ca, responder("o1")).await.unwrap();
    revoke_issuing(&world, RevocationReason::CaCompromise).await.unwrap();
    assert!(!world.ca.is_revoked(), "this node has not looked yet: the unit asks");
    let asked = order("r2", Role::Sign, "李四", key());
    assert_eq!(kind(world.issue(asked.clone()).await), Refusal::IssuerRevoked);
    assert_eq!(kind(world.issue(responder("o2")).await), Refusal::IssuerRevoked);
    assert_eq!(world.number("SELECT COUNT(*) FROM issuance WHERE request_id = 'r2'").await, 0);
    world.ca.follow_line().await.unwrap();
    let generation = world.ca.generation().unwrap();
    assert_eq!((world.ca.is_revoked(), generation.revoked_at), (true, Some(world.now())));
    // What was issued before is revoked and told as ever.
    world.revoke(before.serial(), RevocationReason::CessationOfOperation).await.unwrap();
    world.pass(60);
    assert_eq!(world.ca.publish_crl(CrlKind::Full).await.unwrap().entries, 1);
    // The next generation goes on, with the same order again.
    let mut next = succession(world.folder.path(), "G2", None);
    next.issuing_config = world.ca.config().clone();
    assert_eq!(holders().custodians.len(), 3);
    succeed((&world.store, &world.device, &world.clock), next).await.unwrap();
    world.ca.follow_line().await.unwrap();
    let issued = world.issue(asked).await.unwrap();
    assert_ne!(issued.certificate.issuer(), before.certificate.issuer());
    let revoked: Vec<_> = world.ca.generations().iter().map(Ca::is_revoked).collect();
    assert_eq!(revoked, [true, false]);
    assert!(world.ca.compare_with_journal().await.unwrap().is_sound());
}

async fn what_a_revoked_issuing_ca_had_recorded_is_given_up(world: World) {
    let asked = order("r1", Role::Sign, "张三", key());
    intend(&world.store, &world.ca, asked.clone()).await.unwrap();
    revoke_issuing(&world, RevocationReason::CessationOfOperation).await.unwrap();
    assert_eq!(kind(world.issue(asked).await), Refusal::IssuerRevoked);
    let world = world.restarted().await;
    let recovery = world.ca.recover().await.unwrap();
    assert!(matches!(recovery.intents[..], [(_, Explanation::Abandoned(_))]), "{recovery:?}");
    assert!(world.ca.is_revoked());
}

async fn compromise_of_an_issuing_ca_is_learnt_after_its_revocation_and_blocks_its_key(
    world: World,
) {
    let key = world.ca.certificate().public_key().unwrap();
    let blocked = async || {
        world.number("SELECT COUNT(*) FROM subject_key WHERE blocked_at IS NOT NULL").await
    };
    revoke_issuing(&world, RevocationReason::Superseded).await.unwrap();
    assert_eq!(blocked().await, 0);
    revoke_issuing(&world, RevocationReason::CaCompromise).await.unwrap();
    assert_eq!((blocked().await, world.records("key.blocked").await), (1, 1));
    let size = world.store.size().await.unwrap();
    revoke_issuing(&world, RevocationReason::CaCompromise).await.unwrap();
    assert_eq!(world.store.size().await.unwrap(), size, "asked for again");
    assert_eq!(world.records("authority.revocation-ordered").await, 2);
    let late = revoke_issuing(&world, RevocationReason::CessationOfOperation).await;
    assert!(matches!(late, Err(Error::Refused(Refusal::ReasonFixed))), "{late:?}");
    let refused = world.issue(order("r1", Role::Sign, "张三", key)).await;
    assert!(refused.is_err());
    assert_eq!(world.records("authority.revocation-ordered").await, 2);
    // A subscriber's certificate has one compromise alone.
    let found = roots(&world).await.of_key(&key).await.unwrap();
    let ca::Status::Revoked { reason, .. } = found[0].status else { panic!("{found:?}") };
    assert_eq!(Revocation::because(reason).reason, RevocationReason::CaCompromise);
}

/// That the key leaked says as much as that it leaked at a CA.
async fn what_was_revoked_for_a_compromise_is_not_ordered_again_for_the_other(world: World) {
    revoke_issuing(&world, RevocationReason::KeyCompromise).await.unwrap();
    let size = world.store.size().await.unwrap();
    revoke_issuing(&world, RevocationReason::CaCompromise).await.unwrap();
    assert_eq!(world.store.size().await.unwrap(), size);
    assert_eq!(world.records("authority.revocation-ordered").await, 1);
}

/// A ceremony that was given up left an intent: each time the root is used afterwards, one signature would pass for it.
async fn t06_intent_from_before_the_baseline_explains_no_signature(world: World) {
    use gm::Device;
    let asked = order("r1", Role::Sign, "张三", key());
    intend(&world.store, &world.ca, asked.clone()).await.unwrap();
    world.pass(60);
    let warrant = Warrant::new("S001", "A001", "签名次数重新起算").unwrap();
    world.ca.close_account(&warrant).await.unwrap();
    world.pass(60);
    // The same request again is another permission, and counted.
    assert!(!world.ca.reconcile().await.unwrap().balance.is_alarm());
    issue(&world.store, &world.ca, order("r2", Role::Sign, "李四", key())).await.unwrap();
    let label = world.ca.key_label().clone();
    let digest = gm::sm3::hash(b"a certificate that nobody ordered");
    world.device.session().unwrap().sign_digest(&label, &digest).unwrap();
    assert!(world.ca.reconcile().await.unwrap().balance.is_alarm(), "r1 does not explain it");
    world.ca.close_account(&warrant).await.unwrap();
    issue(&world.store, &world.ca, asked).await.unwrap();
    assert!(!world.ca.reconcile().await.unwrap().balance.is_alarm());
}
