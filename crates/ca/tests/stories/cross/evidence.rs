//! Rows of cross-certificates that somebody changed, deleted or added past the program.

use ca::{RevocationReason, take_back, take_in};
use sqlx::{AnyConnection, Connection as _};

use super::half::half;
use super::{other_ca, warrant};
use crate::world::{World, actor};

crate::stories! {
    rows_of_cross_certificates_that_were_changed_deleted_or_added_are_found
}

const FOREIGN: &str = "INSERT INTO cross_issued (certificate_id, peer, possession) \
     SELECT c.id, x.peer, x.possession FROM certificate c, cross_issued x WHERE c.request_id = \
     'ceremony:2026-11-22:issuing' AND x.withdrawn = ''";
const ANOTHER: &str = "INSERT INTO cross_received (issuer_id, serial, issuer, maker, fingerprint, not_after, der, taken_at) \
     SELECT issuer_id, serial, issuer, maker, maker, not_after, der, taken_at FROM cross_received WHERE withdrawn_at = 0";

/// What is done past the program, and how many findings tell of it.
const ACTS: [(&str, usize); 14] = [
    ("UPDATE cross_issued SET peer = possession || substr(peer, 1 + length(possession))", 2),
    ("UPDATE cross_issued SET possession = 'self-signed' WHERE withdrawn = ''", 1),
    ("UPDATE cross_issued SET withdrawn = '' WHERE withdrawn <> ''", 1),
    ("UPDATE cross_issued SET withdrawn = '对方已停止' WHERE withdrawn = ''", 1),
    ("DELETE FROM cross_issued WHERE withdrawn = ''", 1),
    (FOREIGN, 1),
    ("UPDATE cross_received SET withdrawn_at = 0, withdrawn = '' WHERE withdrawn_at > 0", 1),
    ("UPDATE cross_received SET withdrawn = '别的理由' WHERE withdrawn_at > 0", 1),
    ("UPDATE cross_received SET maker = fingerprint WHERE withdrawn_at = 0", 1),
    ("UPDATE cross_received SET not_after = not_after + 1 WHERE withdrawn_at = 0", 1),
    ("UPDATE cross_received SET taken_at = taken_at + 1 WHERE withdrawn_at = 0", 1),
    ("UPDATE cross_received SET issuer_id = 1 WHERE withdrawn_at = 0", 1),
    ("DELETE FROM cross_received WHERE withdrawn_at = 0", 1),
    (ANOTHER, 1),
];

async fn run(conn: &mut AnyConnection, statements: &[&'static str]) {
    for statement in statements {
        sqlx::query(*statement).execute(&mut *conn).await.unwrap();
    }
}

async fn rows_of_cross_certificates_that_were_changed_deleted_or_added_are_found(world: World) {
    let first = world.cross(world.crossing("cross-1")).await.unwrap().certificate;
    world.pass(60);
    world.cross(world.crossing("cross-2")).await.unwrap();
    let reason = RevocationReason::Superseded;
    world.root().await.withdraw_cross(&first.serial(), reason, &warrant()).await.unwrap();
    let (by, now) = (other_ca(), world.now());
    let print = by.certificate.fingerprint();
    for ours in [&world.report.root, &world.report.issuing] {
        let given = half(&by, ours, now);
        let files = (given.der(), by.certificate.der(), print.as_str());
        let taken = take_in(&world.store, files, actor()).await.unwrap();
        world.pass(5);
        if ours == &world.report.root {
            take_back(&world.store, &taken.fingerprint, &warrant()).await.unwrap();
        }
    }
    let findings = async || world.ca.compare_with_journal().await.unwrap().findings;
    assert_eq!(findings().await, [], "nobody touched anything");
    let mut conn = AnyConnection::connect(&world.url).await.unwrap();
    let keep = [
        "CREATE TABLE kept_a AS SELECT * FROM cross_issued",
        "CREATE TABLE kept_b AS SELECT * FROM cross_received",
    ];
    run(&mut conn, &keep).await;
    for (act, told) in ACTS {
        run(&mut conn, &[act]).await;
        let found = findings().await;
        assert_eq!(found.len(), told, "{act}: {found:?}");
        assert!(found.iter().all(|one| one.to_string().contains("交叉证书")), "{act}: {found:?}");
        let back = [
            "DELETE FROM cross_issued",
            "DELETE FROM cross_received",
            "INSERT INTO cross_issued SELECT * FROM kept_a",
            "INSERT INTO cross_received SELECT * FROM kept_b",
        ];
        run(&mut conn, &back).await;
        assert_eq!(findings().await, [], "{act}");
    }
}
