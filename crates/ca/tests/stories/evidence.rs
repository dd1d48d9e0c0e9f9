//! Rows changed behind everybody's back, beside a journal that is sound.

use ca::{Error, RevocationReason, Role};

use crate::world::{World, key, order};

crate::stories! {
    tables_that_nobody_touched_agree_with_the_journal
    t27_certificate_that_was_deleted_is_found_and_issuing_stops
    t27_octets_that_were_swapped_are_found
    t27_octets_that_were_deleted_are_found
    t27_certificate_that_was_inserted_is_found
    t27_end_of_validity_that_was_moved_is_found
    t27_revocation_that_was_deleted_is_found
    t27_revocation_that_was_taken_back_is_found
    t27_reason_that_was_changed_is_found
    t27_revocation_date_that_was_moved_is_found
    t27_change_that_was_inserted_is_found
    t27_suspension_without_a_record_is_found
    certificate_of_the_issuer_that_was_swapped_is_found
    key_digest_of_the_issuer_that_was_changed_is_found
    t09_rows_that_contradict_themselves_are_refused_by_the_database
    a_walk_over_several_pages_misses_nothing
}

/// Three certificates: good, revoked, and suspended, resumed, then suspended again.
async fn some(world: &World) -> [pki::Serial; 3] {
    let serial = async |request| world.certificate(request).await.record.serial;
    let three = [serial("r1").await, serial("r2").await, serial("r3").await];
    world.revoke(&three[1], RevocationReason::KeyCompromise).await.unwrap();
    world.pass(5);
    world.suspend(&three[2]).await.unwrap();
    world.pass(5);
    world.resume(&three[2]).await.unwrap();
    world.pass(5);
    world.suspend(&three[2]).await.unwrap();
    three
}

