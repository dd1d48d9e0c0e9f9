//! The anchor missing, forged, put back or unwritable; the database or the device exchanged.

use store::{Filter, Opening, Standing, Warrant};

use super::{assert_halted, assert_halts_at_opening};
use crate::bench::{Bench, append};

crate::on_both_engines!(
    a_missing_anchor_halts_and_only_an_officer_can_make_a_new_one,
    a_new_anchor_does_not_hide_an_edited_record,
    a_forged_anchor_is_noticed_at_opening_and_while_running,
    an_older_anchor_under_a_running_store_is_noticed,
    an_anchor_that_cannot_be_written_stops_writing_and_loses_nothing,
    a_forged_or_missing_checkpoint_is_noticed,
    the_database_of_another_journal_is_noticed,
    another_device_is_noticed,
);

async fn a_missing_anchor_halts_and_only_an_officer_can_make_a_new_one(bench: Bench) {
    bench.filled(5).await.close().await;
    std::fs::remove_dir_all(bench.anchor()).unwrap();
    assert_halts_at_opening(&bench, "锚点文件缺失").await;
    let store = bench.open_with(bench.config(Opening::New)).await;
    assert_halted(&store, "锚点文件缺失").await;
    store.close().await;
    let nobody = bench.try_open(bench.config(Opening::Reanchor)).await.unwrap_err();
    assert_eq!(nobody.code(), "store.warrant");
    let store = bench.open_with(bench.config(Opening::Existing).reanchored_by(warrant())).await;
    assert_eq!(store.standing(), Standing::Sound);
    let last = store
        .records(&Filter::default(), store::Page { newest_first: true, ..Default::default() })
        .await
        .unwrap();
    let body = serde_json::json!({
        "size": 5, "anchored": null, "witness": "person:A001", "reason": "锚点所在磁盘损坏",
    });
    assert_eq!((last[0].kind.as_str(), &last[0].body), ("journal.reanchored", &body));
    assert_eq!(last[0].actor, "person:S001");
    store.close().await;
    let store = bench.open().await;
    assert_eq!(store.standing(), Standing::Sound);
    std::fs::remove_file(bench.anchor().join("institution.head")).unwrap();
    assert_eq!(append(&store, 9).await.unwrap_err().code(), "store.halted");
    assert_halted(&store, "锚点文件缺失").await;
}

fn warrant() -> Warrant {
    Warrant::new("S001", "A001", "锚点所在磁盘损坏").unwrap()
}

async fn a_new_anchor_does_not_hide_an_edited_record(bench: Bench) {
    bench.filled(5).await.close().await;
    std::fs::remove_dir_all(bench.anchor()).unwrap();
    bench.harm(&["UPDATE journal SET leaf = leaf_hash WHERE seq = 2"]).await;
    let store = bench.open_with(bench.config(Opening::Existing).reanchored_by(warrant())).await;
    assert_halted(&store, "第 2 号").await;
    assert!(!bench.anchor().join("institution.head").exists());
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
                bench.try_open(bench.config(Opening::Existing)).await.unwrap_err().code(),
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

async fn an_anchor_that_cannot_be_written_stops_writing_and_loses_nothing(bench: Bench) {
    let store = bench.filled(3).await;
    // In the way of the new file that replaces the old one.
    let in_the_way = bench.anchor().join("institution.new");
    std::fs::create_dir(&in_the_way).unwrap();
    assert_eq!(append(&store, 3).await.unwrap_err().code(), "store.anchor_unwritten");
    assert_halted(&store, "锚点无法写入").await;
    store.close().await;
    std::fs::remove_dir(&in_the_way).unwrap();
    let store = bench.open().await;
    assert_eq!(store.standing(), Standing::Sound);
    assert_eq!(store.size().await.unwrap(), 4);
    append(&store, 4).await.unwrap();
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
            format!("{text} {line}{}{last}\n", if near == 'A' { 'B' } else { 'A' })
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

async fn the_database_of_another_journal_is_noticed(bench: Bench) {
    // Same device, same tables, another name: its seals are for another journal.
    bench.filled(5).await.close().await;
    let mut config = bench.config(Opening::Existing);
    config.origin = "other.example.cn/journal".into();
    let store = bench.open_with(config).await;
    assert_halted(&store, "属于另一机构或另一系统").await;
    store.close().await;
    bench.harm(&["UPDATE journal_head SET origin = 'other.example.cn/journal'"]).await;
    let mut config = bench.config(Opening::Existing);
    config.origin = "other.example.cn/journal".into();
    let store = bench.open_with(config).await;
    assert_halted(&store, "日志头未经本机密码设备认证").await;
}

async fn another_device_is_noticed(mut bench: Bench) {
    use gm::soft::{SoftDevice, Stretch};
    bench.filled(5).await.close().await;
    let other = bench.file("other-device");
    let other = SoftDevice::create(&other, b"x", Stretch::FAST_FOR_TESTS).unwrap();
    bench.device = std::sync::Arc::new(other);
    // A device without the keys does not even open what exists.
    let missing = bench.try_open(bench.config(Opening::Existing)).await.unwrap_err();
    assert_eq!(missing.code(), "store.device");
    let store = bench.open_with(bench.config(Opening::New)).await;
    assert_halted(&store, "日志头未经本机密码设备认证").await;
}
