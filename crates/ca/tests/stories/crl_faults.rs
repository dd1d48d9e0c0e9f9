//! What must never be published, and that the list before stays.

use std::process::{Command, Stdio};

use ca::{CrlKind, Error, RevocationReason};
use testkit::fault::{Counted, Fault};

use crate::crl::current;
use crate::world::{Db, World};

crate::stories! {
    t10_bad_signature_leaves_the_list_before
    t12_entry_lost_by_the_records_is_not_lost_by_the_list
    t12_suspension_lost_by_the_records_is_noticed
    t13_no_serial_can_be_entered_twice
    failed_publication_is_recorded_and_the_next_one_goes_on
}

async fn number(world: &World) -> i64 {
    world.ca.current_crl(CrlKind::Full).await.unwrap().unwrap().record.number
}

async fn t10_bad_signature_leaves_the_list_before(world: World) {
    let before = number(&world).await;
    world.pass(60);
    world.device.fail_next(Counted::Signatures, Fault::WrongSignature);
    let error = world.ca.publish_crl(CrlKind::Full).await.unwrap_err();
    assert!(matches!(error, Error::WrongSignature(_)), "{error}");
    assert!(world.ca.is_quarantined());
    assert_eq!(number(&world).await, before);
    assert_eq!(world.records("crl.rejected").await, 1);
    assert_eq!(world.records("signer.quarantined").await, 1);
}

/// Certainly bz1954889, Let's Encrypt bz1954861: the generator forgot valid certificates.
async fn t12_entry_lost_by_the_records_is_not_lost_by_the_list(world: World) {
    let certificate = world.certificate("r1").await;
    world.revoke(certificate.serial(), RevocationReason::KeyCompromise).await.unwrap();
    world.pass(60);
    let before = world.ca.publish_crl(CrlKind::Full).await.unwrap().number;
    world
        .sql("UPDATE certificate SET status = 'good', reason = NULL WHERE request_id = 'r1'")
        .await;
    world.pass(60);
    let error = world.ca.publish_crl(CrlKind::Full).await.unwrap_err();
    assert!(matches!(error, Error::CrlRejected(_)), "{error}");
    assert!(error.to_string().contains("被遗漏"), "{error}");
    assert_eq!(number(&world).await, before);
    assert!(current(&world, CrlKind::Full).await.lookup(certificate.serial()).is_some());
    assert!(!world.ca.is_quarantined(), "the device is not at fault");
}

async fn t12_suspension_lost_by_the_records_is_noticed(world: World) {
    let certificate = world.certificate("r1").await;
    world.suspend(certificate.serial()).await.unwrap();
    world.pass(60);
    let before = world.ca.publish_crl(CrlKind::Full).await.unwrap().number;
    // Still suspended, but moved to another issuer's list: the entry would silently vanish.
    world.sql("UPDATE certificate SET issuer_id = 1 WHERE request_id = 'r1'").await;
    world.pass(60);
    let error = world.ca.publish_crl(CrlKind::Full).await.unwrap_err();
    assert!(matches!(error, Error::CrlRejected(_)), "{error}");
    assert_eq!(number(&world).await, before);
}

/// Actalis bz1943379: two rows with one serial number.
async fn t13_no_serial_can_be_entered_twice(world: World) {
    world.certificate("r1").await;
    let copied = world
        .store
        .commit(|tx| {
            Box::pin(async move {
                sqlx::query(
            "INSERT INTO certificate (issuer_id, serial, request_id, role, profile, profile_hash, \
             subject, subject_der, key_hash, not_before, not_after, status, changed_at, issued_at, \
             shard, fingerprint, issued_seq) SELECT issuer_id, serial, 'r2', role, profile, \
             profile_hash, subject, subject_der, key_hash, not_before, not_after, status, \
             changed_at, issued_at, shard, fingerprint, issued_seq FROM certificate \
             WHERE request_id = 'r1'",
        )
        .execute(tx.conn())
        .await?;
                Ok::<_, store::Error>(())
            })
        })
        .await;
    assert!(copied.unwrap_err().is_unique_violation());
}

