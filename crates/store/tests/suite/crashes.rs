//! The process dies at each named point of a commit, and afterwards nothing answered is missing.
//!
//! The child is this test binary again: it commits records one after the other and writes each
//! answer to a file, until it is killed where `YINXIN_CRASH_AT` says.

use std::io::Write as _;
use std::process::{Command, Stdio};

use gm::soft::SoftDevice;
use store::{Opening, Scope, Standing};

use crate::bench::{Bench, append};

/// The points of a commit and how often each may be passed before the crash.
const POINTS: [&str; 3] = ["store.before_commit", "store.after_commit", "store.after_anchor"];
const TIMES: [u32; 3] = [1, 2, 7];

crate::on_both_engines!(nothing_answered_is_lost_when_the_process_dies_in_a_commit);

async fn nothing_answered_is_lost_when_the_process_dies_in_a_commit(mut bench: Bench) {
    bench.create().await.close().await;
    let mut expected = 0;
    for (point, times) in POINTS.iter().flat_map(|point| TIMES.map(|times| (*point, times))) {
        // The child needs the device for itself.
        let folder = bench.file("device");
        let spare =
            SoftDevice::create(&bench.file("spare"), b"x", gm::soft::Stretch::FAST_FOR_TESTS);
        drop(std::mem::replace(&mut bench.device, std::sync::Arc::new(spare.unwrap())));
        let answered = run_child(&bench, point, times);
        bench.device = std::sync::Arc::new(SoftDevice::open(&folder, b"bench").unwrap());
        std::fs::remove_dir_all(bench.file("spare")).unwrap();

        let store = bench.open().await;
        assert_eq!(store.standing(), Standing::Sound, "{point}:{times}");
        let size = store.size().await.unwrap();
        let least = expected + answered;
        // One more may be durable: the one whose answer the crash took away.
        assert!(
            (least..=least + 1).contains(&size),
            "{point}:{times}: {answered} answered, {size}"
        );
        let report = store.verify_journal(Scope::Full).await.unwrap();
        assert_eq!((report.checked, report.findings), (size, vec![]), "{point}:{times}");
        append(&store, 0).await.unwrap();
        expected = size + 1;
        store.close().await;
    }
}

/// How many records the child was told are durable before it died.
fn run_child(bench: &Bench, point: &str, times: u32) -> u64 {
    let answers = bench.file("answers");
    let _ = std::fs::remove_file(&answers);
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crashes::child", "--ignored", "--nocapture"])
        .env("YINXIN_CRASH_AT", format!("{point}:{times}"))
        .env("STORE_CHILD_URL", bench.config(Opening::Existing).url)
        .env("STORE_CHILD_FOLDER", bench.folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(!status.success(), "the child was to die at {point}:{times}");
    let text = std::fs::read_to_string(&answers).unwrap_or_default();
    text.lines().count() as u64
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started by the crash test as a process of its own"]
async fn child() {
    let Ok(folder) = std::env::var("STORE_CHILD_FOLDER") else {
        return;
    };
    let folder = std::path::PathBuf::from(folder);
    let device = SoftDevice::open(&folder.join("device"), b"bench").unwrap();
    let clock = store::FixedClock::at(crate::bench::START).unwrap();
    let mut config = store::StoreConfig::new(
        std::env::var("STORE_CHILD_URL").unwrap(),
        store::Schema::Institution,
        folder.join("anchor"),
        "test.example.cn/journal",
    );
    config.checkpoint_every = std::time::Duration::ZERO;
    config.verify_every = std::time::Duration::ZERO;
    let store = store::Store::open(config, std::sync::Arc::new(device), std::sync::Arc::new(clock));
    let store = store.await.unwrap();
    let mut answers = std::fs::File::create(folder.join("answers")).unwrap();
    for n in 0..100 {
        let seq = append(&store, n).await.unwrap();
        writeln!(answers, "{seq}").unwrap();
    }
}
