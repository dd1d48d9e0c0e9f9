//! Safeguards that were set off, and the commands by which two people set them back: a restored
//! backup (T-27) and a key that was stopped after a wrong signature (T-10). Without a second person,
//! a reason and the phrase nothing changes.

// Helpers outside #[test] functions fail the test by panicking.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

mod support;

use std::path::Path;
use std::sync::Arc;

use app::{Institution, Layout, Parts, Settings};
use gm::sm2::PrivateKey;
use gm::soft::SoftDevice;
use gm::{Device as _, KeyLabel, OsRandom};
use serde_json::{Value, json};
use support::{World, request_pem};
use testkit::fault::{Counted, Fault, FaultyDevice};

const PEOPLE: [&str; 6] =
    ["--officer", "S001", "--witness", "A001", "--reason", "磁盘损坏，恢复昨夜备份"];

#[test]
fn t_27_a_restored_backup_is_noticed_and_goes_on_only_when_two_people_answer_for_it() {
    let world = World::found("");
    let mut server = world.serve(&[]).unwrap();
    issue(&world, "kept");
    server.stop();
    copy_database(&world.data(), world.dir.path());
    let mut server = world.serve(&[]).unwrap();
    let lost = issue(&world, "lost");
    let kept = world.client.get("/api/v1/requests/kept")["sign_serial"].clone();
    let kept = kept.as_str().unwrap();
    post(&world, &format!("/api/v1/certificates/{kept}/revoke"), &json!({"reason": "superseded"}));
    let last = publish(&world);
    let list = world.dir.path().join("last.crl");
    std::fs::write(&list, download(&world, "/crl/issuing.crl")).unwrap();
    let root_list = world.dir.path().join("root.crl");
    std::fs::write(&root_list, download(&world, "/crl/root.crl")).unwrap();
    server.stop();

    copy_database(world.dir.path(), &world.data());
    let mut server = world.spawn(&[]);
    assert!(server.answers(&format!("{}/healthz", world.url)));
    assert_halted(&world);
    server.stop();

    let list = list.to_str().unwrap();
    let without_root = [&["journal", "reanchor", "--last-crl", list][..], &PEOPLE].concat();
    let (code, said) = world.run(&without_root);
    assert!(code == 2 && said.contains("root.crl"), "{said}");
    let command = [&without_root[..], &["--last-crl", root_list.to_str().unwrap()]].concat();
    let alone = ["--officer", "S001", "--witness", "S001", "--reason", "磁盘损坏，恢复昨夜备份"];
    let one_person = [&["journal", "reanchor", "--no-crl"][..], &alone].concat();
    assert_eq!(world.run(&one_person).0, 2, "one person is not two");
    let no_list = [&["journal", "reanchor"][..], &PEOPLE].concat();
    assert_eq!(world.run(&no_list).0, 2, "the last list must be given");
    let (code, said) = world.run(&command);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("将永久失去") && said.contains("未作任何更改"), "{said}");
    let phrase = said.split('\'').nth(1).unwrap().to_owned();
    assert!(phrase.starts_with("重建锚点 test.example/journal "), "{phrase}");
    let wrong = [&command[..], &["--confirm", "重建锚点 test.example/journal 1"]].concat();
    assert_eq!(world.run(&wrong).0, 1);
    let mut server = world.spawn(&[]);
    assert!(server.answers(&format!("{}/healthz", world.url)));
    assert_halted(&world);
    server.stop();

    let (code, said) = world.run(&[&command[..], &["--confirm", &phrase]].concat());
    assert_eq!(code, 0, "{said}");
    assert!(said.contains(&format!("须重新撤销：{kept}")), "{said}");
    let (code, said) = world.run(&command);
    assert!(code == 1 && said.contains("不需要重建锚点"), "{said}");
    // A run that was cut off behind the new anchor is finished by the same command.
    assert!(said.contains("--confirm '接续撤销列表 test.example/journal'"), "{said}");
    let (code, said) = world
        .run(&[&without_root[..], &["--confirm", "接续撤销列表 test.example/journal"]].concat());
    assert!(code == 2 && said.contains("root.crl"), "every list again: {said}");
    let again = [&command[..], &["--confirm", "接续撤销列表 test.example/journal"]].concat();
    let (code, said) = world.run(&again);
    assert!(code == 0 && said.contains(&format!("须重新撤销：{kept}")), "{said}");
    let mut server = world.serve(&[]).expect("issuing goes on");
    assert_eq!(status(&world, &lost), "unknown", "what was lost is never shown as good");
    issue(&world, "after");
    assert!(publish(&world) > last, "CRL numbers only grow");
    let record = world.client.get("/api/v1/journal?kind=journal.reanchored")["items"][0].clone();
    assert_eq!(record["actor"], "person:S001", "{record}");
    assert_eq!(record["body"]["witness"], "person:A001", "{record}");
    assert!(record["body"]["anchored"].as_u64() > record["body"]["size"].as_u64(), "{record}");
    server.stop();
    assert_healthy(&world);
}

