//! Judicial recovery: two people, one record, an envelope and never the key itself.

// Helpers outside #[test] functions fail the test by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{World, actor, on_each_engine, opened, order, person, recovery_order, serial};
use gm::sm2::PrivateKey;
use kmc::{Approval, Ca, NewOfficer, Notice, Party, RecoveryCase, Text};
use sqlx::{Connection as _, Executor as _};

/// A world with a key of serial 1 in use, an operator and a judicial officer.
struct Scene {
    world: World,
    ca: Ca,
    archived: PrivateKey,
    operator: PrivateKey,
    judicial: PrivateKey,
    target: PrivateKey,
}

impl Scene {
    async fn of(world: World) -> Self {
        let (ca, _) = world.ca("甲机构").await;
        world.kmc.refill().await.unwrap();
        let subscriber = person();
        let issued = world.kmc.apply(&ca, order(1, subscriber.public_key())).await.unwrap();
        Self {
            archived: opened(&issued, &subscriber),
            operator: world.officer(Party::Operator, "110101199001011237").await,
            judicial: world.officer(Party::Judicial, "110101198502021235").await,
            target: person(),
            world,
            ca,
        }
    }

    async fn case(&self) -> RecoveryCase {
        let order = recovery_order(&self.ca, 1, self.target.public_key());
        self.world.kmc.open_recovery(order, actor()).await.unwrap()
    }

    async fn refused(&self, token: &str, approvals: Vec<Approval>) -> &'static str {
        let before = self.world.records("recovery.refused").await;
        let refused = self.world.kmc.recover(token, approvals, actor()).await;
        let code = refused.expect_err("recovered").code();
        let after = self.world.records("recovery.refused").await;
        assert_eq!(after, before + 1, "the refusal {code} was not recorded");
        assert_eq!(self.world.records("recovery.done").await, 0);
        code
    }
}

fn approval(case: &RecoveryCase, signer: &PrivateKey) -> Approval {
    common::approval(case, signer)
}

