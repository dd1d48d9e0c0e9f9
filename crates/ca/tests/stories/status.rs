//! Suspend, resume, revoke.

use ca::{Error, Refusal, Revocation, RevocationReason, Status, StatusView};
use pki::Serial;

use crate::world::{World, actor};

crate::stories! {
    suspended_certificate_is_resumed_and_then_revoked
    revoked_certificate_cannot_be_resumed
    repeated_revocation_records_nothing
    suspended_certificate_can_be_revoked
    serial_never_issued_is_unknown
    every_change_is_a_row_in_the_order_of_the_journal
    invalidity_date_is_kept
    t09_contradictory_status_cannot_be_stored
}

async fn status(world: &World, serial: &Serial) -> Status {
    match world.ca.status_of(serial).await.unwrap() {
        StatusView::Issued { status, .. } => status,
        StatusView::Unknown => panic!("unknown"),
    }
}

async fn suspended_certificate_is_resumed_and_then_revoked(world: World) {
    let certificate = world.certificate("r1").await;
    let serial = certificate.serial();
    world.pass(60);
    world.suspend(serial).await.unwrap();
    assert_eq!(status(&world, serial).await, Status::Suspended { since: world.now() });
    world.resume(serial).await.unwrap();
    assert_eq!(status(&world, serial).await, Status::Good);
    world.pass(60);
    world.revoke(serial, RevocationReason::CessationOfOperation).await.unwrap();
    let revoked = Status::Revoked {
        since: world.now(),
        reason: RevocationReason::CessationOfOperation,
        invalid_since: None,
    };
    assert_eq!(status(&world, serial).await, revoked);
}

async fn revoked_certificate_cannot_be_resumed(world: World) {
    let certificate = world.certificate("r1").await;
    let serial = certificate.serial();
    world.revoke(serial, RevocationReason::Superseded).await.unwrap();
    let resumed = world.resume(serial).await.unwrap_err();
    assert!(matches!(resumed, Error::Refused(Refusal::Revoked)), "{resumed}");
    let suspended = world.suspend(serial).await.unwrap_err();
    assert!(matches!(suspended, Error::Refused(Refusal::Revoked)), "{suspended}");
    assert_eq!(status(&world, serial).await.as_str(), "revoked");
}

async fn repeated_revocation_records_nothing(world: World) {
    let certificate = world.certificate("r1").await;
    for _ in 0..3 {
        world.revoke(certificate.serial(), RevocationReason::Superseded).await.unwrap();
        world.pass(60);
    }
    assert_eq!(world.records("certificate.revoked").await, 1);
    let other = world.revoke(certificate.serial(), RevocationReason::AffiliationChanged).await;
    assert!(matches!(other, Err(Error::Refused(Refusal::ReasonFixed))));
}

async fn suspended_certificate_can_be_revoked(world: World) {
    let certificate = world.certificate("r1").await;
    world.suspend(certificate.serial()).await.unwrap();
    world.revoke(certificate.serial(), RevocationReason::KeyCompromise).await.unwrap();
    assert_eq!(status(&world, certificate.serial()).await.as_str(), "revoked");
}

async fn serial_never_issued_is_unknown(world: World) {
    let stranger = Serial::from_random([7; 16]).unwrap();
    assert_eq!(world.ca.status_of(&stranger).await.unwrap(), StatusView::Unknown);
    let error = world.suspend(&stranger).await.unwrap_err();
    assert_eq!(error.code(), "ca.no-certificate");
}

async fn every_change_is_a_row_in_the_order_of_the_journal(world: World) {
    let certificate = world.certificate("r1").await;
    world.suspend(certificate.serial()).await.unwrap();
    world.resume(certificate.serial()).await.unwrap();
    world.revoke(certificate.serial(), RevocationReason::Superseded).await.unwrap();
    let mut reader = world.store.read().await.unwrap();
    let rows: Vec<(i64, String)> =
        sqlx::query_as("SELECT seq, status FROM status_change ORDER BY seq")
            .fetch_all(&mut *reader)
            .await
            .unwrap();
    drop(reader);
    let statuses: Vec<_> = rows.iter().map(|row| row.1.as_str()).collect();
    assert_eq!(statuses, ["suspended", "good", "revoked"]);
    for (seq, status) in rows {
        let proof = world.store.prove_inclusion(store::Seq(seq.try_into().unwrap())).await;
        assert!(proof.is_ok(), "{status} is not in the journal");
    }
}

async fn invalidity_date_is_kept(world: World) {
    let certificate = world.certificate("r1").await;
    let since = world.now();
    world.pass(86_400);
    let (ca, serial) = (world.ca.clone(), *certificate.serial());
    world
        .store
        .commit(move |tx| {
            Box::pin(async move {
                let revocation = Revocation {
                    reason: RevocationReason::KeyCompromise,
                    invalid_since: Some(since),
                };
                ca.revoke(tx, &serial, &revocation, &actor()).await
            })
        })
        .await
        .unwrap();
    let status = status(&world, certificate.serial()).await;
    assert!(matches!(status, Status::Revoked { invalid_since: Some(at), .. } if at == since));
}

/// Let's Encrypt 2020-09-08: a column held 0 instead of NULL, and answers went stale.
async fn t09_contradictory_status_cannot_be_stored(world: World) {
    world.certificate("r1").await;
    for text in [
        "UPDATE certificate SET status = 'revoked'",
        "UPDATE certificate SET reason = 0",
        "UPDATE certificate SET status = 'revoked', reason = 6",
        "UPDATE certificate SET status = 'suspended', reason = 1",
        "UPDATE certificate SET status = 'unknown', reason = NULL",
        "UPDATE certificate SET expired_at = 0",
        "UPDATE certificate SET not_after = not_before",
        "UPDATE issuance SET reason = 'x' WHERE state = 'issued'",
    ] {
        let done = world
            .store
            .commit(move |tx| {
                Box::pin(async move {
                    sqlx::query(text).execute(tx.conn()).await?;
                    Ok::<_, store::Error>(())
                })
            })
            .await;
        assert!(done.is_err(), "{text}");
    }
}
