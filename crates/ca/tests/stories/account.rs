//! T-05 and T-06: what is signed is what is recorded, and nothing else is signed.

use ca::rules::account::{AfterLoss, Balance};
use ca::{Error, Explanation, Intent, Refusal, Role};
use gm::{Device, KeyLabel};
use pki::profile::{Profile, ProfileSet};
use testkit::fault::{Counted, Fault};

use crate::world::{World, intend, issue, key, order};

crate::stories! {
    t05_profile_changed_in_between_does_not_change_what_is_signed
    t05_changed_bytes_are_not_signed
    t06_account_is_exact_after_quiet_work
    t06_signature_outside_the_pipeline_is_noticed
    t06_crash_after_signing_is_explained_and_settled
    t10_wrong_signature_quarantines_the_key
    t10_key_that_fails_on_trial_stays_stopped
    t27_numbers_of_a_restored_database_go_on_after_the_last_list
    an_account_that_does_not_add_up_is_closed_only_by_two_people
    t06_records_that_were_lost_close_no_alarm_that_they_do_not_explain
    t06_what_a_killed_node_left_permitted_is_counted_until_one_starts_alone
    device_that_is_gone_leaves_the_intent_open
    stale_intent_is_given_up_with_its_reason
}

/// Let's Encrypt bz1838667: precertificates by one profile, certificates by the next.
async fn t05_profile_changed_in_between_does_not_change_what_is_signed(world: World) {
    let asked = order("r1", Role::Sign, "张三", key());
    let Intent::Ticket(ticket) = intend(&world.store, &world.ca, asked.clone()).await.unwrap()
    else {
        panic!("nothing is stored yet");
    };
    drop(ticket);
    // The node that takes over has another version of the profile.
    let text = include_str!("../../../../profiles/person-sign.toml");
    let text = text.replace("default_days = 365", "default_days = 30");
    let changed = Profile::from_toml(&text).unwrap();
    let hash = changed.hash().to_hex();
    let set = ProfileSet::embedded().unwrap();
    let others = set.iter().filter(|profile| profile.name() != "person-sign").cloned();
    let all: Vec<_> = others.chain([changed]).map(Ok).collect();
    let other = world.with_profiles(ProfileSet::of(all).unwrap()).await;
    let stored = issue(&world.store, &other, asked).await.unwrap();
    let days = stored.certificate.not_after().duration_since(stored.certificate.not_before());
    assert_eq!(days.as_hours(), 364 * 24 + 23, "the plan of the first node");
    let mut reader = world.store.read().await.unwrap();
    let (tbs, recorded): (Vec<u8>, String) =
        sqlx::query_as("SELECT tbs, profile_hash FROM issuance WHERE request_id = 'r1'")
            .fetch_one(&mut *reader)
            .await
            .unwrap();
    assert_eq!(stored.certificate.tbs_der(), tbs);
    assert_ne!(recorded, hash);
}

async fn t05_changed_bytes_are_not_signed(world: World) {
    let asked = order("r1", Role::Sign, "张三", key());
    intend(&world.store, &world.ca, asked.clone()).await.unwrap();
    world
        .sql(
            "UPDATE issuance SET tbs = (SELECT tbs FROM issuance WHERE role = 'service') \
               WHERE request_id = 'r1'",
        )
        .await;
    let error = issue(&world.store, &world.ca, asked).await.unwrap_err();
    assert!(matches!(error, Error::Stored(_)), "{error}");
    let recovery = world.ca.recover().await.unwrap();
    assert!(matches!(recovery.intents[0].1, Explanation::Abandoned(_)), "{recovery:?}");
}

async fn t06_account_is_exact_after_quiet_work(world: World) {
    for n in 0..4 {
        world.certificate(&format!("r{n}")).await;
    }
    world.ca.publish_crl(ca::CrlKind::Full).await.unwrap();
    let found = world.ca.reconcile().await.unwrap();
    assert_eq!(found.balance, Balance::Exact, "{found:?}");
}

/// A signature of the issuing key that nobody ordered.
fn sign_beside(world: &World) {
    let label = KeyLabel::new("ca").unwrap();
    let digest = gm::sm3::hash(b"a certificate that nobody ordered");
    world.device.session().unwrap().sign_digest(&label, &digest).unwrap();
}

/// DigiNotar: the CA's records did not know what its key had signed.
async fn t06_signature_outside_the_pipeline_is_noticed(world: World) {
    world.certificate("r1").await;
    sign_beside(&world);
    let found = world.ca.reconcile().await.unwrap();
    assert_eq!(found.balance, Balance::Unrecorded { unexplained: 1 });
    assert_eq!(world.records("signer.alarm").await, 1);
    assert!(!world.ca.settle().await.unwrap(), "an alarm is not settled away");
}

