//! The tables while programs of different age work on them (T-09, ADR 17).

use sqlx::{AnyConnection, Connection as _, Executor as _};
use store::{Engine, Error, Opening};

use crate::bench::{Bench, append};

crate::on_both_engines!(
    a_program_goes_on_where_a_newer_one_only_added_something,
    a_program_stops_where_a_newer_one_took_something_away_and_says_what_to_do,
    a_program_stops_at_a_migration_that_nobody_marked,
    every_migration_is_marked_by_whoever_makes_it,
    nodes_that_start_at_once_migrate_once,
    a_migration_waits_for_those_who_read_and_is_tried_again,
);

/// As a program would leave it that has one migration more.
async fn upgraded(bench: &Bench, mark: Option<(&str, &str)>) {
    bench.create().await.close().await;
    let done = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
        SELECT 99999, 'newer', success, checksum, execution_time FROM _sqlx_migrations WHERE version = 50";
    bench.harm(&[done]).await;
    if let Some((kind, why)) = mark {
        let text = format!("INSERT INTO migration_mark VALUES (99999, '{kind}', '{why}')");
        bench.harm(&[&text]).await;
    }
}

async fn refusal(bench: &Bench) -> String {
    let refused = bench.try_open(bench.config(Opening::Existing)).await.map(drop).unwrap_err();
    assert_eq!(refused.code(), "store.schema_ahead");
    assert!(
        matches!(refused, Error::SchemaAhead { version: 99999, known: 955.., .. }),
        "{refused:?}"
    );
    refused.to_string()
}

async fn a_program_goes_on_where_a_newer_one_only_added_something(bench: Bench) {
    upgraded(&bench, Some(("expand", ""))).await;
    let store = bench.open().await;
    append(&store, 0).await.unwrap();
    store.close().await;
    // And again: nothing of what the newer one noted is lost by that.
    bench.open().await;
}

async fn a_program_stops_where_a_newer_one_took_something_away_and_says_what_to_do(bench: Bench) {
    upgraded(&bench, Some(("contract", "列 a 已并入列 b"))).await;
    let said = refusal(&bench).await;
    for part in ["99999", "列 a 已并入列 b", "安装新版本", "恢复升级以前的备份"]
    {
        assert!(said.contains(part), "{said}");
    }
}

async fn a_program_stops_at_a_migration_that_nobody_marked(bench: Bench) {
    upgraded(&bench, None).await;
    let said = refusal(&bench).await;
    assert!(said.contains("没有标明"), "{said}");
}

async fn every_migration_is_marked_by_whoever_makes_it(bench: Bench) {
    bench.create().await.close().await;
    let mut conn = bench.intruder().await;
    let unmarked: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM _sqlx_migrations WHERE version NOT IN (SELECT version FROM migration_mark)",
    )
    .fetch_one(&mut conn)
    .await
    .unwrap();
    assert_eq!(unmarked, 0);
    let kinds: Vec<String> =
        sqlx::query_scalar("SELECT DISTINCT kind FROM migration_mark WHERE version >= 955")
            .fetch_all(&mut conn)
            .await
            .unwrap();
    assert!(kinds.contains(&"expand".to_owned()), "{kinds:?}");
    conn.close().await.unwrap();
}

/// The tables of lists and statuses without what migration 956 put on them.
const BEFORE: [&str; 6] = [
    "ALTER TABLE issuance DROP CONSTRAINT issuance_instants",
    "ALTER TABLE certificate DROP CONSTRAINT certificate_instants",
    "ALTER TABLE status_change DROP CONSTRAINT status_change_instants",
    "ALTER TABLE crl_intent DROP CONSTRAINT crl_intent_instants",
    "ALTER TABLE crl DROP CONSTRAINT crl_instants",
    "ALTER TABLE crl_spare DROP CONSTRAINT crl_spare_instants",
];

async fn taken_back(bench: &Bench) {
    bench.create().await.close().await;
    let mut conn = bench.intruder().await;
    for text in BEFORE {
        conn.execute(text).await.unwrap();
    }
    conn.close().await.unwrap();
    bench.harm(&["DELETE FROM _sqlx_migrations WHERE version = 956"]).await;
}

/// Twice made, the constraint would be an error.
async fn nodes_that_start_at_once_migrate_once(bench: Bench) {
    if bench.engine == Engine::Sqlite {
        return;
    }
    taken_back(&bench).await;
    let (one, two, three) = tokio::join!(bench.open(), bench.open(), bench.open());
    for (n, store) in [one, two, three].iter().enumerate() {
        append(store, u64::try_from(n).unwrap()).await.unwrap();
    }
    let mut conn = bench.intruder().await;
    assert_eq!(migrated(&mut conn).await, 1);
}

async fn migrated(conn: &mut AnyConnection) -> i64 {
    let text = "SELECT COUNT(*) FROM _sqlx_migrations WHERE version = 956";
    sqlx::query_scalar(text).fetch_one(conn).await.unwrap()
}

/// Behind a statement that waits for a table, everybody waits who asks for it. So it does not wait for long.
async fn a_migration_waits_for_those_who_read_and_is_tried_again(bench: Bench) {
    if bench.engine == Engine::Sqlite {
        return;
    }
    taken_back(&bench).await;
    let mut reader = bench.intruder().await;
    let mut reading = reader.begin().await.unwrap();
    let _: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM certificate")
        .fetch_one(&mut *reading)
        .await
        .unwrap();
    let mut other = bench.intruder().await;
    let ((), ()) = tokio::join!(
        async {
            // As long as the reader is there, the table is as it was, and others are not kept from it for good.
            tokio::time::sleep(std::time::Duration::from_millis(3_500)).await;
            let _: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM certificate")
                .fetch_one(&mut other)
                .await
                .unwrap();
            assert_eq!(migrated(&mut other).await, 0);
            reading.rollback().await.unwrap();
        },
        async {
            let store = bench.open().await;
            append(&store, 0).await.unwrap();
        },
    );
    assert_eq!(migrated(&mut other).await, 1);
}
