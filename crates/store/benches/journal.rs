//! Speed of the journal: `cargo bench -p store`.
//!
//! Appending is measured as a load (many callers, group commit, SQLite on this disk, anchor on and
//! off) and written to `$YINXIN_BENCH_OUT`; proofs and verification by criterion.

// Helpers outside #[test] functions fail the run by panicking.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gm::soft::{SoftDevice, Stretch};
use serde_json::json;
use store::{Actor, Opening, Record, Schema, Scope, Seq, Store, StoreConfig, SystemClock};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

const UNITS: u64 = 20_000;

fn open(runtime: &Runtime, folder: &std::path::Path, anchor_each_commit: bool) -> Store {
    let device = folder.join("device");
    let device = SoftDevice::create(&device, b"bench", Stretch::FAST_FOR_TESTS).unwrap();
    let url = format!("sqlite:{}", folder.join("bench.db").display());
    let anchor = folder.join("anchor");
    let mut config = StoreConfig::new(url, Schema::Institution, anchor, "bench/journal");
    config.opening = Opening::New;
    config.anchor_each_commit = anchor_each_commit;
    config.checkpoint_every = Duration::ZERO;
    config.verify_every = Duration::ZERO;
    runtime.block_on(Store::open(config, Arc::new(device), Arc::new(SystemClock))).unwrap()
}

/// Each caller commits one record after the other and waits for each answer.
fn append(runtime: &Runtime, store: &Store, callers: u64, units: u64) -> (f64, Duration) {
    let began = Instant::now();
    let slowest = runtime.block_on(async {
        let mut work = JoinSet::new();
        for caller in 0..callers {
            let store = store.clone();
            work.spawn(async move {
                let mut slowest = Duration::ZERO;
                for n in 0..units / callers {
                    let record = Record::new(
                        "certificate.issued",
                        Actor::client("bench"),
                        format!("certificate:{caller}-{n}"),
                        json!({ "serial": format!("{n:032x}"), "profile": "person-sign" }),
                    );
                    let began = Instant::now();
                    let unit = store.commit(|tx| Box::pin(async move { tx.append(record).await }));
                    unit.await.unwrap();
                    slowest = slowest.max(began.elapsed());
                }
                slowest
            });
        }
        work.join_all().await.into_iter().max().unwrap()
    });
    (units as f64 / began.elapsed().as_secs_f64(), slowest)
}

fn appending(_: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let mut figures = Vec::new();
    for (anchored, callers, units) in
        [(true, 1, 500), (false, 1, 500), (true, 64, UNITS), (false, 64, UNITS), (true, 512, UNITS)]
    {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&runtime, folder.path(), anchored);
        let (rate, slowest) = append(&runtime, &store, callers, units);
        let anchor = if anchored { "anchor at each commit" } else { "anchor at checkpoints" };
        let name = format!("append, {callers} callers, {anchor}");
        println!("{name}: {rate:.0} units/s, slowest {slowest:?}");
        figures.push(json!({
            "group": "journal",
            "name": name,
            "value": rate,
            "unit": "units/s",
            "note": format!("SQLite, slowest answer {} ms", slowest.as_millis()),
        }));
        runtime.block_on(store.close());
    }
    if let Some(folder) = std::env::var_os("YINXIN_BENCH_OUT") {
        let path = std::path::Path::new(&folder).join("journal.json");
        std::fs::write(path, serde_json::to_string_pretty(&figures).unwrap()).unwrap();
    }
}

fn reading(c: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let store = open(&runtime, folder.path(), false);
    append(&runtime, &store, 64, UNITS);
    let size = runtime.block_on(store.size()).unwrap();
    let mut group = c.benchmark_group("journal");
    let mut next = 0;
    group.bench_function("prove inclusion", |b| {
        b.iter(|| {
            next = (next + 7919) % size;
            runtime.block_on(store.prove_inclusion(Seq(next))).unwrap()
        });
    });
    group.bench_function("prove consistency", |b| {
        b.iter(|| {
            next = (next + 7919) % size;
            runtime.block_on(store.prove_consistency(next, size)).unwrap()
        });
    });
    group.throughput(Throughput::Elements(size));
    group.sample_size(10);
    group.bench_function("verify all records", |b| {
        b.iter(|| runtime.block_on(store.verify_journal(Scope::Full)).unwrap());
    });
}

criterion_group!(benches, appending, reading);
criterion_main!(benches);
