//! Applications per second from a filled standby store: move, ledger, journal and envelope, each
//! durable before it is answered. `cargo bench -p kmc`; `YINXIN_BENCH_APPLIES` sets how many.

// A bench that cannot set up has nothing to measure.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use gm::OsRandom;
use gm::sm2::PrivateKey;
use gm::soft::{SoftDevice, Stretch};
use jiff::{SignedDuration, Timestamp};
use kmc::{ApplyOrder, Ca, Kmc, KmcConfig, RefillPolicy, Retention, Text};
use pki::Serial;
use store::{Actor, Opening, Schema, Store, StoreConfig, SystemClock};

/// Applicants at the same time: their units share commits.
const APPLICANTS: u32 = 128;

fn main() {
    let applies = std::env::var("YINXIN_BENCH_APPLIES").ok();
    let applies: u32 = applies.and_then(|text| text.parse().ok()).unwrap_or(4000);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (generated, applied) = runtime.block_on(measure(applies));
    println!("generated {generated:.0}/s, applied {applied:.0}/s ({applies} pairs, SQLite)");
    report(generated, applied);
}

async fn measure(applies: u32) -> (f64, f64) {
    let folder = tempfile::tempdir().unwrap();
    let kmc = open(folder.path(), applies).await;
    let name = Text::parse("name", "压测机构").unwrap();
    let key = *person().public_key();
    let ca = kmc.register_ca(name, key, Actor::system()).await.unwrap();
    let start = Instant::now();
    let made = kmc.refill().await.unwrap();
    let generated = per_second(u32::try_from(made).unwrap(), start);
    let start = Instant::now();
    apply_all(&kmc, &ca, applies).await;
    (generated, per_second(applies, start))
}

async fn apply_all(kmc: &Kmc, ca: &Ca, applies: u32) {
    let (next, signing_key) = (Arc::new(AtomicU32::new(1)), *person().public_key());
    let applicants = (0..APPLICANTS).map(|_| {
        let (kmc, ca, next) = (kmc.clone(), ca.clone(), next.clone());
        tokio::spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number > applies {
                    return;
                }
                kmc.apply(&ca, order(number, signing_key)).await.unwrap();
            }
        })
    });
    for applicant in applicants.collect::<Vec<_>>() {
        applicant.await.unwrap();
    }
}

async fn open(folder: &Path, level: u32) -> Kmc {
    let device = SoftDevice::create(&folder.join("device"), b"bench", Stretch::FAST_FOR_TESTS);
    let device = Arc::new(device.unwrap());
    let url = format!("sqlite:{}", folder.join("kmc.db").display());
    let config = StoreConfig::new(url, Schema::Kmc, folder.join("anchor"), "kmc.bench/journal");
    let clock = Arc::new(SystemClock);
    let store = Store::open(config.opening(Opening::New), device.clone(), clock.clone());
    let config = KmcConfig {
        name_der: vec![0x30, 0],
        certificate_serial: serial(1),
        refill: RefillPolicy { low: level, level, batch: 200 },
        retention: Retention::default(),
    };
    Kmc::open(store.await.unwrap(), device, clock, config).await.unwrap()
}

fn order(number: u32, signing_key: gm::PublicKey) -> ApplyOrder {
    ApplyOrder {
        cert_serial: serial(number),
        signing_key,
        not_before: Timestamp::now(),
        not_after: Timestamp::now() + SignedDuration::from_hours(24 * 365),
        user_name: None,
    }
}

fn person() -> PrivateKey {
    PrivateKey::generate(&mut OsRandom).unwrap()
}

fn serial(number: u32) -> Serial {
    Serial::from_magnitude(&number.to_be_bytes()).unwrap()
}

fn per_second(count: u32, since: Instant) -> f64 {
    f64::from(count) / since.elapsed().as_secs_f64()
}

/// The figures for `cargo xtask bench`.
fn report(generated: f64, applied: f64) {
    let Some(folder) = std::env::var_os("YINXIN_BENCH_OUT") else {
        return;
    };
    let figure = |name: &str, value: f64| {
        serde_json::json!({
            "group": "key centre",
            "name": name,
            "value": value,
            "unit": "/s",
            "note": "SQLite, software device, stored and journaled in the same transaction",
        })
    };
    let figures = [
        figure("encryption pairs generated into standby", generated),
        figure("applications from a filled standby store", applied),
    ];
    let text = serde_json::to_string_pretty(&figures).unwrap();
    std::fs::write(Path::new(&folder).join("kmc.json"), text).unwrap();
}