async fn failed_publication_is_recorded_and_the_next_one_goes_on(world: World) {
    let before = number(&world).await;
    world.pass(60);
    world.device.fail_next(Counted::Signatures, Fault::AnswerLost);
    assert!(world.ca.publish_crl(CrlKind::Full).await.is_err());
    assert_eq!(number(&world).await, before);
    let after = world.ca.publish_crl(CrlKind::Full).await.unwrap();
    assert!(after.number > before + 1);
    assert!(!world.ca.reconcile().await.unwrap().balance.is_alarm());
}

/// Certum bz1511459: 30,000 entries, a list over one megabyte, a bad signature, four days.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t10_list_of_thirty_thousand_entries_is_verified_by_a_second_program() {
    let world = World::new(Db::Sqlite).await;
    let template = world.certificate("r1").await;
    fill(&world, 30_000).await;
    world.revoke(template.serial(), RevocationReason::Superseded).await.unwrap();
    world.pass(60);
    let began = std::time::Instant::now();
    let published = world.ca.publish_crl(CrlKind::Full).await.unwrap();
    eprintln!("30,001 entries published in {:?}", began.elapsed());
    assert_eq!(published.entries, 30_001);
    let crl = current(&world, CrlKind::Full).await;
    assert!(crl.der().len() > 1_000_000 && crl.is_sorted());
    assert!(openssl_verifies(&world, crl.tbs_der(), crl.signature()));
    let mut other = crl.tbs_der().to_vec();
    let middle = other.len() / 2;
    other[middle] ^= 1;
    assert!(!openssl_verifies(&world, &other, crl.signature()), "the judge can say no");
    // And the next one too, with the one before as its measure.
    world.pass(60);
    assert_eq!(world.ca.publish_crl(CrlKind::Full).await.unwrap().entries, 30_001);
}

/// Revoked certificates that differ in serial number and request only.
async fn fill(world: &World, rows: i64) {
    world
        .store
        .commit(move |tx| {
            Box::pin(async move {
                for n in 0..rows {
                    let random = gm::sm3::hash(&n.to_be_bytes()).0;
                    let serial = pki::Serial::from_magnitude(&random[..16]).unwrap().to_hex();
                    sqlx::query(
                        "INSERT INTO certificate (issuer_id, serial, request_id, role, profile, \
                 profile_hash, subject, subject_der, key_hash, not_before, not_after, status, \
                 reason, changed_at, issued_at, shard, fingerprint, issued_seq) \
                 SELECT issuer_id, $1, $2, role, profile, profile_hash, subject, subject_der, \
                 key_hash, not_before, not_after, 'revoked', 4, changed_at, issued_at, shard, \
                 fingerprint, issued_seq FROM certificate WHERE request_id = 'r1'",
                    )
                    .bind(serial)
                    .bind(format!("fill-{n}"))
                    .execute(tx.conn())
                    .await?;
                }
                Ok::<_, store::Error>(())
            })
        })
        .await
        .unwrap();
}

/// `openssl dgst -sm3 -verify` over the extracted bytes: Debian's OpenSSL applies no SM2 user
/// ID to CRLs by itself.
fn openssl_verifies(world: &World, tbs: &[u8], signature: &[u8]) -> bool {
    let folder = world.folder.path();
    let write = |name: &str, content: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, content).unwrap();
        path
    };
    let certificate = write("judge.pem", world.ca.certificate().to_pem().unwrap().as_bytes());
    let key = Command::new("openssl")
        .args(["x509", "-noout", "-pubkey", "-in"])
        .arg(certificate)
        .output()
        .unwrap();
    assert!(key.status.success());
    let (key, tbs) = (write("judge.key", &key.stdout), write("judge.tbs", tbs));
    let signature = write("judge.sig", signature);
    Command::new("openssl")
        .args(["dgst", "-sm3", "-sigopt", "distid:1234567812345678", "-verify"])
        .arg(key)
        .arg("-signature")
        .arg(signature)
        .arg(tbs)
        .stdout(Stdio::null())
        .status()
        .unwrap()
        .success()
}
