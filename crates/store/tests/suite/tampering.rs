//! Harm done to the database and to the anchor past the store, and how it is noticed.
//!
//! Each story says where: at opening, at the next commit, or by a verification while running. After
//! each the store refuses to write, says why, and still reads.

use store::{Filter, Opening, Scope, Standing, Store};

use crate::bench::{Bench, append, fill, halted};

crate::on_both_engines!(
    an_older_database_is_noticed_at_opening,
    an_older_database_is_noticed_even_if_one_record_is_missing,
    an_emptied_database_is_noticed,
    a_database_put_back_under_a_running_store_is_noticed_at_the_next_commit,
    harm_at_rest_is_noticed_at_opening,
    harm_while_running_is_noticed_by_verification,
    a_forged_continuation_without_the_device_is_noticed,
    the_database_of_another_journal_is_noticed,
    a_missing_anchor_halts_and_only_an_officer_can_make_a_new_one,
    a_forged_anchor_is_noticed_at_opening_and_while_running,
    an_older_anchor_under_a_running_store_is_noticed,
    a_forged_or_missing_checkpoint_is_noticed,
    another_device_is_noticed,
    old_harm_before_the_checkpoint_is_found_by_the_full_verification,
    a_new_anchor_does_not_hide_an_edited_record,
    with_both_rolled_back_only_a_witness_can_tell,
    an_anchor_that_cannot_be_written_stops_writing_and_loses_nothing,
    without_an_anchor_at_each_commit_a_running_store_still_notices_a_rollback,
);

/// Opens what was harmed: the store halts for a reason that contains `reason`, refuses to write and
/// still reads.
async fn assert_halts_at_opening(bench: &Bench, reason: &str) {
    let store = bench.open().await;
    assert_halted(&store, reason).await;
    store.close().await;
}

async fn assert_halted(store: &Store, reason: &str) {
    let found = halted(store);
    assert!(
        found.contains(reason),
        "expected {reason:?}, found {found:?}"
    );
    assert_eq!(append(store, 0).await.unwrap_err().code(), "store.halted");
    store
        .records(&Filter::default(), Default::default())
        .await
        .unwrap();
}

async fn an_older_database_is_noticed_at_opening(bench: Bench) {
    bench.filled(10).await.close().await;
    bench.back_up("old").await;
    let store = bench.open().await;
    fill(&store, 20).await;
    store.close().await;
    bench.restore("old").await;
    assert_halts_at_opening(&bench, "锚点记载 30 条日志，数据库只有 10 条").await;
}

async fn an_older_database_is_noticed_even_if_one_record_is_missing(bench: Bench) {
    bench.filled(10).await.close().await;
    bench.back_up("old").await;
    let store = bench.open().await;
    append(&store, 10).await.unwrap();
    store.close().await;
    bench.restore("old").await;
    assert_halts_at_opening(&bench, "锚点记载 11 条日志，数据库只有 10 条").await;
}

async fn an_emptied_database_is_noticed(bench: Bench) {
    bench.filled(3).await.close().await;
    bench
        .harm(&["DELETE FROM journal", "DELETE FROM journal_head"])
        .await;
    assert_halts_at_opening(&bench, "日志头缺失").await;
    // Asking for a new store does not help whoever emptied it.
    let store = bench.open_with(bench.config(Opening::New)).await;
    assert_halted(&store, "数据库为空，而锚点记载有日志").await;
}

async fn a_database_put_back_under_a_running_store_is_noticed_at_the_next_commit(bench: Bench) {
    let store = bench.filled(5).await;
    let head = "SELECT size, last_at, root, frontier, mac FROM journal_head";
    let mut conn = bench.intruder().await;
    let old = sqlx::query(head).fetch_one(&mut conn).await.unwrap();
    append(&store, 5).await.unwrap();
    // The head of before with its own, once valid seal; the record after it is gone.
    use sqlx::Row as _;
    sqlx::query(
        "UPDATE journal_head SET size = $1, last_at = $2, root = $3, frontier = $4, mac = $5",
    )
    .bind(old.get::<i64, _>(0))
    .bind(old.get::<i64, _>(1))
    .bind(old.get::<Vec<u8>, _>(2))
    .bind(old.get::<Vec<u8>, _>(3))
    .bind(old.get::<Vec<u8>, _>(4))
    .execute(&mut conn)
    .await
    .unwrap();
    sqlx::query("DELETE FROM journal WHERE seq = 5")
        .execute(&mut conn)
        .await
        .unwrap();
    assert_eq!(append(&store, 6).await.unwrap_err().code(), "store.halted");
    assert_halted(&store, "运行中已有 6 条日志，数据库只有 5 条").await;
}

