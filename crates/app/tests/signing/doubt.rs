//! What is known of one certificate of a key counts for the key, and what was issued for a key is never without
//! somebody who ends it (ADR 12): renewals keep the key, cuts and other settings lose nothing.

use app::doctor::Level;
use app::lifecycle::Change;
use app::signing::{KeyState, StopCause};
use ca::{Revocation, RevocationReason, Status};
use gm::OsRandom;
use pki::message::EnvelopedData;

use super::desk::{Desk, KEY, on_each_engine};

const DAY: i64 = 86_400;

/// A key with two pairs of certificates, of which the newer one is in force.
async fn renewed(url: String) -> Desk {
    let desk = Desk::with_key(url).await;
    desk.world.pass(245 * DAY);
    desk.world.institution.renew_signing_keys().await.unwrap();
    desk.world.pass(DAY);
    assert_eq!(desk.view().await.certificates.len(), 2);
    desk
}

async fn signed(desk: &Desk) -> Result<(), String> {
    let permit = desk.permit().await;
    let signed = desk.world.institution.sign_data(&permit, KEY, b"x").await;
    signed.map(drop).map_err(|error| error.code().to_owned())
}

fn revoked(reason: RevocationReason) -> Change {
    Change::Revoke(Revocation::because(reason))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_doubted_under_one_certificate_signs_under_no_other() {
    let desk = Desk::with_key(String::new()).await;
    let (old, old_enc) = desk.certificates().await;
    desk.world.pass(245 * DAY);
    desk.world.institution.renew_signing_keys().await.unwrap();
    desk.world.pass(DAY);
    assert_ne!(desk.certificates().await.0, old);
    assert_eq!(signed(&desk).await, Ok(()));
    desk.turned(&old, Change::Suspend).await;
    assert_eq!(signed(&desk).await, Err("signing.certificate".into()));
    desk.turned(&old, Change::Resume).await;
    assert_eq!(signed(&desk).await, Ok(()));
    assert_eq!(desk.told_of_keys().await.level, Level::Good);
    desk.turned(&old, revoked(RevocationReason::KeyCompromise)).await;
    assert_eq!(signed(&desk).await, Err("signing.certificate".into()));
    let told = desk.told_of_keys().await;
    assert_eq!(told.level, Level::Failed);
    assert!(told.detail.contains("停用"), "{}", told.detail);
    // What was sent to it before is still opened.
    let envelope = EnvelopedData::seal(b"secret", &[&old_enc], &mut OsRandom).unwrap();
    let permit = desk.permit().await;
    let opened = desk.world.institution.open_envelope(&permit, (KEY, envelope)).await.unwrap();
    assert_eq!(opened.as_slice(), b"secret");
    // Nor later, when that certificate is over, and nothing follows.
    desk.world.pass(250 * DAY);
    desk.world.institution.renew_signing_keys().await.unwrap();
    assert_eq!(signed(&desk).await, Err("signing.certificate".into()));
    assert_eq!(desk.view().await.certificates.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_not_needed_any_more_stops_nobody() {
    let desk = renewed(String::new()).await;
    let old = desk.view().await.certificates.pop().unwrap().sign.serial;
    let old = desk.world.institution.ca().find(&old).await.unwrap().unwrap().certificate;
    desk.turned(&old, revoked(RevocationReason::CessationOfOperation)).await;
    assert_eq!(signed(&desk).await, Ok(()));
}

/// The retry is another order by then, and what was issued is taken up all the same.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_issued_before_settings_changed_is_taken_up_and_ends_with_its_key() {
    on_each_engine(|url| async move {
        let desk = renewed(url).await;
        let institution = &desk.world.institution;
        let serials = async || -> Vec<_> {
            desk.records().await.into_iter().map(|record| record.serial).collect()
        };
        let both = serials().await;
        desk.changed("UPDATE enrolment SET order_index = 'x' WHERE request_id = 'signing:1:2'")
            .await;
        desk.changed(
            "UPDATE signing_pair SET state = 'making', sign_serial = NULL, enc_serial = NULL \
             WHERE generation = 2",
        )
        .await;
        institution.renew_signing_keys().await.unwrap();
        assert_eq!(serials().await, both);
        assert_eq!(desk.count("order.refused").await, 0);
        // Also what counted as failed.
        desk.changed(
            "UPDATE signing_pair SET state = 'failed', sign_serial = NULL, enc_serial = NULL \
             WHERE generation = 2",
        )
        .await;
        assert_eq!(desk.records().await.len(), 2);
        desk.stop(&desk.staff.guard, StopCause::Compromise).await.unwrap();
        let statuses = desk.statuses().await;
        assert_eq!((serials().await, statuses.len()), (both, 4));
        assert!(statuses.iter().all(|one| matches!(one, Status::Suspended { .. })), "{statuses:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pair_that_failed_is_looked_for_until_nothing_can_come_of_it() {
    let desk = Desk::with_key(String::new()).await;
    desk.changed(
        "INSERT INTO signing_pair (number, generation, state, begun_at) \
         SELECT 1, 2, 'failed', MAX(begun_at) FROM signing_pair",
    )
    .await;
    desk.stop(&desk.staff.guard, StopCause::Cessation).await.unwrap();
    let open = "UPDATE signing_pair SET begun_at = begun_at WHERE generation = 2 AND ended IS NULL";
    desk.changed(open).await;
    desk.world.pass(49 * 3_600);
    desk.world.institution.keep_signing_keys().await.unwrap();
    desk.changed("UPDATE signing_pair SET begun_at = begun_at WHERE ended = 'over'").await;
}

/// It isn't asked for again every ten seconds, with a record each; somebody is told; and it is ordered anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_first_pair_that_is_refused_for_good_rests_is_told_of_and_is_ordered_anew() {
    on_each_engine(|url| async move {
        let desk = Desk::over(url).await;
        let institution = &desk.world.institution;
        desk.ordered().await;
        desk.changed(
            "INSERT INTO enrolment (request_id, act, kind, order_index, sign_serial, state, \
             refusal, actor, accepted_at, finished_at) VALUES ('signing:1', 'new', 'device', 'x', \
             '1a2b3c4d5e6f708192a3b4c5d6e7f801', 'refused', '不予签发', 'system', 1, 1)",
        )
        .await;
        desk.confirmed().await;
        for _ in 0..5 {
            let _ = institution.keep_signing_keys().await;
        }
        assert_eq!(desk.count("order.refused").await, 1);
        assert_eq!(desk.view().await.key.state, KeyState::Making);
        desk.world.pass(3_601);
        let told = desk.told_of_keys().await;
        assert_eq!(told.level, Level::Warning);
        assert!(told.detail.contains("还没有制成"), "{}", told.detail);
        institution.keep_signing_keys().await.unwrap();
        assert_eq!(desk.view().await.key.state, KeyState::Active);
        assert_eq!(desk.told_of_keys().await.level, Level::Good);
        desk.world.pass(60);
        assert_eq!(signed(&desk).await, Ok(()));
    })
    .await;
}

/// What was revoked for less before still waits for another person, and the page says so.
#[tokio::test(flavor = "multi_thread")]
async fn a_compromise_is_confirmed_also_where_the_certificates_were_revoked_for_less() {
    let desk = Desk::with_key(String::new()).await;
    let (sign, _) = desk.certificates().await;
    desk.turned(&sign, revoked(RevocationReason::CessationOfOperation)).await;
    desk.stop(&desk.staff.guard, StopCause::Compromise).await.unwrap();
    assert!(desk.view().await.waits_for_another);
    desk.confirm_ending(&desk.staff.head, StopCause::Compromise).await.unwrap();
    let view = desk.view().await;
    assert!(!view.waits_for_another);
    for record in desk.records().await {
        let reason = RevocationReason::KeyCompromise;
        assert!(matches!(record.status, Status::Revoked { reason: found, .. } if found == reason));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_not_made_for_a_client_that_was_disabled_since_the_order() {
    let desk = Desk::over(String::new()).await;
    desk.ordered().await;
    desk.client_disabled().await;
    let refused = desk.confirm(KEY).await.unwrap_err();
    assert_eq!(refused.code(), "signing.order");
    assert!(refused.to_string().contains("选择不通过"), "{refused}");
    assert_eq!(desk.view().await.key.state, KeyState::Ordered);
}