async fn t06_crash_after_signing_is_explained_and_settled(world: World) {
    let asked = order("r1", Role::Sign, "张三", key());
    let Intent::Ticket(ticket) = intend(&world.store, &world.ca, asked.clone()).await.unwrap()
    else {
        panic!("nothing is stored yet");
    };
    drop(world.ca.sign(vec![*ticket]).await.unwrap());
    let found = world.ca.reconcile().await.unwrap();
    assert_eq!(found.balance, Balance::Explained { extra: 1 });
    let world = world.restarted().await;
    let recovery = world.ca.recover().await.unwrap();
    assert_eq!(recovery.intents[0].1, Explanation::Finished);
    assert!(recovery.settled);
    assert_eq!(world.ca.reconcile().await.unwrap().balance, Balance::Exact);
    // The ceremony's protocol was the first signature that is no certificate and no CRL.
    assert_eq!(world.records("signer.settled").await, 2);
    issue(&world.store, &world.ca, asked).await.unwrap();
}

/// Certum bz1511459: the signing module returned bad signatures under load.
async fn t10_wrong_signature_quarantines_the_key(world: World) {
    world.device.fail_next(Counted::Signatures, Fault::WrongSignature);
    let asked = order("r1", Role::Sign, "张三", key());
    let error = world.issue(asked.clone()).await.unwrap_err();
    assert!(matches!(error, Error::WrongSignature(_)), "{error}");
    let error = world.issue(order("r2", Role::Sign, "李四", key())).await.unwrap_err();
    assert!(matches!(error, Error::Quarantined(_)), "{error}");
    let world = world.restarted().await;
    assert!(world.ca.is_quarantined(), "the breaker outlives the process");
    let recovery = world.ca.recover().await.unwrap();
    assert!(matches!(recovery.intents[0].1, Explanation::Waiting(_)), "{recovery:?}");
    world.ca.release_signer(&warrant()).await.unwrap();
    assert_eq!(world.records("signer.trial").await, 1);
    assert_eq!(world.records("signer.released").await, 1);
    let again = world.ca.release_signer(&warrant()).await.unwrap_err();
    assert!(matches!(again, Error::Refused(Refusal::NotQuarantined)), "{again}");
    let stored = world.issue(asked).await.unwrap();
    assert_eq!(stored.record.request_id.as_str(), "r1");
    assert_eq!(world.number("SELECT COUNT(*) FROM certificate WHERE request_id = 'r1'").await, 1);
    assert!(!world.ca.reconcile().await.unwrap().balance.is_alarm());
}

/// One good signature proves little about a device that was wrong now and then.
async fn t10_key_that_fails_on_trial_stays_stopped(world: World) {
    world.device.fail_next(Counted::Signatures, Fault::WrongSignature);
    world.issue(order("r1", Role::Sign, "张三", key())).await.unwrap_err();
    world.device.fail_next(Counted::Signatures, Fault::WrongSignature);
    let error = world.ca.release_signer(&warrant()).await.unwrap_err();
    assert!(matches!(error, Error::WrongSignature(_)), "{error}");
    assert!(world.ca.is_quarantined());
    assert_eq!(world.records("signer.released").await, 0);
    assert_eq!(world.records("signer.quarantined").await, 2);
    assert!(!world.ca.reconcile().await.unwrap().balance.is_alarm(), "trials are accounted for");
}

/// The list that relying parties have is newer than the database: its number is not given again,
/// and what it revokes is named.
async fn t27_numbers_of_a_restored_database_go_on_after_the_last_list(world: World) {
    let kept = world.certificate("r1").await;
    let lost = world.certificate("r2").await;
    world.revoke(&lost.record.serial, ca::RevocationReason::Superseded).await.unwrap();
    for _ in 0..3 {
        world.ca.publish_crl(ca::CrlKind::Full).await.unwrap();
    }
    let list = world.ca.current_crl(ca::CrlKind::Full).await.unwrap().unwrap();
    // As the restored database has it.
    world.sql("UPDATE crl_number SET number = 1").await;
    world.sql("UPDATE certificate SET status = 'good', reason = NULL").await;
    let read = pki::crl::Crl::from_der(list.der.clone()).unwrap();
    let spares = "SELECT COUNT(*) FROM crl_spare s JOIN issuer i ON i.id = s.issuer_id \
                  WHERE i.name = 'issuing'";
    assert_eq!(world.number(spares).await, 1, "of the backup, with a number of then");
    let missing = world.ca.follow_list(&read, &warrant()).await.unwrap();
    assert_eq!(world.number(spares).await, 0);
    assert_eq!(missing, [lost.record.serial.to_hex()]);
    assert!(!missing.contains(&kept.record.serial.to_hex()));
    let next = world.number("SELECT MAX(number) FROM crl_number").await;
    assert_eq!(next, list.record.number);
    assert_eq!(world.records("crl.number-raised").await, 1);
}