/// What was lost explains the signatures of then, and none that somebody makes beside the system later: however often the
/// steps after a new anchor are done again, that alarm stands until two people name its key (T-06).
#[test]
fn t_06_an_alarm_is_not_closed_with_the_steps_after_a_new_anchor() {
    let world = World::found("");
    let mut server = world.serve(&[]).unwrap();
    issue(&world, "kept");
    server.stop();
    copy_database(&world.data(), world.dir.path());
    let mut server = world.serve(&[]).unwrap();
    issue(&world, "lost");
    let lists = ["issuing.crl", "root.crl"].map(|name| {
        let file = world.dir.path().join(name);
        std::fs::write(&file, download(&world, &format!("/crl/{name}"))).unwrap();
        file.display().to_string()
    });
    server.stop();
    copy_database(world.dir.path(), &world.data());

    let with_lists = ["journal", "reanchor", "--last-crl", &lists[0], "--last-crl", &lists[1]];
    let command = [&with_lists[..], &PEOPLE].concat();
    let (code, said) = world.run(&command);
    assert!(code == 1 && said.contains("按随日志失去的签名处理；将重新起算"), "{said}");
    let phrase = said.split('\'').nth(1).unwrap().to_owned();
    let (code, said) = world.run(&[&command[..], &["--confirm", &phrase]].concat());
    assert!(code == 0 && said.contains("按随日志失去的签名处理；已重新起算"), "{said}");

    sign_beside(&world);
    let again = [&command[..], &["--confirm", "接续撤销列表 test.example/journal"]].concat();
    for _ in 0..2 {
        let (code, said) = world.run(&again);
        assert!(code == 1 && said.contains("有 1 次签名没有记录（报警）"), "{said}");
        assert!(said.contains("报警保留") && said.contains("--close-alarm ca"), "{said}");
        assert_eq!(account(&world), "failed");
    }

    let without_lists = [&["journal", "reanchor", "--no-crl"][..], &PEOPLE].concat();
    let unknown = [&without_lists[..], &["--close-alarm", "root"]].concat();
    let (code, said) = world.run(&unknown);
    assert!(code == 2 && said.contains("ca"), "{said}");
    let ordered = [&without_lists[..], &["--close-alarm", "ca"]].concat();
    let old_phrase = ["--confirm", "接续撤销列表 test.example/journal"];
    assert_eq!(world.run(&[&ordered[..], &old_phrase].concat()).0, 1, "the phrase names the key");
    assert_eq!(account(&world), "failed");
    let phrase = ["--confirm", "续办 test.example/journal 结清报警 ca"];
    let (code, said) = world.run(&[&ordered[..], &phrase].concat());
    assert!(code == 0 && said.contains("报警结清"), "{said}");
    assert_healthy(&world);
}

/// With the issuing key, past the program.
fn sign_beside(world: &World) {
    let phrase = std::fs::read(world.dir.path().join("device.txt")).unwrap();
    let device = SoftDevice::open(&Layout::new(world.data()).device(), &phrase).unwrap();
    let digest = gm::sm3::hash(b"a certificate that nobody ordered");
    device.session().unwrap().sign_digest(&KeyLabel::new("ca").unwrap(), &digest).unwrap();
}

/// What the doctor says of the account of signatures.
fn account(world: &World) -> String {
    let (_, said) = world.run(&["doctor", "--json"]);
    let checks = support::checks(&said);
    let found = checks.iter().find(|check| check["name"] == "signatures").unwrap();
    found["level"].as_str().unwrap().to_owned()
}

