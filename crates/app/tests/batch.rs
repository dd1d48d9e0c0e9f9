//! A batch from its sheet to issued certificates over everything that is real, cut off in the middle and
//! gone on with: nothing is lost and nothing doubled.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "helpers of tests")]

use crate::way;

#[path = "batch/attested.rs"]
mod attested;
#[path = "batch/consent.rs"]
mod consent;
#[path = "batch/kills.rs"]
mod kills;
use crate::unit;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use access::Action;
use app::Act;
use ra::BatchState;
use unit::{certificates, counts, started, started_with, steer, work};
use way::key;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_is_cut_off_in_the_middle_goes_on_and_loses_or_doubles_nothing() {
    const ROWS: u32 = 300;
    let (world, clerk, reviewer) = way::world().await;
    let batch = started(&world, (&clerk, &reviewer), ROWS).await;
    // The run is cut off when about a third of it is through, at whatever step each application is.
    let institution = world.institution.clone();
    let run = tokio::spawn(async move { institution.work_batches().await });
    loop {
        let found = counts(&world, &clerk, &batch).await;
        if found.get("delivered").copied().unwrap_or(0) >= u64::from(ROWS / 3) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    run.abort();
    let cut_off = run.await.is_err();
    let world = world.restarted(|_| ()).await.unwrap();
    let before = counts(&world, &clerk, &batch).await;
    assert!(cut_off && before.get("delivered") < Some(&u64::from(ROWS)), "{before:?}");
    work(&world.institution).await;
    let after = counts(&world, &clerk, &batch).await;
    assert_eq!(after, BTreeMap::from([("delivered", u64::from(ROWS))]));
    let both = usize::try_from(2 * ROWS).unwrap();
    assert_eq!(certificates(&world.institution).await, (both, both));
    let permit = clerk.permit(world.institution.access(), Action::ReadApplication).await;
    let ra = world.institution.registration().unwrap();
    assert_eq!(ra.batch(&permit, &batch.id).await.unwrap().state, BatchState::Done);
    // Each holder was told once by each way, and no mail has an activation code.
    while world.institution.send_messages().await.unwrap().sent > 0 {}
    let outbox = std::fs::read_dir(world.institution.layout().outbox()).unwrap();
    let texts = outbox.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    let (codes, mails): (Vec<_>, Vec<_>) = texts.partition(|text| text.contains("激活码 "));
    let rows = usize::try_from(ROWS).unwrap();
    assert_eq!((codes.len(), mails.len()), (rows, rows));
    assert!(mails.iter().all(|mail| mail.contains("查询码 ")));
    let report = world.institution.store().verify_journal(store::Scope::Full).await.unwrap();
    assert!(report.is_sound(), "{:?}", report.findings);
}

#[tokio::test]
async fn a_paused_batch_issues_nothing_and_a_cancelled_one_never_will() {
    let (world, clerk, reviewer) = way::world().await;
    let batch = started(&world, (&clerk, &reviewer), 6).await;
    let batch = steer(&world, &clerk, &batch, BatchState::Paused).await;
    work(&world.institution).await;
    assert_eq!(counts(&world, &clerk, &batch).await, BTreeMap::from([("reviewed", 6)]));
    let batch = steer(&world, &clerk, &batch, BatchState::Cancelled).await;
    work(&world.institution).await;
    assert_eq!(counts(&world, &clerk, &batch).await, BTreeMap::from([("withdrawn", 6)]));
    assert_eq!(certificates(&world.institution).await, (0, 0));
}

#[tokio::test]
async fn a_key_that_was_certified_meanwhile_stops_its_own_row_only() {
    let (world, clerk, reviewer) = way::world().await;
    let first = key();
    let batch = started_with(&world, (&clerk, &reviewer), (3, &first)).await;
    // Somebody certifies the key of the first row through the other door.
    let order = world.order("elsewhere", "person", Act::New, &first);
    world.institution.enrol(order).await.unwrap();
    work(&world.institution).await;
    let found = counts(&world, &clerk, &batch).await;
    assert_eq!(found, BTreeMap::from([("delivered", 2), ("agreed", 1)]));
    let ra = world.institution.registration().unwrap();
    let permit = clerk.permit(world.institution.access(), Action::ReadApplication).await;
    let rows = ra.batch_rows(&permit, &batch.id, ("", 3)).await.unwrap();
    let problems: Vec<&str> = rows.iter().filter_map(|row| row.problem.as_deref()).collect();
    assert_eq!(problems, ["ra.key_used"]);
    assert_eq!(ra.batch(&permit, &batch.id).await.unwrap().state, BatchState::Done);
}

/// Its agreement was damaged, and the other one has a right to be issued.
#[tokio::test]
async fn a_batch_that_cannot_be_read_holds_up_no_other() {
    let (world, clerk, reviewer) = way::world().await;
    let damaged = started(&world, (&clerk, &reviewer), 1).await;
    let id = damaged.id.clone();
    let done: Result<(), app::Error> = world
        .institution
        .store()
        .commit(move |tx| {
            Box::pin(async move {
                let text = "UPDATE ra_batch SET paper_blob = blob WHERE id = $1";
                sqlx::query(text).bind(id.as_str()).execute(tx.conn()).await.unwrap();
                Ok(())
            })
        })
        .await;
    done.unwrap();
    // Its first row is the person of the other batch, who is not taken twice.
    let sound = started(&world, (&clerk, &reviewer), 3).await;
    work(&world.institution).await;
    assert_eq!(counts(&world, &clerk, &damaged).await, BTreeMap::from([("reviewed", 1)]));
    assert_eq!(counts(&world, &clerk, &sound).await, BTreeMap::from([("delivered", 2)]));
}

/// The soak step `batch-10000`: prints what came of it and how long each part took.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes long; cargo xtask soak batch-10000"]
async fn ten_thousand_applications_become_certificates_in_one_run() {
    let rows = std::env::var("YINXIN_BATCH_ROWS").ok().and_then(|text| text.parse().ok());
    let rows: u32 = rows.unwrap_or(10_000);
    let (world, clerk, reviewer) = way::world().await;
    let begun = Instant::now();
    let batch = started(&world, (&clerk, &reviewer), rows).await;
    let prepared = begun.elapsed();
    let institution = world.institution.clone();
    let run = tokio::spawn(async move { institution.work_batches().await });
    loop {
        let found = counts(&world, &clerk, &batch).await;
        if found.get("delivered").copied().unwrap_or(0) >= u64::from(rows / 2) || run.is_finished()
        {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    run.abort();
    let _ = run.await;
    let world = world.restarted(|_| ()).await.unwrap();
    work(&world.institution).await;
    let all = begun.elapsed();
    let after = counts(&world, &clerk, &batch).await;
    assert_eq!(after, BTreeMap::from([("delivered", u64::from(rows))]));
    let both = usize::try_from(2 * rows).unwrap();
    assert_eq!(certificates(&world.institution).await, (both, both));
    let seconds = (all - prepared).as_secs_f64();
    eprintln!(
        "{rows} applications: sheet, acts and review {:.1} s; agreement to delivery with a restart in the \
         middle {seconds:.1} s ({:.0} a second); {both} certificates, none lost or doubled",
        prepared.as_secs_f64(),
        f64::from(rows) / seconds
    );
}