/// Does it, and says what the comparison found.
async fn after(world: &World, acts: &[&'static str]) -> Vec<String> {
    some(world).await;
    for act in acts {
        world.sql(act).await;
    }
    let comparison = world.ca.compare_with_journal().await.unwrap();
    let findings: Vec<_> = comparison.findings.iter().map(ToString::to_string).collect();
    assert!(!findings.is_empty(), "{acts:?}");
    let stopped = world.issue(order("later", Role::Sign, "李四", key())).await.unwrap_err();
    assert!(matches!(stopped, Error::Store(store::Error::Halted(_))), "{stopped}");
    assert!(stopped.to_string().contains("号记录"), "{stopped}");
    findings
}

fn one(findings: &[String], text: &str) {
    let [finding] = findings else { panic!("{findings:?}") };
    assert!(finding.starts_with("第 ") && finding.contains(text), "{finding}");
}

async fn tables_that_nobody_touched_agree_with_the_journal(world: World) {
    let three = some(&world).await;
    world.revoke(&three[2], RevocationReason::Superseded).await.unwrap();
    world.pass(9);
    world.revoke(&three[2], RevocationReason::KeyCompromise).await.unwrap();
    world.pass(400 * 86_400);
    while world.ca.expire(10).await.unwrap() > 0 {}
    let comparison = world.ca.compare_with_journal().await.unwrap();
    assert_eq!(comparison.findings, []);
    // Root, issuing CA and responder came out of the ceremony.
    assert_eq!((comparison.certificates, comparison.changes), (3 + 3, 1 + 3 + 2));
    assert_eq!(world.store.standing(), store::Standing::Sound);
}

async fn t27_certificate_that_was_deleted_is_found_and_issuing_stops(world: World) {
    let acts = [
        "DELETE FROM certificate_der WHERE certificate_id = (SELECT id FROM certificate WHERE request_id = 'r1')",
        "DELETE FROM certificate WHERE request_id = 'r1'",
    ];
    one(&after(&world, &acts).await, "证书曾被删除");
}

async fn t27_octets_that_were_swapped_are_found(world: World) {
    let acts = ["UPDATE certificate_der SET der = (SELECT d.der FROM certificate_der d \
         JOIN certificate c ON c.id = d.certificate_id WHERE c.request_id = 'r2') \
         WHERE certificate_id = (SELECT id FROM certificate WHERE request_id = 'r1')"];
    one(&after(&world, &acts).await, "曾被改换");
}

async fn t27_octets_that_were_deleted_are_found(world: World) {
    let acts = ["DELETE FROM certificate_der WHERE certificate_id = \
         (SELECT id FROM certificate WHERE request_id = 'r1')"];
    one(&after(&world, &acts).await, "证书内容已被删除");
}

async fn t27_certificate_that_was_inserted_is_found(world: World) {
    let acts = ["INSERT INTO certificate (issuer_id, serial, request_id, role, profile, \
         profile_hash, subject, subject_der, key_hash, not_before, not_after, status, changed_at, \
         issued_at, shard, fingerprint, issued_seq) SELECT issuer_id, '0abc', 'forged', role, \
         profile, profile_hash, subject, subject_der, key_hash, not_before, not_after, 'good', \
         issued_at, issued_at, shard, fingerprint, issued_seq FROM certificate \
         WHERE request_id = 'r1'"];
    one(&after(&world, &acts).await, "绕过本系统插入");
}

/// A revoked certificate whose end is moved into the past would drop out of the CRL.
async fn t27_end_of_validity_that_was_moved_is_found(world: World) {
    let acts = ["UPDATE certificate SET not_after = not_after - 86400 WHERE request_id = 'r2'"];
    one(&after(&world, &acts).await, "有效期与证书内容不符");
}

async fn t27_revocation_that_was_deleted_is_found(world: World) {
    let acts = [
        "DELETE FROM status_change WHERE status = 'revoked'",
        "UPDATE certificate SET status = 'good', reason = NULL, changed_at = issued_at \
         WHERE request_id = 'r2'",
    ];
    one(&after(&world, &acts).await, "变更的记录没有对应的行");
}

/// The certificate is good again, as OCSP reads it; the row of the change still stands.
async fn t27_revocation_that_was_taken_back_is_found(world: World) {
    let acts = ["UPDATE certificate SET status = 'good', reason = NULL WHERE request_id = 'r2'"];
    one(&after(&world, &acts).await, "当前状态与最后一次状态变更的记录不符");
}

async fn t27_reason_that_was_changed_is_found(world: World) {
    let acts = [
        "UPDATE status_change SET reason = 4 WHERE status = 'revoked'",
        "UPDATE certificate SET reason = 4 WHERE request_id = 'r2'",
    ];
    one(&after(&world, &acts).await, "状态、原因或时间与记录不符");
}

/// A later date would make signatures of the time between good.
async fn t27_revocation_date_that_was_moved_is_found(world: World) {
    let acts = ["UPDATE certificate SET changed_at = changed_at + 3600 WHERE request_id = 'r2'"];
    one(&after(&world, &acts).await, "当前状态与最后一次状态变更的记录不符");
}

async fn t27_change_that_was_inserted_is_found(world: World) {
    let acts = ["INSERT INTO status_change (seq, issuer_id, issuer_key_hash, certificate_id, \
         serial, status, reason, at) SELECT 0, issuer_id, '', id, serial, 'revoked', 1, issued_at \
         FROM certificate WHERE request_id = 'r1'"];
    let findings = after(&world, &acts).await;
    assert!(findings.iter().any(|text| text.contains("绕过本系统插入")), "{findings:?}");
}

async fn t27_suspension_without_a_record_is_found(world: World) {
    let acts = ["UPDATE certificate SET status = 'suspended', reason = 6 WHERE request_id = 'r1'"];
    one(&after(&world, &acts).await, "不是签发时的状态");
}

/// More rows than a page holds, with one gone on the seam.
async fn a_walk_over_several_pages_misses_nothing(world: World) {
    some(&world).await;
    let serial = world.certificate("many").await.record.serial;
    for _ in 0..260 {
        world.suspend(&serial).await.unwrap();
        world.resume(&serial).await.unwrap();
    }
    let whole = world.ca.compare_with_journal().await.unwrap();
    assert_eq!((whole.changes, whole.findings), (520 + 4, vec![]));
    world
        .sql(
            "DELETE FROM status_change WHERE seq IN (SELECT seq FROM (SELECT seq FROM \
              status_change ORDER BY seq LIMIT 3 OFFSET 498) AS seam)",
        )
        .await;
    let found = world.ca.compare_with_journal().await.unwrap();
    assert_eq!((found.changes, found.findings.len()), (521, 3), "{:?}", found.findings);
}

/// Another certificate under the name of the issuer: OCSP and lists would be made for it.
async fn certificate_of_the_issuer_that_was_swapped_is_found(world: World) {
    let act = "UPDATE issuer SET certificate_der = (SELECT d.der FROM certificate_der d \
         JOIN certificate c ON c.id = d.certificate_id WHERE c.request_id = 'r1') \
         WHERE id = (SELECT MAX(id) FROM issuer)";
    some(&world).await;
    world.sql(act).await;
    let found = world.ca.compare_with_journal().await.unwrap().findings;
    let [finding] = &found[..] else { panic!("{found:?}") };
    assert!(finding.to_string().contains("不是记录中签发的任何一张"), "{finding}");
    let stopped = world.issue(order("later", Role::Sign, "李四", key())).await.unwrap_err();
    assert!(matches!(stopped, Error::Store(store::Error::Halted(_))), "{stopped}");
}

/// By this digest OCSP clients name the issuer.
async fn key_digest_of_the_issuer_that_was_changed_is_found(world: World) {
    let act = "UPDATE issuer SET key_sha1 = '00' WHERE id = (SELECT MAX(id) FROM issuer)";
    one(&after(&world, &[act]).await, "签发机构的行与它的证书不符");
}

/// T-09: a column "0" instead of NULL once made a public CA serve stale status. Whatever program writes, old or new, the
/// tables take no row that says two things.
async fn t09_rows_that_contradict_themselves_are_refused_by_the_database(world: World) {
    some(&world).await;
    for act in [
        "UPDATE certificate SET reason = 0 WHERE status = 'good'",
        "UPDATE certificate SET reason = NULL WHERE status = 'revoked'",
        "UPDATE certificate SET status = 'good' WHERE status = 'revoked'",
        "UPDATE certificate SET reason = 6 WHERE status = 'revoked'",
        "UPDATE certificate SET reason = 1 WHERE status = 'suspended'",
        "UPDATE certificate SET reason = 7 WHERE status = 'revoked'",
        "UPDATE certificate SET status = ''",
        "UPDATE certificate SET changed_at = NULL",
        "UPDATE certificate SET not_after = not_before",
        "UPDATE status_change SET reason = 0 WHERE status = 'good'",
        "UPDATE status_change SET reason = NULL WHERE status <> 'good'",
    ] {
        let unit = world.store.commit(move |tx| {
            Box::pin(async move {
                let done = sqlx::query(act).execute(tx.conn()).await?;
                Ok::<_, store::Error>(done.rows_affected())
            })
        });
        let refused = unit.await;
        assert!(refused.is_err(), "{act}: {refused:?}");
    }
    let comparison = world.ca.compare_with_journal().await.unwrap();
    assert!(comparison.is_sound(), "{:?}", comparison.findings);
}