async fn an_account_that_does_not_add_up_is_closed_only_by_two_people(world: World) {
    world.certificate("r1").await;
    sign_beside(&world);
    assert!(!world.ca.settle().await.unwrap());
    let closed = world.ca.close_account(&warrant()).await.unwrap();
    assert_eq!(closed.balance, Balance::Unrecorded { unexplained: 1 });
    assert_eq!(world.records("signer.account-closed").await, 1);
    assert_eq!(world.ca.reconcile().await.unwrap().balance, Balance::Exact);
}

async fn t06_records_that_were_lost_close_no_alarm_that_they_do_not_explain(world: World) {
    let ca = &world.ca;
    world.certificate("r1").await;
    sign_beside(&world);
    let size = world.store.size().await.unwrap();
    let says = async |lost| ca.account_after_loss(lost).await.unwrap().1;
    assert_eq!((says(1).await, says(0).await), (AfterLoss::OfLoss, AfterLoss::Alarm));
    assert_eq!(world.store.size().await.unwrap(), size, "looked at");
    // Nothing was lost: it stays, and from then on the alarm is older than any loss.
    for lost in [0, 9] {
        let (found, says) = ca.close_account_after_loss(lost, &warrant()).await.unwrap();
        assert_eq!(found.balance, Balance::Unrecorded { unexplained: 1 });
        assert_eq!(says, AfterLoss::Alarm);
    }
    assert_eq!(world.records("signer.account-closed").await, 0);
    assert!(ca.reconcile().await.unwrap().balance.is_alarm());
    // Two people looked into it; the same second later a backup is restored.
    ca.close_account(&warrant()).await.unwrap();
    sign_beside(&world);
    let (_, says) = ca.close_account_after_loss(1, &warrant()).await.unwrap();
    assert_eq!(says, AfterLoss::OfLoss);
    assert_eq!(world.records("signer.account-closed").await, 2);
    assert_eq!(ca.reconcile().await.unwrap().balance, Balance::Exact);
}

/// Killed between the record and the signature: whoever signs beside the system would use what was permitted.
async fn t06_what_a_killed_node_left_permitted_is_counted_until_one_starts_alone(world: World) {
    use ca::rules::account::unused;
    let left = async |world: &World| unused(&world.ca.reconcile().await.unwrap().account);
    intend(&world.store, &world.ca, order("r1", Role::Sign, "张三", key())).await.unwrap();
    world.device.fail_next(Counted::Signatures, Fault::Gone);
    world.ca.publish_crl(ca::CrlKind::Full).await.unwrap_err();
    assert_eq!(left(&world).await, 0, "it may be in work");
    world.pass(3_601);
    assert_eq!(left(&world).await, 2);
    // What is in work meanwhile does not count, and hides nothing.
    let asked = order("r2", Role::Sign, "李四", key());
    intend(&world.store, &world.ca, asked).await.unwrap();
    assert_eq!(left(&world).await, 2);
    sign_beside(&world);
    assert_eq!(left(&world).await, 1, "that is what it costs");
    let world = world.restarted().await;
    assert!(world.ca.recover().await.unwrap().settled);
    world.pass(3_601);
    assert_eq!(left(&world).await, 0);
    sign_beside(&world);
    assert!(world.ca.reconcile().await.unwrap().balance.is_alarm());
}

fn warrant() -> store::Warrant {
    store::Warrant::new("S001", "A001", "设备已更换并查明原因").unwrap()
}

async fn device_that_is_gone_leaves_the_intent_open(world: World) {
    let asked = order("r1", Role::Sign, "张三", key());
    for fault in [Fault::Gone, Fault::Busy, Fault::AnswerLost] {
        world.device.fail_next(Counted::Signatures, fault);
        let error = world.issue(asked.clone()).await.unwrap_err();
        assert!(matches!(error, Error::Device(_)), "{error}");
    }
    let stored = world.issue(asked).await.unwrap();
    assert_eq!(world.records("certificate.permitted-again").await, 3);
    let found = world.ca.reconcile().await.unwrap();
    assert_eq!(found.balance, Balance::Explained { extra: 1 }, "the lost answer was a signature");
    assert!(world.ca.find(stored.serial()).await.unwrap().is_some());
}

async fn stale_intent_is_given_up_with_its_reason(world: World) {
    let asked = order("r1", Role::Sign, "张三", key());
    intend(&world.store, &world.ca, asked.clone()).await.unwrap();
    world.pass(86_401);
    let recovery = world.ca.recover().await.unwrap();
    assert!(matches!(recovery.intents[0].1, Explanation::Abandoned(_)), "{recovery:?}");
    let error = world.issue(asked).await.unwrap_err();
    assert!(matches!(error, Error::Refused(Refusal::Abandoned(_))), "{error}");
    assert_eq!(world.records("certificate.abandoned").await, 1);
    assert!(!world.ca.reconcile().await.unwrap().balance.is_alarm());
}
