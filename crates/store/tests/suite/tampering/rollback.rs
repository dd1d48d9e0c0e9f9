//! The database put back to an earlier state, and what only a witness can tell.

use store::{Opening, Standing, Warrant};

use super::{assert_halted, assert_halts_at_opening};
use crate::bench::{Bench, append, fill};

crate::on_both_engines!(
    an_older_database_is_noticed_at_opening,
    an_older_database_is_noticed_even_if_one_record_is_missing,
    a_restored_backup_goes_on_only_when_two_people_answer_for_it,
    an_emptied_database_is_noticed,
    a_database_put_back_under_a_running_store_is_noticed_at_the_next_commit,
    without_an_anchor_at_each_commit_a_running_store_still_notices_a_rollback,
    with_both_rolled_back_only_a_witness_can_tell,
);

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

/// T-27: what was lost is counted in the record of the new anchor.
async fn a_restored_backup_goes_on_only_when_two_people_answer_for_it(bench: Bench) {
    bench.filled(10).await.close().await;
    bench.back_up("old").await;
    let store = bench.open().await;
    fill(&store, 20).await;
    store.checkpoint().await.unwrap();
    store.close().await;
    bench.restore("old").await;
    let store = bench.open().await;
    assert_halted(&store, "数据库只有 10 条").await;
    assert_eq!(store.anchored_size().await.unwrap(), Some(30));
    store.close().await;
    let warrant = Warrant::new("S001", "A001", "数据库磁盘损坏，恢复备份").unwrap();
    let store = bench.open_with(bench.config(Opening::Existing).reanchored_by(warrant)).await;
    assert_eq!(store.standing(), Standing::Sound);
    let newest = store::Page { newest_first: true, limit: 1, ..Default::default() };
    let last = store.records(&store::Filter::default(), newest).await.unwrap();
    assert_eq!(last[0].kind, "journal.reanchored");
    assert_eq!((&last[0].body["size"], &last[0].body["anchored"]), (&10.into(), &30.into()));
    append(&store, 11).await.unwrap();
    store.close().await;
    assert_eq!(bench.open().await.standing(), Standing::Sound);
}

async fn an_emptied_database_is_noticed(bench: Bench) {
    bench.filled(3).await.close().await;
    bench.harm(&["DELETE FROM journal", "DELETE FROM journal_head"]).await;
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
    sqlx::query("DELETE FROM journal WHERE seq = 5").execute(&mut conn).await.unwrap();
    assert_eq!(append(&store, 6).await.unwrap_err().code(), "store.halted");
    assert_halted(&store, "运行中已有 6 条日志，数据库只有 5 条").await;
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
    bench.harm(&["DELETE FROM journal WHERE seq >= 15", "UPDATE journal_head SET size = 15"]).await;
    assert_eq!(append(&store, 0).await.unwrap_err().code(), "store.halted");
    assert_halted(&store, "日志头").await;
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
    assert!(store.prove_consistency(witnessed.checkpoint.size, size).await.is_err());
}