/// GM/T 0038 §7.6.2.3, judicial recovery: two parties, an envelope, never the plaintext.
#[tokio::test(flavor = "multi_thread")]
async fn two_parties_recover_exactly_the_archived_key_for_the_judicial_key() {
    on_each_engine(async |world| {
        let scene = Scene::of(world).await;
        let case = scene.case().await;
        let approvals = vec![approval(&case, &scene.judicial), approval(&case, &scene.operator)];
        let found = scene.world.kmc.recover(&case.token, approvals, actor()).await.unwrap();
        let key = opened(&found.key, &scene.target);
        assert_eq!(*key.to_bytes(), *scene.archived.to_bytes());
        assert_eq!(found.notice, Notice::Due);
        assert_eq!(scene.world.records("recovery.done").await, 1);
        scene.world.assert_sound().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_record_names_all_that_the_law_asks_for() {
    let scene = Scene::of(World::sqlite().await).await;
    let case = scene.case().await;
    let record = String::from_utf8(case.record()).unwrap();
    let lines: Vec<&str> = record.lines().collect();
    for expected in [
        "案件编号：（2026）京01刑初7号",
        "办案机关：北京市第一中级人民法院",
        "法律依据：《中华人民共和国刑事诉讼法》第五十四条",
        "认证机构：甲机构",
        "加密证书序列号：01",
        "告知义务：应当告知当事人",
        "签署期限：2026-11-23T02:00:00Z",
        &format!("接收公钥：{}", hex::encode(scene.target.public_key().to_sec1())),
        &format!("加密公钥：{}", hex::encode(scene.archived.public_key().to_sec1())),
    ] {
        assert!(lines.contains(&expected), "{expected} is missing in\n{record}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_signature_is_not_enough() {
    on_each_engine(async |world| {
        let scene = Scene::of(world).await;
        let case = scene.case().await;
        for lonely in [&scene.operator, &scene.judicial] {
            let code = scene.refused(&case.token, vec![approval(&case, lonely)]).await;
            assert_eq!(code, "kmc.two_parties_needed");
        }
        assert_eq!(scene.refused(&case.token, Vec::new()).await, "kmc.two_parties_needed");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_person_or_the_same_side_twice_is_refused() {
    let scene = Scene::of(World::sqlite().await).await;
    let second = scene.world.officer(Party::Operator, "110101199203031239").await;
    let case = scene.case().await;
    for pair in [[&scene.operator, &scene.operator], [&scene.operator, &second]] {
        let approvals = pair.map(|signer| approval(&case, signer)).to_vec();
        assert_eq!(scene.refused(&case.token, approvals).await, "kmc.two_parties_needed");
    }
    let three = [&scene.operator, &scene.judicial, &second];
    let approvals = three.map(|signer| approval(&case, signer)).to_vec();
    assert_eq!(scene.refused(&case.token, approvals).await, "kmc.two_parties_needed");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_cannot_be_registered_on_both_sides() {
    let scene = Scene::of(World::sqlite().await).await;
    let text = |text: &str| Text::parse("text", text).unwrap();
    let double = NewOfficer {
        party: Party::Judicial,
        identity: text("１１０１０１ 19900101 1237"),
        name: text("同一人"),
        public_key: *person().public_key(),
    };
    let refused = scene.world.kmc.register_officer(double, actor()).await;
    assert_eq!(refused.unwrap_err().code(), "kmc.officer_taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_was_changed_is_refused() {
    let scene = Scene::of(World::sqlite().await).await;
    let case = scene.case().await;
    let mut changed = case.clone();
    changed.order.target_key = *person().public_key();
    let approvals = vec![approval(&changed, &scene.operator), approval(&case, &scene.judicial)];
    assert_eq!(scene.refused(&case.token, approvals).await, "kmc.approval_invalid");
    let stranger = person();
    let approvals = vec![approval(&case, &scene.operator), approval(&case, &stranger)];
    assert_eq!(scene.refused(&case.token, approvals).await, "kmc.unknown_officer");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_changed_in_the_database_is_a_fault_and_recovers_nothing() {
    let scene = Scene::of(World::sqlite().await).await;
    let case = scene.case().await;
    sqlx::any::install_default_drivers();
    let mut conn = sqlx::AnyConnection::connect(&scene.world.url).await.unwrap();
    conn.execute("UPDATE recovery_case SET authority = '某公司'").await.unwrap();
    let approvals = vec![approval(&case, &scene.operator), approval(&case, &scene.judicial)];
    let refused = scene.world.kmc.recover(&case.token, approvals, actor()).await;
    assert_eq!(refused.unwrap_err().code(), "kmc.stored_data");
}

#[tokio::test(flavor = "multi_thread")]
async fn signatures_come_within_a_day_and_a_lapsed_case_can_be_opened_anew() {
    on_each_engine(async |world| {
        let scene = Scene::of(world).await;
        let case = scene.case().await;
        let order = recovery_order(&scene.ca, 1, scene.target.public_key());
        let twice = scene.world.kmc.open_recovery(order, actor()).await;
        assert_eq!(twice.unwrap_err().code(), "kmc.case_taken");
        scene.world.advance_days(2);
        let approvals = || vec![approval(&case, &scene.operator), approval(&case, &scene.judicial)];
        assert_eq!(scene.refused(&case.token, approvals()).await, "kmc.case_expired");
        let anew = scene.case().await;
        assert_ne!(anew.token, case.token);
        assert_eq!(scene.refused(&anew.token, approvals()).await, "kmc.approval_invalid");
        let approvals = vec![approval(&anew, &scene.operator), approval(&anew, &scene.judicial)];
        scene.world.kmc.recover(&anew.token, approvals, actor()).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_repeated_to_the_same_two_only() {
    let scene = Scene::of(World::sqlite().await).await;
    let case = scene.case().await;
    let approvals = || vec![approval(&case, &scene.operator), approval(&case, &scene.judicial)];
    scene.world.kmc.recover(&case.token, approvals(), actor()).await.unwrap();
    let again = scene.world.kmc.recover(&case.token, approvals(), actor()).await.unwrap();
    assert_eq!(*opened(&again.key, &scene.target).to_bytes(), *scene.archived.to_bytes());
    let other = scene.world.officer(Party::Operator, "110101199203031239").await;
    let approvals = vec![approval(&case, &other), approval(&case, &scene.judicial)];
    let refused = scene.world.kmc.recover(&case.token, approvals, actor()).await;
    assert_eq!(refused.unwrap_err().code(), "kmc.case_done");
    assert_eq!(scene.world.records("recovery.done").await, 1);
    assert_eq!(scene.world.records("recovery.delivered_again").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_officer_signs_no_more() {
    let scene = Scene::of(World::sqlite().await).await;
    let case = scene.case().await;
    let key = *scene.operator.public_key();
    scene.world.kmc.close_officer(key, actor()).await.unwrap();
    let approvals = vec![approval(&case, &scene.operator), approval(&case, &scene.judicial)];
    assert_eq!(scene.refused(&case.token, approvals).await, "kmc.unknown_officer");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_subscriber_is_told_once_unless_silence_was_ordered() {
    on_each_engine(async |world| {
        let scene = Scene::of(world).await;
        let case = scene.case().await;
        let early = scene.world.kmc.notice_given(&case.token, actor()).await;
        assert_eq!(early.unwrap_err().code(), "kmc.no_notice_due");
        let approvals = vec![approval(&case, &scene.operator), approval(&case, &scene.judicial)];
        scene.world.kmc.recover(&case.token, approvals, actor()).await.unwrap();
        let due = scene.world.kmc.notices_due().await.unwrap();
        assert_eq!(due.iter().map(|case| &case.token).collect::<Vec<_>>(), [&case.token]);
        scene.world.kmc.notice_given(&case.token, actor()).await.unwrap();
        assert!(scene.world.kmc.notices_due().await.unwrap().is_empty());
        let twice = scene.world.kmc.notice_given(&case.token, actor()).await;
        assert_eq!(twice.unwrap_err().code(), "kmc.no_notice_due");
        silent_case(&scene).await;
    })
    .await;
}

async fn silent_case(scene: &Scene) {
    let text = |text: &str| Text::parse("text", text).unwrap();
    let mut order = recovery_order(&scene.ca, 1, scene.target.public_key());
    order.case_number = text("（2026）京01刑初8号");
    order.silence = Some(text("《刑事诉讼法》第一百五十二条"));
    let case = scene.world.kmc.open_recovery(order, actor()).await.unwrap();
    let approvals = vec![approval(&case, &scene.operator), approval(&case, &scene.judicial)];
    let found = scene.world.kmc.recover(&case.token, approvals, actor()).await.unwrap();
    assert!(matches!(found.notice, Notice::Withheld(_)));
    assert!(scene.world.kmc.notices_due().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_in_history_are_recovered_too_and_unknown_ones_are_not() {
    let scene = Scene::of(World::sqlite().await).await;
    scene.world.kmc.revoke(&scene.ca, serial(1)).await.unwrap();
    let case = scene.case().await;
    let approvals = vec![approval(&case, &scene.operator), approval(&case, &scene.judicial)];
    let found = scene.world.kmc.recover(&case.token, approvals, actor()).await.unwrap();
    assert_eq!(*opened(&found.key, &scene.target).to_bytes(), *scene.archived.to_bytes());
    let unknown = recovery_order(&scene.ca, 2, scene.target.public_key());
    let refused = scene.world.kmc.open_recovery(unknown, actor()).await;
    assert_eq!(refused.unwrap_err().code(), "kmc.unknown_certificate");
    assert_eq!(scene.refused_token().await, "kmc.unknown_case");
}

impl Scene {
    async fn refused_token(&self) -> &'static str {
        let refused = self.world.kmc.recover("没有\n此案", Vec::new(), actor()).await;
        refused.unwrap_err().code()
    }
}
