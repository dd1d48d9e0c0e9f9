//! T-31: whose key, and which never again.

use ca::{Error, IssueOrder, Refusal, RevocationReason, Role};

use crate::world::{World, actor, issue, key, order};

crate::stories! {
    t31_key_of_another_subject_is_refused
    t31_key_revoked_for_compromise_is_never_certified_again
    t31_reported_key_is_blocked_before_it_is_ever_certified
    t31_renewal_keeps_its_key_only_where_that_is_allowed
    t31_known_keys_are_refused
    key_of_an_abandoned_order_is_free_again
}

async fn t31_key_of_another_subject_is_refused(world: World) {
    let shared = key();
    world.issue(order("r1", Role::Sign, "张三", shared)).await.unwrap();
    let error = world.issue(order("r2", Role::Sign, "李四", shared)).await.unwrap_err();
    assert!(matches!(error, Error::Refused(Refusal::KeyOfAnother)), "{error}");
    let enc = world.issue(order("r1", Role::Enc, "张三", shared)).await.unwrap_err();
    assert!(matches!(enc, Error::Refused(Refusal::KeyInUse)), "{enc}");
}

async fn t31_key_revoked_for_compromise_is_never_certified_again(world: World) {
    let lost = key();
    let certificate = world.issue(order("r1", Role::Sign, "张三", lost)).await.unwrap();
    world.revoke(certificate.serial(), RevocationReason::KeyCompromise).await.unwrap();
    world.pass(86_400 * 400);
    for name in ["张三", "李四"] {
        let error = world.issue(order("r2", Role::Sign, name, lost)).await.unwrap_err();
        assert!(matches!(error, Error::Refused(Refusal::KeyBlocked)), "{error}");
    }
    assert_eq!(world.records("key.blocked").await, 1);
}

async fn t31_reported_key_is_blocked_before_it_is_ever_certified(world: World) {
    let reported = key();
    let ca = world.ca.clone();
    world
        .store
        .commit(move |tx| Box::pin(async move { ca.block_key(tx, &reported, &actor()).await }))
        .await
        .unwrap();
    let error = world.issue(order("r1", Role::Sign, "张三", reported)).await.unwrap_err();
    assert!(matches!(error, Error::Refused(Refusal::KeyBlocked)), "{error}");
}

async fn t31_renewal_keeps_its_key_only_where_that_is_allowed(world: World) {
    let kept = key();
    let old = world.issue(order("r1", Role::Sign, "张三", kept)).await.unwrap();
    let renewal = |request: &str| IssueOrder {
        replaces: Some(*old.serial()),
        ..order(request, Role::Sign, "张三", kept)
    };
    let error = world.issue(renewal("r2")).await.unwrap_err();
    assert!(matches!(error, Error::Refused(Refusal::KeyInUse)), "{error}");
    let lenient =
        world.reconfigured(|config| config.renewals_keep_key = vec!["person-sign".into()]).await;
    let new = issue(&world.store, &lenient, renewal("r3")).await.unwrap();
    assert_eq!(new.record.replaces_id, Some(old.record.id));
    let bare = order("r4", Role::Sign, "张三", kept);
    let error = issue(&world.store, &lenient, bare).await.unwrap_err();
    assert!(matches!(error, Error::Refused(Refusal::KeyInUse)), "no renewal: {error}");
}

async fn t31_known_keys_are_refused(world: World) {
    let printed = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8";
    let mut one = [0; 32];
    one[31] = 1;
    for scalar in [one, hex::decode(printed).unwrap().try_into().unwrap()] {
        let known = *gm::sm2::PrivateKey::from_bytes(&scalar).unwrap().public_key();
        let error = world.issue(order("r1", Role::Sign, "张三", known)).await.unwrap_err();
        assert!(matches!(error, Error::Pki(_)), "{error}");
    }
}

async fn key_of_an_abandoned_order_is_free_again(world: World) {
    let kept = key();
    crate::world::intend(&world.store, &world.ca, order("r1", Role::Sign, "张三", kept))
        .await
        .unwrap();
    world.pass(86_400 * 2);
    let recovery = world.ca.recover().await.unwrap();
    assert_eq!(recovery.intents.len(), 1);
    world.issue(order("r2", Role::Sign, "张三", kept)).await.unwrap();
}
