//! Records, head, nodes and checkpoints changed in the database.

use store::{Opening, Scope, Standing};

use super::{assert_halted, assert_halts_at_opening};
use crate::bench::{Bench, append};

crate::on_both_engines!(
    harm_at_rest_is_noticed_at_opening,
    harm_while_running_is_noticed_by_verification,
    a_forged_continuation_without_the_device_is_noticed,
    old_harm_before_the_checkpoint_is_found_by_the_full_verification,
);

/// What can be done to the tables of 300 records, and the word by which it is recognised.
const HARM: &[(&str, &[&str], &str)] = &[
    ("edited leaf", &["UPDATE journal SET leaf = leaf_hash WHERE seq = 100"], "第 100 号"),
    (
        "edited hash",
        &[
            "UPDATE journal SET leaf_hash = (SELECT leaf_hash FROM journal WHERE seq = 7) WHERE seq = 299",
        ],
        "第 299 号",
    ),
    ("edited actor", &["UPDATE journal SET actor = 'client:evil' WHERE seq = 299"], "检索字段"),
    ("edited kind", &["UPDATE journal SET kind = 'certificate.renewed' WHERE seq = 0"], "第 0 号"),
    ("edited subject", &["UPDATE journal SET subject = 'x' WHERE seq = 42"], "第 42 号"),
    ("edited time", &["UPDATE journal SET at = at - 86400 WHERE seq = 42"], "检索字段"),
    ("deleted in the middle", &["DELETE FROM journal WHERE seq = 150"], "第 150 号记录：记录缺失"),
    ("deleted first", &["DELETE FROM journal WHERE seq = 0"], "第 0 号记录：记录缺失"),
    ("cut at the end", &["DELETE FROM journal WHERE seq >= 290"], "第 290 号记录：记录缺失"),
    (
        "cut at the end with its head",
        &["DELETE FROM journal WHERE seq = 299", "UPDATE journal_head SET size = 299"],
        "日志头",
    ),
    (
        "reordered",
        &[
            "UPDATE journal SET seq = -1 WHERE seq = 10",
            "UPDATE journal SET seq = 10 WHERE seq = 11",
            "UPDATE journal SET seq = 11 WHERE seq = -1",
        ],
        "第 10 号",
    ),
    (
        "replaced with hash",
        &[
            "UPDATE journal SET leaf = (SELECT leaf FROM journal WHERE seq = 20), leaf_hash = (SELECT leaf_hash FROM journal WHERE seq = 20) WHERE seq = 21",
        ],
        "第 21 号",
    ),
    (
        "inserted past the head",
        &[
            "INSERT INTO journal SELECT 300, at, kind, actor, subject, leaf, leaf_hash FROM journal WHERE seq = 0",
        ],
        "多出 1 行",
    ),
    (
        "inserted before the start",
        &[
            "INSERT INTO journal SELECT -1, at, kind, actor, subject, leaf, leaf_hash FROM journal WHERE seq = 0",
        ],
        "多出 1 行",
    ),
    ("head size edited", &["UPDATE journal_head SET size = 256"], "日志头"),
    ("head root edited", &["UPDATE journal_head SET root = mac"], "日志头的根与前沿不符"),
    (
        "head time edited",
        &["UPDATE journal_head SET last_at = last_at + 1"],
        "日志头未经本机密码设备认证",
    ),
    ("head seal edited", &["UPDATE journal_head SET mac = root"], "日志头未经本机密码设备认证"),
    ("head renamed", &["UPDATE journal_head SET origin = 'evil.example/journal'"], "属于另一机构"),
    ("head deleted", &["DELETE FROM journal_head"], "日志头缺失"),
    (
        "node edited",
        &[
            "UPDATE journal_node SET hash = (SELECT root FROM journal_head) WHERE level = 1 AND pos = 0",
        ],
        "日志",
    ),
    ("node deleted", &["DELETE FROM journal_node WHERE level = 1 AND pos = 0"], "日志"),
    (
        "node inserted",
        &["INSERT INTO journal_node SELECT 1, 1, root FROM journal_head"],
        "多出 1 行",
    ),
    ("checkpoint forged", &["UPDATE journal_checkpoint SET note = 'x' WHERE size = 300"], "检查点"),
    ("checkpoint moved", &["UPDATE journal_checkpoint SET size = 200"], "检查点"),
    ("checkpoint past the head", &["UPDATE journal_checkpoint SET size = 301"], "检查点"),
];

