//! Units, batches, and what becomes of those that fail.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use sqlx::{Executor as _, Row as _};
use store::{Error, ErrorKind, Filter, Opening, Seq, Standing, Store};
use testkit::fault::{Counted, Fault, FaultyDevice};
use testkit::scratch::Scratch;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::bench::{Bench, append, fill, record};

crate::on_both_engines!(
    rows_and_records_become_durable_together,
    a_failing_unit_takes_back_only_itself_and_leaves_no_gap,
    a_statement_that_fails_dooms_only_its_unit,
    a_panicking_unit_takes_back_only_itself,
    a_unit_that_takes_too_long_is_taken_back,
    a_unit_may_open_savepoints_of_its_own,
    a_failed_commit_fails_every_unit_of_the_batch,
    five_hundred_units_at_once_make_one_contiguous_journal,
    nothing_is_committed_after_an_anchor_that_failed,
    a_full_queue_answers_busy,
    a_caller_that_goes_away_does_not_stop_its_unit,
    a_reader_cannot_write,
    a_clock_that_went_back_stops_writing_and_dates_nothing_back,
    a_record_that_cannot_be_a_leaf_is_refused,
    typed_nulls_blobs_and_large_integers_survive,
    a_closed_store_opens_again_with_everything,
    closing_finishes_what_waits_and_refuses_what_comes_later,
    a_closed_store_has_let_go_of_its_device_whatever_a_timer_was_at,
);

async fn table(store: &Store) {
    let create = "CREATE TABLE note (id BIGINT PRIMARY KEY, text TEXT)";
    store
        .commit(move |tx| Box::pin(async move { Ok::<_, Error>(tx.conn().execute(create).await?) }))
        .await
        .unwrap();
}

async fn notes(store: &Store) -> Vec<i64> {
    let mut reader = store.read().await.unwrap();
    sqlx::query_scalar("SELECT id FROM note ORDER BY id").fetch_all(&mut *reader).await.unwrap()
}

async fn insert(tx: &mut store::Tx, id: i64) -> Result<Seq, Error> {
    sqlx::query("INSERT INTO note (id, text) VALUES ($1, $2)")
        .bind(id)
        .bind("印信")
        .execute(tx.conn())
        .await?;
    tx.append(record(id.unsigned_abs())).await
}

async fn put(store: &Store, id: i64) -> Result<Seq, Error> {
    store.commit(move |tx| Box::pin(insert(tx, id))).await
}

async fn rows_and_records_become_durable_together(bench: Bench) {
    let store = bench.create().await;
    table(&store).await;
    assert_eq!(put(&store, 7).await.unwrap(), Seq(0));
    assert_eq!(put(&store, 8).await.unwrap(), Seq(1));
    assert_eq!(notes(&store).await, [7, 8]);
    let found = store.records(&Filter::default(), Default::default()).await.unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(found[1].body, serde_json::json!({ "n": 8 }));
    assert_eq!(found[1].at, crate::bench::START.parse().unwrap());
}

async fn a_failing_unit_takes_back_only_itself_and_leaves_no_gap(bench: Bench) {
    let store = bench.create().await;
    table(&store).await;
    let mut work = tokio::task::JoinSet::new();
    for id in 0..60 {
        let store = store.clone();
        work.spawn(async move {
            let done: Result<Seq, Error> = store
                .commit(move |tx| {
                    Box::pin(async move {
                        let seq = insert(tx, id).await?;
                        if id % 3 == 0 { Err(Error::Erased) } else { Ok(seq) }
                    })
                })
                .await;
            assert_eq!(done.is_err(), id % 3 == 0, "{id}");
        });
    }
    work.join_all().await;
    assert_eq!(notes(&store).await, (0..60).filter(|id| id % 3 != 0).collect::<Vec<_>>());
    assert_eq!(store.size().await.unwrap(), 40);
    let report = store.verify_journal(store::Scope::Full).await.unwrap();
    assert_eq!((report.checked, report.findings), (40, vec![]));
}

