//! The process that works on a batch is killed, at named steps and by SIGKILL wherever it is: while rows
//! become applications, while an act is carried out on its members, while certificates are issued and
//! delivered. Whatever the next process finds, it goes on, and in the end each row is exactly one application
//! and each application exactly one pair of certificates (Invariant 3, Invariant 4; T-02).
//!
//! The test starts itself again as the child that is killed; what it was told to be is in its environment.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use access::Action;
use ra::{BatchState, BatchStep};
use store::{Filter, Page, Stored};

use crate::unit::{agreed_on_paper, begun, certificates, counts, ordered, steer, work};
use crate::way::{self, CODE, Staff, key};
use crate::world::{Closed, World, opened_at};

const ROWS: u32 = 60;

/// What a child is told.
const FOLDER: &str = "YINXIN_BATCH_FOLDER";
const DATABASE: &str = "YINXIN_BATCH_DATABASE";
const NOW: &str = "YINXIN_BATCH_NOW";

/// Where a child ends.
enum End {
    /// Dies at the n-th passing of a step.
    At(&'static str, u32),
    /// Is killed from outside when it has passed a step so often.
    Killed(&'static str, usize),
}

/// While rows become applications.
const IMPORT: [End; 4] = [
    End::At("ra.10-row-kept", 1),
    End::At("store.before_commit", 2),
    End::At("store.after_commit", 2),
    End::Killed("ra.10-row-kept", 9),
];

/// While an act is carried out on its members.
const ACT: [End; 2] = [End::At("ra.20-member-through", 5), End::Killed("ra.20-member-through", 9)];

/// While certificates are issued and delivered.
const RUN: [End; 11] = [
    End::At("ra.30-agreed", 1),
    End::At("store.after_anchor", 2),
    End::At("app.10-accepted", 3),
    End::At("kmc.13-apply-written", 2),
    End::At("app.20-key", 4),
    End::Killed("app.30-intended", 3),
    End::At("ca.21-signed", 2),
    End::At("app.50-kept", 1),
    End::At("ra.40-issued", 2),
    End::At("ra.50-delivered", 2),
    End::Killed("ra.50-delivered", 3),
];

#[tokio::test]
#[ignore = "a child of the stories of kills"]
async fn child_works_on_batches() {
    let told = |name: &str| std::env::var(name).ok();
    let Some(folder) = told(FOLDER).map(PathBuf::from) else { return };
    let now = told(NOW).unwrap().parse().unwrap();
    let institution = opened_at((&folder, now), |settings| {
        settings.institution.credit_code = CODE.into();
        settings.storage.url = told(DATABASE).unwrap();
    })
    .await;
    work(&institution).await;
    institution.close().await;
}

/// Starts a child; where it passes is traced.
fn child(closed: &Closed, at: Option<(&str, u32)>) -> (Child, PathBuf) {
    let (folder, database, now) = closed.place();
    let trace = folder.join("trace.txt");
    let _ = std::fs::remove_file(&trace);
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "batch::kills::child_works_on_batches", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .env(DATABASE, database)
        .env(NOW, now.to_string())
        .env("YINXIN_CRASH_TRACE", &trace)
        .env_remove("YINXIN_CRASH_AT")
        .stdout(Stdio::null())
        .stderr(Stdio::inherit());
    if let Some((step, times)) = at {
        command.env("YINXIN_CRASH_AT", format!("{step}:{times}"));
    }
    (command.spawn().unwrap(), trace)
}

/// How often a step was passed.
fn passed(trace: &Path, step: &str) -> usize {
    let lines = std::fs::read_to_string(trace).unwrap_or_default();
    lines.lines().filter(|line| *line == step).count()
}

/// Works in another process until that dies as it is told; panics if it doesn't.
fn killed(closed: &Closed, end: &End) {
    use std::os::unix::process::ExitStatusExt as _;
    const SIGABRT: i32 = 6;
    const SIGKILL: i32 = 9;
    let (step, wanted) = match *end {
        End::At(step, times) => {
            let (mut child, _) = child(closed, Some((step, times)));
            let status = child.wait().unwrap();
            assert_eq!(status.signal(), Some(SIGABRT), "did not die at {step}: {status}");
            return;
        }
        End::Killed(step, wanted) => (step, wanted),
    };
    let (mut child, trace) = child(closed, None);
    let start = Instant::now();
    while passed(&trace, step) < wanted {
        assert!(child.try_wait().unwrap().is_none(), "ended before {step} was passed so often");
        assert!(start.elapsed() < Duration::from_secs(120), "{step} was not passed so often");
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(SIGKILL));
}

/// Works in another process to the end.
fn undisturbed(closed: &Closed) {
    assert!(child(closed, None).0.wait().unwrap().success());
}

/// Dies at each of the ends, then works to the end; opened again.
async fn through(world: World, ends: &[End]) -> World {
    let closed = world.closed().await;
    for end in ends {
        killed(&closed, end);
    }
    undisturbed(&closed);
    closed.opened().await
}

#[tokio::test]
async fn a_killed_process_loses_and_doubles_nothing_of_a_batch_on_sqlite() {
    story(String::new()).await;
}

#[tokio::test]
async fn a_killed_process_loses_and_doubles_nothing_of_a_batch_on_postgresql() {
    let Ok(server) = std::env::var("YINXIN_TEST_PG_URL") else {
        eprintln!("skipped: YINXIN_TEST_PG_URL is not set");
        return;
    };
    let name = format!("yinxin_batch_{}", std::process::id());
    sqlx::any::install_default_drivers();
    let mut conn = <sqlx::AnyConnection as sqlx::Connection>::connect(&server).await.unwrap();
    for text in [format!("DROP DATABASE IF EXISTS {name}"), format!("CREATE DATABASE {name}")] {
        sqlx::query(sqlx::AssertSqlSafe(text)).execute(&mut conn).await.unwrap();
    }
    let (base, _) = server.rsplit_once('/').unwrap();
    story(format!("{base}/{name}")).await;
    let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
    sqlx::query(sqlx::AssertSqlSafe(drop)).execute(&mut conn).await.unwrap();
}

async fn story(database: String) {
    let (world, clerk, reviewer) =
        way::world_with(|settings| settings.storage.url = database).await;
    let staff = (&clerk, &reviewer);
    let batch = begun(&world, &clerk, (ROWS, &key())).await;
    let mut world = through(world, &IMPORT).await;
    assert_eq!(counts(&world, &clerk, &batch).await, BTreeMap::from([("draft", u64::from(ROWS))]));
    for step in BatchStep::ALL {
        ordered(&world, staff, (&batch, step)).await;
        world = through(world, &ACT).await;
    }
    let batch = agreed_on_paper(&world, &clerk, &batch).await;
    let batch = steer(&world, &clerk, &batch, BatchState::Running).await;
    let world = through(world, &RUN).await;
    let delivered = BTreeMap::from([("delivered", u64::from(ROWS))]);
    assert_eq!(counts(&world, &clerk, &batch).await, delivered);
    each_row_is_one_application_with_one_pair(&world, &clerk, &batch).await;
    journal_and_records_agree(&world).await;
    // Each holder was told once by each way.
    while world.institution.send_messages().await.unwrap().sent > 0 {}
    let outbox = std::fs::read_dir(world.institution.layout().outbox()).unwrap();
    assert_eq!(outbox.count(), usize::try_from(2 * ROWS).unwrap());
}

async fn all_records(world: &World, kind: &str) -> Vec<Stored> {
    let filter = Filter { kind: Some(kind.to_owned()), ..Filter::default() };
    let page = Page { limit: 1000, ..Page::default() };
    world.institution.store().records(&filter, page).await.unwrap()
}

async fn each_row_is_one_application_with_one_pair(
    world: &World,
    clerk: &Staff,
    batch: &ra::Batch,
) {
    let permit = clerk.permit(world.institution.access(), Action::ReadApplication).await;
    let ra = world.institution.registration().unwrap();
    let rows = ra.batch_rows(&permit, &batch.id, ("", 1000)).await.unwrap();
    let all = usize::try_from(ROWS).unwrap();
    let places: BTreeSet<_> = rows.iter().map(|row| row.place).collect();
    assert_eq!((rows.len(), places.len()), (all, all));
    let mut serials = BTreeSet::new();
    for row in &rows {
        let pair = row.application.state.serials().unwrap();
        serials.insert(pair.sign.clone());
        serials.insert(pair.enc.clone().unwrap());
    }
    assert_eq!(serials.len(), 2 * all);
    assert_eq!(certificates(&world.institution).await, (2 * all, 2 * all));
    // Whatever was done to an application was done, and recorded, once.
    for kind in
        ["created", "saved", "proofed", "reviewed", "agreed", "requested", "issued", "delivered"]
    {
        let records = all_records(world, &format!("application.{kind}")).await;
        let subjects: BTreeSet<_> = records.iter().map(|record| &record.subject).collect();
        assert_eq!((records.len(), subjects.len()), (all, all), "{kind}");
    }
}

/// The journal is whole, and the rows of certificates say what its records say.
async fn journal_and_records_agree(world: &World) {
    let institution = &world.institution;
    let report = institution.store().verify_journal(store::Scope::Full).await.unwrap();
    assert!(report.is_sound(), "{:?}", report.findings);
    let compared = institution.ca().compare_with_journal().await.unwrap();
    assert!(compared.is_sound(), "{:?}", compared.findings);
    assert!(compared.certificates >= u64::from(2 * ROWS), "{compared:?}");
    // Nothing was begun that did not end: each intent is a certificate.
    assert!(all_records(world, "certificate.abandoned").await.is_empty());
}