/// What can be done to the tables of 300 records, and the word by which it is recognised.
const HARM: &[(&str, &[&str], &str)] = &[
    (
        "edited leaf",
        &["UPDATE journal SET leaf = leaf_hash WHERE seq = 100"],
        "第 100 号",
    ),
    (
        "edited hash",
        &[
            "UPDATE journal SET leaf_hash = (SELECT leaf_hash FROM journal WHERE seq = 7) WHERE seq = 299",
        ],
        "第 299 号",
    ),
    (
        "edited actor",
        &["UPDATE journal SET actor = 'client:evil' WHERE seq = 299"],
        "检索字段",
    ),
    (
        "edited kind",
        &["UPDATE journal SET kind = 'certificate.renewed' WHERE seq = 0"],
        "第 0 号",
    ),
    (
        "edited subject",
        &["UPDATE journal SET subject = 'x' WHERE seq = 42"],
        "第 42 号",
    ),
    (
        "edited time",
        &["UPDATE journal SET at = at - 86400 WHERE seq = 42"],
        "检索字段",
    ),
    (
        "deleted in the middle",
        &["DELETE FROM journal WHERE seq = 150"],
        "第 150 号记录：记录缺失",
    ),
    (
        "deleted first",
        &["DELETE FROM journal WHERE seq = 0"],
        "第 0 号记录：记录缺失",
    ),
    (
        "cut at the end",
        &["DELETE FROM journal WHERE seq >= 290"],
        "第 290 号记录：记录缺失",
    ),
    (
        "cut at the end with its head",
        &[
            "DELETE FROM journal WHERE seq = 299",
            "UPDATE journal_head SET size = 299",
        ],
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
    (
        "head size edited",
        &["UPDATE journal_head SET size = 256"],
        "日志头",
    ),
    (
        "head root edited",
        &["UPDATE journal_head SET root = mac"],
        "日志头的根与前沿不符",
    ),
    (
        "head time edited",
        &["UPDATE journal_head SET last_at = last_at + 1"],
        "日志头未经本机密码设备认证",
    ),
    (
        "head seal edited",
        &["UPDATE journal_head SET mac = root"],
        "日志头未经本机密码设备认证",
    ),
    (
        "head renamed",
        &["UPDATE journal_head SET origin = 'evil.example/journal'"],
        "属于另一机构",
    ),
    ("head deleted", &["DELETE FROM journal_head"], "日志头缺失"),
    (
        "node edited",
        &[
            "UPDATE journal_node SET hash = (SELECT root FROM journal_head) WHERE level = 1 AND pos = 0",
        ],
        "日志",
    ),
    (
        "node deleted",
        &["DELETE FROM journal_node WHERE level = 1 AND pos = 0"],
        "日志",
    ),
    (
        "node inserted",
        &["INSERT INTO journal_node SELECT 1, 1, root FROM journal_head"],
        "多出 1 行",
    ),
    (
        "checkpoint forged",
        &["UPDATE journal_checkpoint SET note = 'x' WHERE size = 300"],
        "检查点",
    ),
    (
        "checkpoint moved",
        &["UPDATE journal_checkpoint SET size = 200"],
        "检查点",
    ),
    (
        "checkpoint past the head",
        &["UPDATE journal_checkpoint SET size = 301"],
        "检查点",
    ),
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
        assert!(
            found.iter().any(|f| f.contains(reason)),
            "{what}: {found:?}"
        );
        assert_eq!(
            append(&store, 1).await.unwrap_err().code(),
            "store.halted",
            "{what}"
        );
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
    let row = sqlx::query("SELECT frontier FROM journal_head")
        .fetch_one(&mut conn)
        .await
        .unwrap();
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

async fn the_database_of_another_journal_is_noticed(bench: Bench) {
    // Same device, same tables, another name: its seals are for another journal.
    bench.filled(5).await.close().await;
    let mut config = bench.config(Opening::Existing);
    config.origin = "other.example.cn/journal".into();
    let store = bench.open_with(config).await;
    assert_halted(&store, "属于另一机构或另一系统").await;
    store.close().await;
    bench
        .harm(&["UPDATE journal_head SET origin = 'other.example.cn/journal'"])
        .await;
    let mut config = bench.config(Opening::Existing);
    config.origin = "other.example.cn/journal".into();
    let store = bench.open_with(config).await;
    assert_halted(&store, "日志头未经本机密码设备认证").await;
}

async fn a_missing_anchor_halts_and_only_an_officer_can_make_a_new_one(bench: Bench) {
    bench.filled(5).await.close().await;
    std::fs::remove_dir_all(bench.anchor()).unwrap();
    assert_halts_at_opening(&bench, "锚点文件缺失").await;
    let store = bench.open_with(bench.config(Opening::New)).await;
    assert_halted(&store, "锚点文件缺失").await;
    store.close().await;
    let store = bench.open_with(bench.config(Opening::Reanchor)).await;
    assert_eq!(store.standing(), Standing::Sound);
    let last = store
        .records(
            &Filter::default(),
            store::Page {
                newest_first: true,
                ..Default::default()
            },
        )
        .await
        .unwrap();
    assert_eq!(
        (last[0].kind.as_str(), &last[0].body),
        ("journal.reanchored", &serde_json::json!({ "size": 5 }))
    );
    store.close().await;
    let store = bench.open().await;
    assert_eq!(store.standing(), Standing::Sound);
    std::fs::remove_file(bench.anchor().join("institution.head")).unwrap();
    assert_eq!(append(&store, 9).await.unwrap_err().code(), "store.halted");
    assert_halted(&store, "锚点文件缺失").await;
}

async fn a_forged_anchor_is_noticed_at_opening_and_while_running(bench: Bench) {
    let path = bench.anchor().join("institution.head");
    let store = bench.filled(12).await;
    let sound = std::fs::read_to_string(&path).unwrap();
    assert!(sound.contains("\n12\n"), "{sound}");
    store.close().await;
    for forged in [
        sound.replace("\n12\n", "\n11\n"),
        sound.replace("test.example.cn", "evil.example.cn"),
        sound.replace("/1\n", "/2\n"),
        sound.replace("institution", "kmc"),
        sound.trim_end().to_owned(),
        format!("{sound}\n"),
        sound.to_uppercase(),
        String::new(),
        "x".repeat(100_000),
    ] {
        std::fs::write(&path, &forged).unwrap();
        if forged.len() < 60_000 {
            assert_halts_at_opening(&bench, "锚点文件被改写").await;
        } else {
            assert_eq!(
                bench
                    .try_open(bench.config(Opening::Existing))
                    .await
                    .unwrap_err()
                    .code(),
                "store.file"
            );
        }
    }
    std::fs::write(&path, &sound).unwrap();
    let store = bench.open().await;
    append(&store, 12).await.unwrap();
    std::fs::write(&path, sound.replace("\n12\n", "\n13\n")).unwrap();
    assert_eq!(append(&store, 13).await.unwrap_err().code(), "store.halted");
    assert_halted(&store, "锚点文件被改写").await;
}

async fn an_older_anchor_under_a_running_store_is_noticed(bench: Bench) {
    let path = bench.anchor().join("institution.head");
    let store = bench.filled(5).await;
    let old = std::fs::read_to_string(&path).unwrap();
    append(&store, 5).await.unwrap();
    std::fs::write(&path, old).unwrap();
    assert_eq!(append(&store, 6).await.unwrap_err().code(), "store.halted");
    assert_halted(&store, "换成旧版本").await;
}

async fn a_forged_or_missing_checkpoint_is_noticed(bench: Bench) {
    let path = bench.anchor().join("institution.checkpoint");
    let store = bench.filled(5).await;
    store.checkpoint().await.unwrap();
    store.close().await;
    let sound = std::fs::read_to_string(&path).unwrap();
    for forged in [
        sound.replacen("\n5\n", "\n4\n", 1),
        sound.replacen("test.example", "evil.example", 1),
        sound.replace("— test", "— evil"),
        {
            // One bit of the signature.
            let (text, line) = sound.trim_end().rsplit_once(' ').unwrap();
            let mut line = line.to_owned();
            let last = line.pop().unwrap();
            let near = line.pop().unwrap();
            format!(
                "{text} {line}{}{last}\n",
                if near == 'A' { 'B' } else { 'A' }
            )
        },
        String::new(),
    ] {
        std::fs::write(&path, &forged).unwrap();
        assert_halts_at_opening(&bench, "锚点中的检查点无效").await;
    }
    std::fs::remove_file(&path).unwrap();
    assert_halts_at_opening(&bench, "锚点中的检查点文件缺失").await;
    std::fs::write(&path, &sound).unwrap();
    let store = bench.open().await;
    append(&store, 5).await.unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(store.checkpoint().await.unwrap_err().code(), "store.halted");
    assert_halted(&store, "检查点文件缺失").await;
}

async fn another_device_is_noticed(mut bench: Bench) {
    use gm::soft::{SoftDevice, Stretch};
    bench.filled(5).await.close().await;
    let other = bench.file("other-device");
    let other = SoftDevice::create(&other, b"x", Stretch::FAST_FOR_TESTS).unwrap();
    bench.device = std::sync::Arc::new(other);
    // A device without the keys does not even open what exists.
    let missing = bench
        .try_open(bench.config(Opening::Existing))
        .await
        .unwrap_err();
    assert_eq!(missing.code(), "store.device");
    let store = bench.open_with(bench.config(Opening::New)).await;
    assert_halted(&store, "日志头未经本机密码设备认证").await;
}

async fn old_harm_before_the_checkpoint_is_found_by_the_full_verification(bench: Bench) {
    let store = bench.filled(300).await;
    store.checkpoint().await.unwrap();
    store.close().await;
    bench
        .harm(&["UPDATE journal SET actor = 'client:evil' WHERE seq = 3"])
        .await;
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

async fn a_new_anchor_does_not_hide_an_edited_record(bench: Bench) {
    bench.filled(5).await.close().await;
    std::fs::remove_dir_all(bench.anchor()).unwrap();
    bench
        .harm(&["UPDATE journal SET leaf = leaf_hash WHERE seq = 2"])
        .await;
    let store = bench.open_with(bench.config(Opening::Reanchor)).await;
    assert_halted(&store, "第 2 号").await;
    assert!(!bench.anchor().join("institution.head").exists());
}

/// The limit of what one machine can know, stated as a test.
async fn with_both_rolled_back_only_a_witness_can_tell(bench: Bench) {
    let store = bench.filled(5).await;
    store.checkpoint().await.unwrap();
    store.close().await;
    bench.back_up("old").await;
    let read = |name| std::fs::read(bench.anchor().join(name)).unwrap();
    let (head, checkpoint) = (read("institution.head"), read("institution.checkpoint"));
    let store = bench.open().await;
    append(&store, 5).await.unwrap();
    let witnessed = store.checkpoint().await.unwrap();
    store.close().await;
    bench.restore("old").await;
    std::fs::write(bench.anchor().join("institution.head"), head).unwrap();
    std::fs::write(bench.anchor().join("institution.checkpoint"), checkpoint).unwrap();
    let store = bench.open().await;
    assert_eq!(store.standing(), Standing::Sound);
    let size = store.size().await.unwrap();
    assert!(size < witnessed.checkpoint.size);
    // The witness asks for the proof that what it saw is still there, and there is none.
    assert!(
        store
            .prove_consistency(witnessed.checkpoint.size, size)
            .await
            .is_err()
    );
}

async fn an_anchor_that_cannot_be_written_stops_writing_and_loses_nothing(bench: Bench) {
    let store = bench.filled(3).await;
    // In the way of the new file that replaces the old one.
    let in_the_way = bench.anchor().join("institution.new");
    std::fs::create_dir(&in_the_way).unwrap();
    assert_eq!(
        append(&store, 3).await.unwrap_err().code(),
        "store.anchor_unwritten"
    );
    assert_halted(&store, "锚点无法写入").await;
    store.close().await;
    std::fs::remove_dir(&in_the_way).unwrap();
    let store = bench.open().await;
    assert_eq!(store.standing(), Standing::Sound);
    assert_eq!(store.size().await.unwrap(), 4);
    append(&store, 4).await.unwrap();
}

async fn without_an_anchor_at_each_commit_a_running_store_still_notices_a_rollback(bench: Bench) {
    let mut config = bench.config(Opening::New);
    config.anchor_each_commit = false;
    let store = bench.open_with(config.clone()).await;
    fill(&store, 10).await;
    store.checkpoint().await.unwrap();
    let head = std::fs::read_to_string(bench.anchor().join("institution.head")).unwrap();
    assert!(head.contains("\n10\n"), "{head}");
    fill(&store, 10).await;
    let head = std::fs::read_to_string(bench.anchor().join("institution.head")).unwrap();
    assert!(head.contains("\n10\n"), "{head}");
    store.close().await;
    let store = bench.open_with(config).await;
    bench
        .harm(&[
            "DELETE FROM journal WHERE seq >= 15",
            "UPDATE journal_head SET size = 15",
        ])
        .await;
    assert_eq!(append(&store, 0).await.unwrap_err().code(), "store.halted");
    assert_halted(&store, "日志头").await;
}