async fn a_statement_that_fails_dooms_only_its_unit(bench: Bench) {
    let store = bench.create().await;
    table(&store).await;
    put(&store, 1).await.unwrap();
    let again = put(&store, 1).await.unwrap_err();
    assert!(again.is_unique_violation(), "{again}");
    assert_eq!((again.code(), again.kind()), ("store.database", ErrorKind::Fault));
    // Swallowing the failure does not help on PostgreSQL, where it dooms the savepoint; on SQLite
    // the rest of the unit stands. Neither leaves half a record behind.
    let swallowed: Result<Seq, Error> = store
        .commit(move |tx| {
            Box::pin(async move {
                let _ = insert(tx, 1).await;
                tx.append(record(9)).await
            })
        })
        .await;
    assert_eq!(swallowed.is_ok(), store.engine() == store::Engine::Sqlite);
    put(&store, 2).await.unwrap();
    assert!(store.verify_journal(store::Scope::Full).await.unwrap().is_sound());
}

async fn a_panicking_unit_takes_back_only_itself(bench: Bench) {
    let store = bench.create().await;
    table(&store).await;
    let panicking: Result<Seq, Error> = store
        .commit(move |tx| {
            Box::pin(async move {
                insert(tx, 1).await?;
                panic!("on purpose")
            })
        })
        .await;
    assert_eq!(panicking.unwrap_err().code(), "store.unit_panicked");
    assert_eq!(put(&store, 2).await.unwrap(), Seq(0));
    assert_eq!(notes(&store).await, [2]);
}

async fn a_unit_that_takes_too_long_is_taken_back(bench: Bench) {
    let mut config = bench.config(Opening::New);
    config.unit_timeout = Duration::from_millis(100);
    let store = bench.open_with(config).await;
    table(&store).await;
    let slow: Result<Seq, Error> = store
        .commit(move |tx| {
            Box::pin(async move {
                let seq = insert(tx, 1).await?;
                tokio::time::sleep(Duration::from_secs(60)).await;
                Ok(seq)
            })
        })
        .await;
    assert_eq!(slow.unwrap_err().code(), "store.unit_timeout");
    assert_eq!(put(&store, 2).await.unwrap(), Seq(0));
    assert_eq!(notes(&store).await, [2]);
}

async fn a_unit_may_open_savepoints_of_its_own(bench: Bench) {
    use sqlx::Connection as _;
    let store = bench.create().await;
    table(&store).await;
    let unit = store.commit(move |tx| {
        Box::pin(async move {
            let mut inner = tx.conn().begin().await?;
            sqlx::query("INSERT INTO note (id) VALUES (1)").execute(&mut *inner).await?;
            inner.rollback().await?;
            let mut inner = tx.conn().begin().await?;
            sqlx::query("INSERT INTO note (id) VALUES (2)").execute(&mut *inner).await?;
            inner.commit().await?;
            Ok::<_, Error>(())
        })
    });
    unit.await.unwrap();
    assert_eq!(notes(&store).await, [2]);
}

async fn a_failed_commit_fails_every_unit_of_the_batch(bench: Bench) {
    let mut config = bench.config(Opening::New);
    config.batch_time = Duration::from_secs(10);
    let store = bench.open_with(config).await;
    table(&store).await;
    let create = "CREATE TABLE child (note BIGINT NOT NULL REFERENCES note (id) \
                  DEFERRABLE INITIALLY DEFERRED)";
    store
        .commit(move |tx| Box::pin(async move { Ok::<_, Error>(tx.conn().execute(create).await?) }))
        .await
        .unwrap();
    // Holds the writer, so that the units behind it come into one batch.
    let (release, hold) = hold_writer(&store).await;
    let orphan = store.commit(move |tx| {
        Box::pin(async move {
            tx.conn().execute("INSERT INTO child (note) VALUES (404)").await?;
            tx.append(record(1)).await
        })
    });
    let (orphan, sound, _) = tokio::join!(orphan, put(&store, 5), async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        release.send(()).unwrap();
    });
    assert_eq!(orphan.unwrap_err().code(), "store.database");
    assert_eq!(sound.unwrap_err().code(), "store.database");
    assert!(hold.await.unwrap().is_err());
    assert_eq!(notes(&store).await, Vec::<i64>::new());
    assert_eq!(store.size().await.unwrap(), 0);
    assert_eq!(put(&store, 6).await.unwrap(), Seq(0));
    assert_eq!(store.standing(), Standing::Sound);
}

async fn five_hundred_units_at_once_make_one_contiguous_journal(bench: Bench) {
    let store = bench.create().await;
    fill(&store, 500).await;
    let report = store.verify_journal(store::Scope::Full).await.unwrap();
    assert_eq!((report.size, report.checked, report.findings), (500, 500, vec![]));
    let mut reader = store.read().await.unwrap();
    let row = sqlx::query("SELECT MIN(seq), MAX(seq), COUNT(*) FROM journal")
        .fetch_one(&mut *reader)
        .await
        .unwrap();
    assert_eq!((row.get::<i64, _>(0), row.get::<i64, _>(1), row.get::<i64, _>(2)), (0, 499, 500));
}