#[test]
fn t_10_a_stopped_key_is_taken_into_use_again_only_when_two_people_answer_for_it() {
    let world = World::found("");
    stop_key(&world);
    let mut server = world.spawn(&[]);
    assert!(server.answers(&format!("{}/healthz", world.url)));
    let held = order("held");
    let answer = world.client.call("POST", "/api/v1/requests", &held).unwrap();
    assert_eq!((answer.status, &answer.json()["code"]), (503, &json!("ca.signer.quarantined")));
    server.stop();

    let command = [&["key", "release"][..], &PEOPLE].concat();
    let (code, said) = world.run(&command);
    assert!(code == 1 && said.contains("未作任何更改"), "{said}");
    let (code, said) = world.run(&[&command[..], &["--confirm", "是"]].concat());
    assert!(code == 1 && said.contains("确认语不符"), "{said}");
    let brief = [
        "key",
        "release",
        "--officer",
        "S001",
        "--witness",
        "A001",
        "--reason",
        "好了",
        "--confirm",
        "恢复签发密钥",
    ];
    assert_eq!(world.run(&brief).0, 2, "no reason");
    let (code, said) = world.run(&[&command[..], &["--confirm", "恢复签发密钥"]].concat());
    assert_eq!(code, 0, "{said}");
    let (code, said) = world.run(&command);
    assert!(code == 1 && said.contains("没有停用"), "{said}");

    let mut server = world.serve(&[]).expect("issuing goes on");
    post(&world, "/api/v1/requests", &held);
    let record = world.client.get("/api/v1/journal?kind=signer.released")["items"][0].clone();
    assert_eq!(record["actor"], "person:S001", "{record}");
    assert_eq!(record["body"]["reason"], PEOPLE[5], "{record}");
    server.stop();
    assert_healthy(&world);
}

fn order(id: &str) -> Value {
    let key = PrivateKey::generate(&mut OsRandom).unwrap();
    json!({ "request_id": id, "kind": "person", "csr": request_pem(&key, "张三") })
}

/// The serial of a new signing certificate.
fn issue(world: &World, id: &str) -> String {
    let made = post(world, "/api/v1/requests", &order(id));
    made["sign_serial"].as_str().unwrap().to_owned()
}

fn post(world: &World, target: &str, body: &Value) -> Value {
    let answer = world.client.call("POST", target, body).unwrap();
    assert!(answer.status < 300, "{target}: {}", answer.text());
    answer.json()
}

fn publish(world: &World) -> u64 {
    post(world, "/api/v1/crls", &json!({ "kind": "full" }))["number"].as_u64().unwrap()
}

fn status(world: &World, serial: &str) -> String {
    let target = format!("/api/v1/certificates/{serial}/status");
    world.client.get(&target)["status"].as_str().unwrap().to_owned()
}

fn download(world: &World, path: &str) -> Vec<u8> {
    let mut answer = support::agent().get(format!("{}{path}", world.url)).call().unwrap();
    answer.body_mut().read_to_vec().unwrap()
}

/// Issuing is refused with a plain text; relying parties are served.
fn assert_halted(world: &World) {
    let answer = world.client.call("POST", "/api/v1/requests", &order("halted")).unwrap();
    assert_eq!((answer.status, &answer.json()["code"]), (503, &json!("store.halted")));
    assert!(answer.text().contains("数据库被回退"), "{}", answer.text());
    assert!(!download(world, "/crl/issuing.crl").is_empty());
}

fn assert_healthy(world: &World) {
    let (code, said) = world.run(&["doctor", "--full", "--json"]);
    assert_eq!(code, 0, "{said}");
    for check in support::checks(&said) {
        let name = check["name"].as_str().unwrap();
        if ["journal", "journal_full", "signatures", "device"].contains(&name) {
            assert_eq!(check["level"], "good", "{check}");
        }
    }
}

/// The database of a service that is stopped, with its log files.
fn copy_database(from: &Path, to: &Path) {
    for end in ["", "-wal", "-shm"] {
        let name = format!("institution.db{end}");
        let _ = std::fs::remove_file(to.join(&name));
        if from.join(&name).exists() {
            std::fs::copy(from.join(&name), to.join(&name)).unwrap();
        }
    }
}

/// The device makes one wrong signature: over a list.
fn stop_key(world: &World) {
    let open = |folder: std::path::PathBuf, name: &str| {
        let phrase = std::fs::read(world.dir.path().join(name)).unwrap();
        SoftDevice::open(&folder, &phrase).unwrap()
    };
    let layout = Layout::new(world.data());
    let mut settings = Settings::load(&layout.settings()).unwrap();
    // No checkpoint signature in between.
    settings.storage.checkpoint_seconds = 3600;
    let device = Arc::new(FaultyDevice::new(open(layout.device(), "device.txt")));
    let kmc = open(layout.kmc_device(), "kmc.txt");
    support::runtime().block_on(async {
        let parts = Parts {
            layout,
            settings,
            device: device.clone(),
            kmc_device: Some(Arc::new(kmc)),
            clock: Arc::new(store::SystemClock),
            opening: store::Opening::Existing,
        };
        let institution = Institution::open(parts).await.unwrap();
        device.fail_next(Counted::Signatures, Fault::WrongSignature);
        institution.ca().publish_crl(ca::CrlKind::Full).await.unwrap_err();
        assert!(institution.ca().is_quarantined());
        institution.close().await;
    });
}
