//! The process that carries decisions about holds out dies at named steps. Whatever the next one finds, it goes on:
//! one hold for each decision, none lifted twice, none left behind (Invariant 3).
//!
//! The test starts itself again as the child that is killed; what it was told to be is in its environment.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use access::ActKind;
use ra::{RevocationDecision, Source};
use serde_json::Value;

use super::desk::Desk;
use crate::postgres::postgres;
use crate::way::CODE;
use crate::world::{Closed, opened_at};

const FOLDER: &str = "YINXIN_HOLDS_FOLDER";
const DATABASE: &str = "YINXIN_HOLDS_DATABASE";
const NOW: &str = "YINXIN_HOLDS_NOW";
/// The passphrase of the device of the world.
const DEVICE: &[u8] = b"test device passphrase";

/// Where a child ends: before and after each of the units of a sweep.
const ENDS: [(&str, u32); 7] = [
    ("store.before_commit", 1),
    ("ca.40-status-changed", 1),
    ("store.after_commit", 1),
    ("app.60-status-changed", 1),
    ("app.62-listed-revoked", 1),
    ("store.after_anchor", 1),
    ("store.before_commit", 2),
];

#[tokio::test]
#[ignore = "a child of the stories of kills"]
async fn child_carries_out() {
    let told = |name: &str| std::env::var(name).ok();
    let Some(folder) = told(FOLDER).map(PathBuf::from) else { return };
    let now = told(NOW).unwrap().parse().unwrap();
    let institution = opened_at((&folder, now), |settings| {
        settings.institution.credit_code = CODE.into();
        settings.storage.url = told(DATABASE).unwrap();
    })
    .await;
    institution.carry_out_decisions().await.unwrap();
    institution.close().await;
}

/// Sweeps in another process, that dies where it is told if it comes there. Whether it died.
fn swept(closed: &Closed, at: Option<(&str, u32)>) -> bool {
    use std::os::unix::process::ExitStatusExt as _;
    const SIGABRT: i32 = 6;
    let (folder, database, now) = closed.place();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "holds::kills::child_carries_out", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .env(DATABASE, database)
        .env(NOW, now.to_string())
        .env_remove("YINXIN_CRASH_AT")
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    if let Some((step, times)) = at {
        command.env("YINXIN_CRASH_AT", format!("{step}:{times}"));
    }
    let end = command.output().unwrap();
    let said = String::from_utf8_lossy(&end.stderr);
    let killed = end.status.signal() == Some(SIGABRT);
    assert!(end.status.success() || killed, "{at:?}: {}: {said}", end.status);
    killed
}

/// Everything that a sweep has to do about holds is decided and not done.
async fn story(database: &str) {
    let desk = Desk::new(database).await;
    let ra = desk.world.institution.registration().unwrap();
    let mut serials = Vec::new();
    for _ in 0..4 {
        serials.push(desk.certificate().await);
    }
    // A holder's suspension and, of another, a resumption that ends a call under a unit's hold.
    desk.call(&serials[1]).await.unwrap();
    desk.orders_hold(0, "unit-hold", &serials[1]).await.unwrap();
    desk.approved(("suspend", "mislaid"), &serials[0]).await.unwrap();
    desk.approved(("resume", "cleared"), &serials[1]).await.unwrap();
    // A court's hold beside a call that was rejected, with a lifting that was confirmed.
    desk.orders_hold(0, "ordered-hold", &serials[2]).await.unwrap();
    let call = desk.call(&serials[2]).await.unwrap();
    let hold = desk.hold(&serials[2], Source::Authority).await;
    let lifting = desk.registers_lifting(("order-lifted", hold)).await.unwrap();
    for (kind, of, decision) in [
        (ActKind::ReviewRevocation, &call.id, RevocationDecision::Reject),
        (ActKind::ReviewLifting, &lifting.id, RevocationDecision::Confirm),
    ] {
        let payload: Value = desk.decision(of, decision).await;
        let on = (kind, &*format!("revocation:{of}"));
        let (permit, act) = desk.reviewer.sign(desk.world.institution.access(), on, &payload).await;
        ra.review_revocation(&permit, of, act).await.unwrap();
    }
    assert_eq!(desk.sources(&serials[2]).await, [Source::Authority, Source::Phone]);
    let Desk { world, clerk, reviewer, heads } = desk;
    let closed = world.closed().await;
    // What still runs of the closed institution comes to its end, and lets go of the device.
    let lock = closed.place().0.to_owned();
    for _ in 0..200 {
        tokio::task::yield_now().await;
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        if gm::soft::SoftDevice::open(&app::Layout::new(lock.join("data")).device(), DEVICE).is_ok()
        {
            break;
        }
    }
    let died = ENDS.iter().filter(|end| swept(&closed, Some(**end))).count();
    assert!(died >= 4, "the steps are on the way: {died}");
    assert!(!swept(&closed, None));
    assert!(!swept(&closed, None), "and once more: nothing is left");
    let desk = Desk { world: closed.opened().await, clerk, reviewer, heads };
    assert_eq!(desk.sources(&serials[0]).await, [Source::Holder]);
    assert_eq!(desk.sources(&serials[1]).await, [Source::Unit]);
    assert_eq!(desk.sources(&serials[2]).await, []);
    assert!(desk.is_good(&serials[2]).await && desk.is_good(&serials[3]).await);
    for (serial, held, ended) in [(0, 1, 0), (1, 2, 1), (2, 2, 2)] {
        let about = format!("certificate:issuing/{}", serials[serial]);
        assert_eq!(desk.world.records("certificate.held", &about).await.len(), held, "{serial}");
        let found = desk.world.records("certificate.hold-ended", &about).await;
        assert_eq!(found.len(), ended, "{serial}");
        assert!(desk.world.records("certificate.suspended", &about).await.len() == 1);
    }
    assert_eq!(desk.world.records("lifting.done", &lifting.subject()).await.len(), 1);
}

#[tokio::test]
async fn a_killed_process_neither_loses_nor_doubles_a_hold_on_sqlite() {
    story("").await;
}

#[tokio::test]
async fn a_killed_process_neither_loses_nor_doubles_a_hold_on_postgresql() {
    let Some(database) = postgres("holds_kills").await else { return };
    story(&database).await;
}