/// Keeps the writer busy until it is let go of: units behind it wait, and come into one batch.
async fn hold_writer(store: &Store) -> (oneshot::Sender<()>, JoinHandle<Result<(), Error>>) {
    let (release, wait) = oneshot::channel();
    let (reached, is_held) = oneshot::channel();
    let store = store.clone();
    let hold = tokio::spawn(async move {
        let unit = store.commit(move |_| {
            Box::pin(async move {
                let _ = reached.send(());
                let _ = wait.await;
                Ok::<_, Error>(())
            })
        });
        unit.await
    });
    is_held.await.unwrap();
    (release, hold)
}

async fn a_full_queue_answers_busy(bench: Bench) {
    let mut config = bench.config(Opening::New);
    config.queue = 2;
    let store = bench.open_with(config).await;
    let (release, hold) = hold_writer(&store).await;
    let mut work = tokio::task::JoinSet::new();
    for n in 0..10 {
        let store = store.clone();
        work.spawn(async move { append(&store, n).await });
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    release.send(()).unwrap();
    hold.await.unwrap().unwrap();
    let done = work.join_all().await;
    let busy = done.iter().filter(|d| d.as_ref().is_err_and(|e| e.code() == "store.busy")).count();
    assert_eq!((busy, done.iter().filter(|d| d.is_ok()).count()), (8, 2));
    assert_eq!(store.size().await.unwrap(), 2);
}

async fn a_caller_that_goes_away_does_not_stop_its_unit(bench: Bench) {
    let store = bench.create().await;
    // The writer is held until the caller has gone, so that its unit can't be ready before.
    let (release, hold) = hold_writer(&store).await;
    let waiting = tokio::time::timeout(Duration::from_millis(50), append(&store, 1));
    assert!(waiting.await.is_err());
    release.send(()).unwrap();
    hold.await.unwrap().unwrap();
    append(&store, 2).await.unwrap();
    assert_eq!(store.size().await.unwrap(), 2);
}

async fn a_reader_cannot_write(bench: Bench) {
    let store = bench.create().await;
    table(&store).await;
    let mut reader = store.read().await.unwrap();
    assert!(reader.execute("INSERT INTO note (id) VALUES (1)").await.is_err());
    drop(reader);
    assert_eq!(notes(&store).await, Vec::<i64>::new());
}

async fn a_clock_that_went_back_stops_writing_and_dates_nothing_back(bench: Bench) {
    let store = bench.filled(1).await;
    bench.clock.advance(SignedDuration::from_secs(-30));
    append(&store, 1).await.unwrap();
    let found = store.records(&Filter::default(), Default::default()).await.unwrap();
    assert_eq!(found[1].at, found[0].at);
    for back in [3600, 86_400, 366 * 86_400] {
        bench.clock.set(crate::bench::START.parse().unwrap());
        bench.clock.advance(SignedDuration::from_secs(-back));
        assert_eq!(append(&store, 2).await.unwrap_err().code(), "store.clock_behind");
    }
    assert_eq!(store.standing(), Standing::Sound);
    bench.clock.set(crate::bench::START.parse().unwrap());
    append(&store, 2).await.unwrap();
}

async fn a_record_that_cannot_be_a_leaf_is_refused(bench: Bench) {
    let store = bench.create().await;
    let long = "长".repeat(30_000);
    for bad in [
        store::Record { subject: String::new(), ..record(1) },
        store::Record { subject: "a\nb".into(), ..record(1) },
        store::Record { body: serde_json::json!(1.5), ..record(1) },
        store::Record { body: serde_json::json!(long), ..record(1) },
        store::Record { actor: store::Actor::new("x".repeat(300)), ..record(1) },
    ] {
        let done: Result<Seq, Error> =
            store.commit(move |tx| Box::pin(async move { tx.append(bad).await })).await;
        let error = done.unwrap_err();
        assert_eq!((error.code(), error.kind()), ("store.bad_record", ErrorKind::Invalid));
    }
    assert_eq!(append(&store, 1).await.unwrap(), Seq(0));
}

async fn typed_nulls_blobs_and_large_integers_survive(bench: Bench) {
    let store = bench.create().await;
    let bytes = if store.engine() == store::Engine::Sqlite { "BLOB" } else { "BYTEA" };
    let create = format!("CREATE TABLE kinds (id BIGINT, text TEXT, octets {bytes})");
    let unit = store.commit(move |tx| {
        Box::pin(async move {
            tx.conn().execute(sqlx::AssertSqlSafe(create)).await?;
            for (id, text, octets) in [
                (Some(i64::MIN), Some("印\u{0}"), Some(vec![0u8, 255])),
                (Some(i64::MAX), Some(""), Some(vec![])),
                (None, None, None),
            ] {
                let text = text.map(|text| text.trim_end_matches('\u{0}'));
                sqlx::query("INSERT INTO kinds VALUES ($1, $2, $3)")
                    .bind(id)
                    .bind(text)
                    .bind(octets)
                    .execute(tx.conn())
                    .await?;
            }
            Ok::<_, Error>(())
        })
    });
    unit.await.unwrap();
    let mut reader = store.read().await.unwrap();
    let rows = sqlx::query("SELECT id, text, octets FROM kinds ORDER BY id IS NULL, id")
        .fetch_all(&mut *reader)
        .await
        .unwrap();
    type Row = (Option<i64>, Option<String>, Option<Vec<u8>>);
    let read: Vec<Row> = rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    assert_eq!(
        read,
        [
            (Some(i64::MIN), Some("印".into()), Some(vec![0, 255])),
            (Some(i64::MAX), Some(String::new()), Some(vec![])),
            (None, None, None)
        ]
    );
}

async fn a_closed_store_opens_again_with_everything(bench: Bench) {
    let store = bench.filled(300).await;
    store.close().await;
    let store = bench.open().await;
    assert_eq!(store.standing(), Standing::Sound);
    assert_eq!(append(&store, 300).await.unwrap(), Seq(300));
    store.close().await;
    // `New` on a store that exists opens it as it is.
    let store = bench.create().await;
    assert_eq!(store.size().await.unwrap(), 301);
}

async fn closing_finishes_what_waits_and_refuses_what_comes_later(bench: Bench) {
    let store = bench.create().await;
    let mut work = tokio::task::JoinSet::new();
    for n in 0..50 {
        let store = store.clone();
        work.spawn(async move { append(&store, n).await });
    }
    tokio::time::sleep(Duration::from_millis(20)).await;
    let other = store.clone();
    store.close().await;
    let done = work.join_all().await.into_iter().filter(Result::is_ok).count() as u64;
    assert_eq!(append(&other, 99).await.unwrap_err().code(), "store.closed");
    drop(other);
    let store = bench.open().await;
    assert!(done > 0);
    assert_eq!(store.size().await.unwrap(), done);
}

/// Whoever closes a store may open the device again, which locks itself: nothing may be left at work.
async fn a_closed_store_has_let_go_of_its_device_whatever_a_timer_was_at(bench: Bench) {
    let device = Arc::new(FaultyDevice::new(Scratch::new()));
    let mut config = bench.config(Opening::New);
    config.checkpoint_every = Duration::from_millis(1);
    let store = Store::open(config, device.clone(), bench.clock.clone()).await.unwrap();
    device.fail_from(Counted::Signatures, 1, Fault::Slow(Duration::from_millis(300)));
    append(&store, 1).await.unwrap();
    while device.count(Counted::Signatures) == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    store.close().await;
    assert_eq!(Arc::strong_count(&device), 1, "the checkpoint that was signed is over");
}

/// The units of the next batch run while the anchor is written: they must go when it fails.
async fn nothing_is_committed_after_an_anchor_that_failed(bench: Bench) {
    let store = bench.filled(3).await;
    // In the way of the new file that replaces the old one.
    std::fs::create_dir(bench.anchor().join("institution.new")).unwrap();
    let mut work = tokio::task::JoinSet::new();
    for n in 0..200 {
        let store = store.clone();
        work.spawn(async move {
            tokio::time::sleep(Duration::from_micros(100 * n)).await;
            append(&store, n).await.unwrap_err().code()
        });
    }
    let codes = work.join_all().await;
    let unanchored = codes.iter().filter(|code| **code == "store.anchor_unwritten").count();
    let halted = codes.iter().filter(|code| **code == "store.halted").count();
    assert_eq!(unanchored + halted, 200, "{codes:?}");
    assert_eq!(store.size().await.unwrap(), 3 + u64::try_from(unanchored).unwrap());
    assert!(unanchored > 0);
    assert_eq!(append(&store, 0).await.unwrap_err().code(), "store.halted");
}
