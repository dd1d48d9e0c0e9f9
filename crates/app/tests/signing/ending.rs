//! What a stop does: the key signs nothing more, its certificates are held at once, and revoked when another
//! person confirms the cause (Invariant 9; T-14; ADR 12).

use access::ActKind;
use app::registration::StatusOrder;
use app::signing::{KeyState, StopCause};
use ca::{RevocationReason, Status};
use gm::Device as _;
use pki::crl::Reason;
use pki::ocsp::CertStatus;

use super::desk::{Desk, KEY, act, on_each_engine};

fn are_suspended(statuses: &[Status]) -> bool {
    !statuses.is_empty() && statuses.iter().all(|one| matches!(one, Status::Suspended { .. }))
}

fn are_revoked(statuses: &[Status], for_what: RevocationReason) -> bool {
    let is = |one: &Status| matches!(one, Status::Revoked { reason, .. } if *reason == for_what);
    !statuses.is_empty() && statuses.iter().all(is)
}

fn reason_of(status: &CertStatus) -> Option<Reason> {
    match status {
        CertStatus::Revoked { reason, .. } => Some(*reason),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_by_one_holds_both_certificates_at_once_and_another_person_revokes_them() {
    on_each_engine(|url| async move {
        let desk = Desk::with_key(url).await;
        let (sign, enc) = desk.certificates().await;
        let permit = desk.permit().await;
        let institution = &desk.world.institution;
        institution.sign_data(&permit, KEY, b"x").await.unwrap();
        assert_eq!(desk.told(&sign).await, CertStatus::Good);
        desk.stop(&desk.staff.guard, StopCause::Compromise).await.unwrap();
        let refused = institution.sign_data(&permit, KEY, b"x").await.unwrap_err();
        assert_eq!(refused.code(), "signing.not_active");
        assert!(are_suspended(&desk.statuses().await), "at once, and both");
        for certificate in [&sign, &enc] {
            let told = desk.told(certificate).await;
            assert_eq!(reason_of(&told), Some(Reason::CertificateHold), "{told:?}");
        }
        // Whoever stopped it does not confirm, and nobody confirms another cause.
        let alone = desk.confirm_ending(&desk.staff.guard, StopCause::Compromise).await;
        assert_eq!(alone.unwrap_err().code(), "signing.stopped_by_one");
        let other = desk.confirm_ending(&desk.staff.head, StopCause::Cessation).await;
        assert_eq!(other.unwrap_err().code(), "signing.changed");
        assert!(are_suspended(&desk.statuses().await));
        desk.confirm_ending(&desk.staff.head, StopCause::Compromise).await.unwrap();
        assert!(are_revoked(&desk.statuses().await, RevocationReason::KeyCompromise));
        for certificate in [&sign, &enc] {
            let told = desk.told(certificate).await;
            assert_eq!(reason_of(&told), Some(Reason::KeyCompromise), "{told:?}");
        }
        let again = desk.confirm_ending(&desk.staff.head, StopCause::Compromise).await;
        assert_eq!(again.unwrap_err().code(), "signing.changed");
        institution.keep_signing_keys().await.unwrap();
        assert_eq!(desk.count("signing.ending_confirmed").await, 1);
        assert_eq!(desk.count("certificate.revoked").await, 2, "once for each");
    })
    .await;
}

/// What was committed before the power went is all that the next start has.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_cut_left_between_a_stop_and_its_effects_is_finished_by_the_sweep() {
    on_each_engine(|url| async move {
        let desk = Desk::with_key(url).await;
        let institution = &desk.world.institution;
        desk.changed(
            "UPDATE signing_key SET state = 'stopped', stopped_by = 'person:x', stopped_at = 1, \
             stop_cause = 'cessation', end_reason = '应用下线' WHERE number = 1",
        )
        .await;
        assert!(desk.statuses().await.iter().all(|one| *one == Status::Good));
        for _ in 0..3 {
            institution.keep_signing_keys().await.unwrap();
            assert!(are_suspended(&desk.statuses().await));
        }
        assert_eq!(desk.count("certificate.held").await, 1, "held once");
        desk.changed("UPDATE signing_key SET revoked_by = 'person:y', revoked_at = 2").await;
        institution.keep_signing_keys().await.unwrap();
        assert!(are_revoked(&desk.statuses().await, RevocationReason::CessationOfOperation));
        desk.changed("UPDATE signing_pair SET ended = 'revoked' WHERE ended = 'revoked'").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_of_a_key_that_was_stopped_while_it_was_made_are_found_and_end_too() {
    on_each_engine(|url| async move {
        let desk = Desk::with_key(url).await;
        let (sign, _) = desk.certificates().await;
        // Issued, and cut off before anybody noted it.
        desk.changed("UPDATE signing_key SET state = 'making'").await;
        desk.changed(
            "UPDATE signing_pair SET state = 'making', sign_serial = NULL, enc_serial = NULL",
        )
        .await;
        assert!(desk.records().await.is_empty());
        desk.stop(&desk.staff.head, StopCause::Cessation).await.unwrap();
        assert!(are_suspended(&desk.statuses().await));
        assert_eq!(desk.view().await.certificates[0].sign.serial, sign.serial());
        assert_eq!(desk.count("signing.made_too_late").await, 1);
        desk.confirm_ending(&desk.staff.guard, StopCause::Cessation).await.unwrap();
        assert!(are_revoked(&desk.statuses().await, RevocationReason::CessationOfOperation));
        assert_eq!(desk.view().await.key.state, KeyState::Stopped);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_begun_for_a_stopped_key_and_came_to_nothing_is_given_up() {
    let desk = Desk::over(String::new()).await;
    desk.ordered().await;
    desk.changed("UPDATE signing_key SET state = 'stopped', stop_cause = 'cessation'").await;
    desk.changed(
        "INSERT INTO signing_pair (number, generation, state, begun_at) \
         SELECT 1, 1, 'making', ordered_at FROM signing_key",
    )
    .await;
    let institution = &desk.world.institution;
    institution.keep_signing_keys().await.unwrap();
    desk.changed("UPDATE signing_pair SET begun_at = begun_at WHERE state = 'making'").await;
    desk.world.pass(3_700);
    institution.keep_signing_keys().await.unwrap();
    desk.changed("UPDATE signing_pair SET begun_at = begun_at WHERE state = 'failed'").await;
}

/// Another node may be about to order a pair that was begun long ago, while its key is being stopped.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_begun_long_ago_is_waited_for_from_the_stop_on() {
    let desk = Desk::over(String::new()).await;
    desk.ordered().await;
    desk.changed(
        "UPDATE signing_key SET state = 'stopped', stop_cause = 'cessation', \
         stopped_at = ordered_at + 176400",
    )
    .await;
    desk.changed(
        "INSERT INTO signing_pair (number, generation, state, begun_at) \
         SELECT 1, 1, 'making', ordered_at FROM signing_key",
    )
    .await;
    let institution = &desk.world.institution;
    desk.world.pass(49 * 3_600);
    institution.keep_signing_keys().await.unwrap();
    desk.changed("UPDATE signing_pair SET begun_at = begun_at WHERE state = 'making'").await;
    desk.world.pass(3_700);
    institution.keep_signing_keys().await.unwrap();
    let open =
        "UPDATE signing_pair SET begun_at = begun_at WHERE state = 'failed' AND ended IS NULL";
    desk.changed(open).await;
    desk.world.pass(46 * 3_600);
    institution.keep_signing_keys().await.unwrap();
    desk.changed(open).await;
    desk.world.pass(2 * 3_600);
    institution.keep_signing_keys().await.unwrap();
    desk.changed("UPDATE signing_pair SET begun_at = begun_at WHERE ended = 'over'").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_makes_certificates_of_a_stopped_key_good_again() {
    let desk = Desk::with_key(String::new()).await;
    desk.stop(&desk.staff.guard, StopCause::Cessation).await.unwrap();
    let institution = &desk.world.institution;
    let (sign, _) = desk.certificates().await;
    let serial = sign.serial().to_hex();
    let holds =
        ra::standing_holds(&mut institution.store().read().await.unwrap(), &serial).await.unwrap();
    assert_eq!(holds.len(), 1);
    let order = StatusOrder {
        ground: "inquiry-cleared".into(),
        document_number: String::new(),
        account: "核查完毕，没有发现问题".into(),
        holds: vec![holds[0].id.clone()],
    };
    let by = (&desk.staff.head, ActKind::ResumeCertificate);
    let refused = act(institution, by, &format!("certificate:{serial}"), &order).await;
    assert!(refused.unwrap_err().to_string().contains("已经停用"));
    assert!(are_suspended(&desk.statuses().await));
}

/// The signing key has nothing left to sign; what was encrypted before may have to be opened yet (GM/T 0034).
#[tokio::test(flavor = "multi_thread")]
async fn the_signing_key_is_destroyed_once_its_certificates_have_ended_and_not_before() {
    let desk = Desk::with_key(String::new()).await;
    let institution = &desk.world.institution;
    let labels = || {
        let keys = desk.world.device.session().unwrap().keys().unwrap();
        let labels = keys.iter().map(|info| info.label.to_string());
        labels.filter(|label| label.starts_with("app-")).collect::<Vec<_>>()
    };
    let both = labels();
    assert_eq!(both.len(), 2, "{both:?}");
    institution.keep_signing_keys().await.unwrap();
    desk.stop(&desk.staff.guard, StopCause::Cessation).await.unwrap();
    institution.keep_signing_keys().await.unwrap();
    assert_eq!(labels(), both, "its certificates are held, not over");
    desk.confirm_ending(&desk.staff.head, StopCause::Cessation).await.unwrap();
    for _ in 0..2 {
        institution.keep_signing_keys().await.unwrap();
        assert!(matches!(&labels()[..], [one] if one.ends_with("-enc")), "{:?}", labels());
    }
    let about = format!("signing-key:{KEY}");
    assert_eq!(desk.world.records("signing.destruction_intended", &about).await.len(), 1);
    assert_eq!(desk.world.records("signing.destroyed", &about).await.len(), 1);
}

/// It may be in another device, and would stay there for ever if it counted as destroyed here.
#[tokio::test(flavor = "multi_thread")]
async fn a_spent_key_that_is_merely_missing_does_not_count_as_destroyed() {
    let desk = Desk::with_key(String::new()).await;
    let institution = &desk.world.institution;
    desk.stop(&desk.staff.guard, StopCause::Cessation).await.unwrap();
    {
        let mut session = desk.world.device.session().unwrap();
        let keys = session.keys().unwrap();
        let is_own = |label: &str| label.starts_with("app-") && label.ends_with("-sign");
        let key = keys.into_iter().find(|info| is_own(&info.label.to_string())).unwrap();
        session.destroy(&key.label).unwrap();
    }
    desk.confirm_ending(&desk.staff.head, StopCause::Cessation).await.unwrap();
    for _ in 0..2 {
        institution.keep_signing_keys().await.unwrap();
    }
    let about = format!("signing-key:{KEY}");
    assert_eq!(desk.world.records("signing.destroyed", &about).await.len(), 0);
    let told = desk.told_of_keys().await;
    assert!(told.detail.contains("还没有在密码设备中销毁"), "{}", told.detail);
}