async fn harm_at_rest_is_noticed_at_opening(bench: Bench) {
    let store = bench.filled(300).await;
    store.checkpoint().await.unwrap();
    store.close().await;
    bench.back_up("sound").await;
    for (what, statements, reason) in HARM {
        bench.harm(statements).await;
        println!("{what}");
        assert_halts_at_opening(&bench, reason).await;
        bench.restore("sound").await;
    }
    let store = bench.open().await;
    assert_eq!(store.standing(), Standing::Sound);
}

async fn harm_while_running_is_noticed_by_verification(bench: Bench) {
    let store = bench.filled(300).await;
    store.checkpoint().await.unwrap();
    store.close().await;
    bench.back_up("sound").await;
    for (what, statements, reason) in HARM {
        println!("{what}");
        let store = bench.open().await;
        assert_eq!(store.standing(), Standing::Sound);
        bench.harm(statements).await;
        let report = store.verify_journal(Scope::Full).await.unwrap();
        assert!(!report.is_sound(), "{what}");
        let found: Vec<_> = report.findings.iter().map(ToString::to_string).collect();
        assert!(found.iter().any(|f| f.contains(reason)), "{what}: {found:?}");
        assert_eq!(append(&store, 1).await.unwrap_err().code(), "store.halted", "{what}");
        store.close().await;
        bench.restore("sound").await;
    }
}

/// Somebody with the database and the source code, but without the device, adds a record with the
/// right hashes, nodes, frontier and root, and takes the old seal.
async fn a_forged_continuation_without_the_device_is_noticed(bench: Bench) {
    use sqlx::Row as _;
    bench.filled(4).await.close().await;
    let mut conn = bench.intruder().await;
    let row = sqlx::query("SELECT frontier FROM journal_head").fetch_one(&mut conn).await.unwrap();
    let mut range = tlog::CompactRange::from_bytes(4, &row.get::<Vec<u8>, _>(0)).unwrap();
    let leaf = br#"{"actor":"system","at":"2026-03-01T08:00:00Z","body":{},"kind":"k","seq":4,"subject":"s"}"#;
    range.append(tlog::Hash::leaf(leaf));
    sqlx::query("INSERT INTO journal VALUES (4, $1, 'k', 'system', 's', $2, $3)")
        .bind(1_772_352_000_i64)
        .bind(leaf.as_slice())
        .bind(tlog::Hash::leaf(leaf).0.as_slice())
        .execute(&mut conn)
        .await
        .unwrap();
    sqlx::query("UPDATE journal_head SET size = 5, root = $1, frontier = $2")
        .bind(range.root().0.as_slice())
        .bind(range.to_bytes())
        .execute(&mut conn)
        .await
        .unwrap();
    drop(conn);
    assert_halts_at_opening(&bench, "日志头未经本机密码设备认证").await;
}

async fn old_harm_before_the_checkpoint_is_found_by_the_full_verification(bench: Bench) {
    let store = bench.filled(300).await;
    store.checkpoint().await.unwrap();
    store.close().await;
    bench.harm(&["UPDATE journal SET actor = 'client:evil' WHERE seq = 3"]).await;
    let mut config = bench.config(Opening::Existing);
    config.verify_at_open = 10;
    let store = bench.open_with(config.clone()).await;
    assert_eq!(store.standing(), Standing::Sound);
    store.close().await;
    // The timer's first full verification comes right after opening.
    config.verify_every = std::time::Duration::from_secs(3600);
    let store = bench.open_with(config).await;
    for _ in 0..100 {
        if store.standing() != Standing::Sound {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_halted(&store, "第 3 号").await;
}
